import { type BoxOf, type HumanError, isHumanError, isRunId, parseSize, type RunId } from '../../domain/index.ts';
import type { System } from '../../system/index.ts';
import { Meter } from '../meter.ts';
import { FIND_MODULES, MODULE, parseModules } from '../modules.ts';
import type {
  Artifact,
  BoxReport,
  Leftover,
  Piece,
  RunFile,
  RunReport,
  Shipment,
  SubmitOptions,
  SubmitOutcome,
  SubmitResult,
  Want,
  Worker,
} from '../types.ts';
import { parsePoll, throwForAnswer } from './answers.ts';
import { askProbe } from './ask-probe.ts';
import { BoxCalls } from './calls.ts';
import { InputSender } from './inputs.ts';
import { parseArtifacts, parseLeftovers, parsePieces, parseSizes, parseSums, wantLines } from './reading.ts';
import { outcomeOf, Shipper, type StartAnswer } from './shipper.ts';
import { runFrames, startStream } from './spec.ts';
import type { Transport } from './transport.ts';

/** What is sent at a time of a pack. */
const PIECE = 256 * 1024;
/** Adding up or removing many files says nothing meanwhile. */
const LONG_MS = 30 * 60_000;

interface BoxWorkerOptions<B> {
  readonly box: B;
  readonly transport: Transport;
  readonly system: Pick<System, 'clock' | 'random' | 'files'>;
  /** The words for a terminal on the box, given the folder of a run on it. */
  readonly shell: (folder: string) => { readonly program: string; readonly args: readonly string[] };
}

/**
 * A Linux box that runs our scripts: the folder of `box/*.sh` on one side, the Worker interface on the other. A call
 * is one exec of a constant script with values as its arguments and bytes as its stdin.
 */
export class BoxWorker<B extends BoxOf<'ssh'> | BoxOf<'slurm'> = BoxOf<'ssh'>> implements Worker {
  readonly box: B;
  protected readonly transport: Transport;
  readonly #system: BoxWorkerOptions<B>['system'];
  readonly #shell: BoxWorkerOptions<B>['shell'];
  protected readonly calls: BoxCalls;
  readonly #shipper: Shipper;

  constructor(options: BoxWorkerOptions<B>) {
    this.box = options.box;
    this.transport = options.transport;
    this.#system = options.system;
    this.#shell = options.shell;
    this.calls = new BoxCalls(options.box, options.transport, options.system.random);
    const askAbove = parseSize(options.box.ask_above) ?? 0;
    const inputs = new InputSender(this.calls, options.system, { box: options.box.name, askAbove });
    this.#shipper = new Shipper(this.calls, inputs, (...start) => this.start(...start));
  }

  probe(signal?: AbortSignal, last?: BoxReport): Promise<BoxReport> {
    return askProbe(this.calls, this.box, this.#system.clock, { signal, last });
  }

  async submit(shipment: Shipment, signal?: AbortSignal): Promise<SubmitOutcome> {
    const [result] = await this.submitAll([shipment], { signal });
    if (result === undefined) throw new Error(`Nothing came of run ${shipment.run}`);
    if ('error' in result) throw result.error;
    return result.outcome;
  }

  async submitAll(shipments: readonly Shipment[], options: SubmitOptions = {}): Promise<readonly SubmitResult[]> {
    for (const { run, repo, commit, trusted } of shipments) {
      this.check(run);
      if (![commit, trusted].every((id) => /^[0-9a-f]{40,64}$/.test(id)) || !/^[a-z0-9][a-z0-9-]*$/.test(repo)) {
        throw new Error(`Not commits of a repository: ${commit}, ${trusted} of ${JSON.stringify(repo)}`);
      }
    }
    return this.#shipper.submitAll(shipments, options);
  }

  /** Starts runs: what they need is on the box or in the pack. */
  protected async start(
    shipments: readonly Shipment[],
    pack: Buffer | undefined,
    options: SubmitOptions,
  ): Promise<ReadonlyMap<RunId, StartAnswer>> {
    return this.receive(shipments, pack, 'go', options, (word) => outcomeOf(word, this.transport.where));
  }

  /**
   * Sends runs to `start.sh` in mode `go` or `hold`.
   * @param outcome of the word that the box said of a run; undefined for one that it does not know
   */
  protected async receive<T>(
    shipments: readonly Shipment[],
    pack: Buffer | undefined,
    mode: 'go' | 'hold',
    options: SubmitOptions,
    outcome: (word: string) => T | undefined,
  ): Promise<Map<RunId, T | 'lack' | HumanError>> {
    const answers = new Map<RunId, T | 'lack' | HumanError>();
    const attempt = <R>(run: RunId, work: () => R): R | undefined => {
      try {
        return work();
      } catch (error) {
        if (!isHumanError(error)) throw error;
        answers.set(run, error);
        return undefined;
      }
    };
    const frames = shipments.flatMap(
      (shipment) => attempt(shipment.run, () => runFrames(this.box, shipment, this.secretsOf(shipment))) ?? [],
    );
    const [first] = shipments;
    if (!first || frames.length === 0) return answers;
    const input = this.#stream(startStream(frames, pack), shipments, options);
    const said = (await this.calls.text('start', [first.repo, mode], { input, signal: options.signal })).split('\n');
    throwForAnswer(said[0] ?? '', this.transport.where);
    if (!said.includes('END')) throw this.calls.cut();
    for (const line of said) {
      const blank = line.indexOf(' ');
      const [run, word] = [line.slice(0, blank), line.slice(blank + 1)];
      if (!shipments.some((shipment) => shipment.run === run)) continue;
      const answer = word === 'LACK' ? 'lack' : attempt(run, () => outcome(word));
      if (answer !== undefined) answers.set(run, answer);
      else if (!answers.has(run)) throw this.calls.cut();
    }
    return answers;
  }

  /** Small streams go in one piece; a pack that takes a while goes in pieces, and says how far it is. */
  #stream(parts: readonly Buffer[], shipments: readonly Shipment[], { progress, signal }: SubmitOptions) {
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    if (bytes <= PIECE) return Buffer.concat(parts);
    const meter = new Meter(this.#system.clock, bytes, progress);
    const runs = shipments.map(({ run }) => run);
    return async function* () {
      meter.begin('code', runs);
      for (const part of parts) {
        for (let at = 0; at < part.length; at += PIECE) {
          signal?.throwIfAborted();
          const piece = part.subarray(at, at + PIECE);
          yield piece;
          meter.add(piece.length);
        }
      }
    };
  }

  /** The secrets that may leave for this kind of box. */
  protected secretsOf(shipment: Shipment): Readonly<Record<string, string>> {
    return shipment.secrets;
  }

  async poll(runs: readonly RunId[], signal?: AbortSignal): Promise<RunReport[]> {
    if (runs.length === 0) return [];
    for (const run of runs) this.check(run);
    const reports = parsePoll(
      await this.calls.text('poll', [], { input: Buffer.from(`${runs.join('\n')}\n`), signal }),
    );
    if (!reports) throw this.calls.cut();
    return reports;
  }

  async read(run: RunId, file: RunFile, offset: number, limit: number, signal?: AbortSignal): Promise<Buffer> {
    if (limit <= 0) return Buffer.alloc(0);
    const [piece] = await this.readMany([{ run, file, offset, limit }], signal);
    if (!piece) throw this.calls.cut();
    return piece.bytes;
  }

  async readMany(wants: readonly Want[], signal?: AbortSignal): Promise<Piece[]> {
    if (wants.length === 0) return [];
    for (const { run } of wants) this.check(run);
    const pieces = parsePieces(await this.calls.call('read', [], { input: wantLines(wants), signal }), wants.length);
    if (!pieces) throw this.calls.cut();
    return pieces;
  }

  async follow(run: RunId, offset: number, onBytes: (bytes: Buffer) => void, signal: AbortSignal): Promise<void> {
    this.check(run);
    await this.calls.follow(run, offset, onBytes, signal);
  }

  async cancel(run: RunId, signal?: AbortSignal): Promise<void> {
    this.check(run);
    const answer = await this.calls.text('cancel', [run], { signal });
    throwForAnswer(answer, this.transport.where);
    if (!/^(TAKEN|DONE)$/m.test(answer)) throw this.calls.cut();
  }

  async artifacts(run: RunId, signal?: AbortSignal): Promise<readonly Artifact[]> {
    this.check(run);
    const found = parseArtifacts(await this.calls.text('list', [run], { signal }));
    if (!found) throw this.calls.cut();
    return found;
  }

  async sums(run: RunId, paths: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, string>> {
    this.check(run);
    if (paths.some((path) => /[\n\0]/.test(path))) throw new Error('A path holds a line break.');
    const input = Buffer.from(paths.map((path) => `${path}|\n`).join(''));
    const sums = parseSums(await this.calls.text('list', [run, 'sums'], { input, signal }));
    if (!sums) throw this.calls.cut();
    return sums;
  }

  async lacks(
    run: RunId | undefined,
    modules: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly string[] | undefined> {
    if (run !== undefined) this.check(run);
    const asked = modules.filter((name) => MODULE.test(name));
    return parseModules(await this.calls.text('modules', [run ?? '-', FIND_MODULES, ...asked], { signal }), asked);
  }

  async sizes(runs: readonly RunId[], signal?: AbortSignal): Promise<ReadonlyMap<RunId, number>> {
    for (const run of runs) this.check(run);
    const input = Buffer.from(runs.map((run) => `${run}\n`).join(''));
    const sizes = parseSizes(await this.calls.text('sizes', [], { input, signal, idleMs: LONG_MS }));
    if (!sizes) throw this.calls.cut();
    return sizes;
  }

  async leftovers(mode: 'look' | 'remove', minutes: number, signal?: AbortSignal): Promise<readonly Leftover[]> {
    const args = [mode, String(Math.floor(minutes))];
    const found = parseLeftovers(await this.calls.text('caches', args, { signal, idleMs: LONG_MS }));
    if (!found) throw this.calls.cut();
    return found;
  }

  async tidy(runs: readonly RunId[], signal?: AbortSignal): Promise<number> {
    if (runs.length === 0) return 0;
    for (const run of runs) this.check(run);
    const answer = (await this.calls.text('tidy', [], { input: Buffer.from(`${runs.join('\n')}\n`), signal })).trim();
    if (!/^\d+$/.test(answer)) throw this.calls.cut();
    return Number(answer);
  }

  terminal(run?: RunId): { readonly program: string; readonly args: readonly string[] } | undefined {
    if (run === undefined) return this.#shell('~/');
    if (!isRunId(run)) return undefined;
    const root = this.box.root ?? '~/.local/share/research-copilot/v1';
    return this.#shell(`${root}/runs/${run}`);
  }

  dispose(): void {
    this.transport.dispose();
  }

  protected check(run: RunId): void {
    if (!isRunId(run)) throw new Error(`Not a run id: ${JSON.stringify(run)}`);
  }
}
