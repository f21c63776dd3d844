import * as path from 'node:path';
import { type BoxOf, HumanError, isHumanError, isRunId, type RunId } from '../../domain/index.ts';
import type { System } from '../../system/index.ts';
import type { BoxReport, RunReport, Shipment, SubmitOutcome, Worker } from '../types.ts';
import { parsePoll, parseProbe, throwForAnswer } from './answers.ts';
import { installer, launcher, type ScriptName } from './scripts.ts';
import { shipmentStream } from './spec.ts';
import type { ExecCall, Transport } from './transport.ts';

const CHUNK = 1024 * 1024;
const REMEMBERED = 12;

const OUTCOMES: Readonly<Record<string, SubmitOutcome>> = {
  STARTED: 'started',
  ALREADY: 'already',
  DONE: 'done',
  LOST: 'lost',
};

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
  /** Commits by repository, newest first, and inputs that this process knows to be on the box. */
  readonly #sent = new Map<string, readonly string[]>();
  readonly #sentInputs = new Set<string>();

  constructor(options: BoxWorkerOptions<B>) {
    this.box = options.box;
    this.transport = options.transport;
    this.#system = options.system;
    this.#shell = options.shell;
  }

  async probe(signal?: AbortSignal): Promise<BoxReport> {
    // The first call pays for the connection and the scripts; the second one is the latency.
    await this.call('poll', [], { signal });
    const { clock } = this.#system;
    const before = clock.monotonic();
    await this.call('poll', [], { signal });
    const latency = clock.monotonic() - before;
    const answer = await this.call('probe', [], { signal });
    const report = parseProbe(answer.toString('utf8'), this.box, latency, clock.now());
    if (!report) throw this.cut();
    return report;
  }

  async submit(shipment: Shipment, signal?: AbortSignal): Promise<SubmitOutcome> {
    this.check(shipment.run);
    if (!/^[0-9a-f]{40,64}$/.test(shipment.commit) || !/^[a-z0-9][a-z0-9-]*$/.test(shipment.repo)) {
      throw new Error(`Not a commit of a repository: ${shipment.commit} of ${JSON.stringify(shipment.repo)}`);
    }
    const guessed = await this.#submitToKnown(shipment, signal);
    if (guessed !== undefined) return guessed;
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const have = await this.#have(shipment, signal);
      if (have.run === 'done' || have.run === 'lost') return have.run;
      if (have.run === 'live') return 'already';
      for (const sha256 of have.want) await this.#putInput(shipment, sha256, signal);
      const pack = have.commit && attempt === 0 ? undefined : await shipment.pack(have.commit ? [] : have.tips);
      const answer = await this.start(shipment, pack, signal);
      if (answer !== undefined) {
        this.#remember(shipment);
        return answer;
      }
    }
    throw new HumanError(
      `${this.transport.where} still lacks the commit ${shipment.commit.slice(0, 10)} after it was sent. Clean Up this box, then run it again.`,
      { code: 'box-failed' },
    );
  }

  /**
   * In one call, without asking what the box has: it has what this process sent before. Undefined where that is
   * nothing, or no longer true.
   */
  async #submitToKnown(shipment: Shipment, signal?: AbortSignal): Promise<SubmitOutcome | undefined> {
    const commits = this.#sent.get(shipment.repo);
    if (!commits || !shipment.inputs.every(({ sha256 }) => this.#sentInputs.has(sha256))) return undefined;
    const pack = commits.includes(shipment.commit) ? undefined : await shipment.pack(commits);
    try {
      const answer = await this.start(shipment, pack, signal);
      if (answer !== undefined) this.#remember(shipment);
      else this.#sent.delete(shipment.repo);
      return answer;
    } catch (error) {
      if (!isHumanError(error) || error.code !== 'box-failed') throw error;
      // Somebody removed what the pack builds on.
      this.#sent.delete(shipment.repo);
      this.#sentInputs.clear();
      return undefined;
    }
  }

  #remember(shipment: Shipment): void {
    const earlier = (this.#sent.get(shipment.repo) ?? []).filter((commit) => commit !== shipment.commit);
    this.#sent.set(shipment.repo, [shipment.commit, ...earlier].slice(0, REMEMBERED));
    for (const { sha256 } of shipment.inputs) this.#sentInputs.add(sha256);
  }

  /** Sends the run and starts it; undefined where the box lacks the commit after all. */
  protected async start(shipment: Shipment, pack: Buffer | undefined, signal?: AbortSignal) {
    const input = shipmentStream(this.box, shipment, shipment.secrets, pack);
    return this.outcome(
      await this.text('start', [shipment.run, shipment.repo, shipment.commit, 'go'], { input, signal }),
    );
  }

  protected outcome(answer: string): SubmitOutcome | undefined {
    throwForAnswer(answer, this.transport.where);
    const word = answer.trim().split('\n').at(-1) ?? '';
    if (word === 'LACK') return undefined;
    const outcome = OUTCOMES[word];
    if (outcome === undefined) throw this.cut();
    return outcome;
  }

  async poll(runs: readonly RunId[], signal?: AbortSignal): Promise<RunReport[]> {
    if (runs.length === 0) return [];
    for (const run of runs) this.check(run);
    const reports = parsePoll(await this.text('poll', [], { input: Buffer.from(`${runs.join('\n')}\n`), signal }));
    if (!reports) throw this.cut();
    return reports;
  }

  async read(run: RunId, stream: 'log' | 'supervisor', offset: number, limit: number, signal?: AbortSignal) {
    return this.#readFile(run, stream, offset, limit, signal);
  }

  async cancel(run: RunId, signal?: AbortSignal): Promise<void> {
    this.check(run);
    const answer = await this.text('cancel', [run], { signal });
    throwForAnswer(answer, this.transport.where);
    if (!/^(TAKEN|DONE)$/m.test(answer)) throw this.cut();
  }

  async collect(run: RunId, into: string, maxBytes: number, signal?: AbortSignal): Promise<readonly string[]> {
    this.check(run);
    const { files } = this.#system;
    const listing = (await this.text('list', [run], { signal })).split('\n');
    const end = listing.lastIndexOf('END');
    if (end < 0) throw this.cut();
    const taken: string[] = [];
    let left = maxBytes;
    for (const line of listing.slice(0, end)) {
      const [, digits = '', name = ''] = /^(\d+) (.+)$/.exec(line) ?? [];
      const size = Number(digits);
      if (digits === '' || !isPlainPath(name) || size > left) continue;
      left -= size;
      const file = path.join(into, ...name.split('/'));
      const part = `${file}.part`;
      await files.makeFolder(path.dirname(file));
      await files.remove(part);
      await files.writeAt(part, 0, Buffer.alloc(0));
      for (let offset = 0; offset < size; ) {
        const bytes = await this.#readFile(run, `code/${name}`, offset, Math.min(4 * CHUNK, size - offset), signal);
        if (bytes.length === 0) break;
        await files.writeAt(part, offset, bytes);
        offset += bytes.length;
      }
      await files.rename(part, file);
      taken.push(name);
    }
    return taken;
  }

  async tidy(runs: readonly RunId[], signal?: AbortSignal): Promise<number> {
    if (runs.length === 0) return 0;
    for (const run of runs) this.check(run);
    const answer = (await this.text('tidy', [], { input: Buffer.from(`${runs.join('\n')}\n`), signal })).trim();
    if (!/^\d+$/.test(answer)) throw this.cut();
    return Number(answer);
  }

  terminal(run: RunId): { readonly program: string; readonly args: readonly string[] } | undefined {
    if (!isRunId(run)) return undefined;
    const root = this.box.root ?? '~/.local/share/research-copilot/v1';
    return this.#shell(`${root}/runs/${run}`);
  }

  dispose(): void {
    this.transport.dispose();
  }

  async #have(shipment: Shipment, signal?: AbortSignal) {
    const input = Buffer.from(shipment.inputs.map(({ sha256 }) => `${sha256}\n`).join(''));
    const answer = await this.text('have', [shipment.run, shipment.repo, shipment.commit], { input, signal });
    throwForAnswer(answer, this.transport.where);
    const lines = answer.split('\n');
    if (!lines.includes('END')) throw this.cut();
    const after = (word: string) =>
      lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
    return { run: after('RUN')[0] ?? 'fresh', commit: lines.includes('HAVE'), tips: after('TIP'), want: after('WANT') };
  }

  async #putInput(shipment: Shipment, sha256: string, signal?: AbortSignal): Promise<void> {
    const { files } = this.#system;
    const source = shipment.inputs.find((input) => input.sha256 === sha256);
    if (!source) throw this.cut();
    async function* bytes(file: string) {
      for (let offset = 0; ; ) {
        const chunk = await files.readRange(file, offset, CHUNK);
        if (chunk.length === 0) return;
        offset += chunk.length;
        yield chunk;
      }
    }
    const answer = await this.text('put-input', [sha256], { input: () => bytes(source.source), signal });
    throwForAnswer(answer, this.transport.where);
    if (answer.includes('DIFFERENT')) {
      throw new HumanError(
        `The input ${source.path} changed while it was sent to ${this.transport.where}. Run it again.`,
        {
          code: 'input-changed',
        },
      );
    }
    if (!answer.includes('TAKEN')) throw this.cut();
  }

  async #readFile(run: RunId, file: string, offset: number, limit: number, signal?: AbortSignal): Promise<Buffer> {
    this.check(run);
    if (limit <= 0) return Buffer.alloc(0);
    return this.call('read', [run, file, String(offset), String(limit)], { signal });
  }

  protected check(run: RunId): void {
    if (!isRunId(run)) throw new Error(`Not a run id: ${JSON.stringify(run)}`);
  }

  /** A link that died in the middle of an answer. */
  protected cut(): HumanError {
    return new HumanError(`The answer of ${this.transport.where} was cut short. It is asked again.`, {
      code: 'unreachable',
    });
  }

  protected async text(name: ScriptName, args: readonly string[], call: Omit<ExecCall, 'script'>): Promise<string> {
    return (await this.call(name, args, call)).toString('utf8');
  }

  /** Runs a script of the box, putting the scripts there first where they are missing. Gives what it printed. */
  protected async call(name: ScriptName, args: readonly string[], call: Omit<ExecCall, 'script'>): Promise<Buffer> {
    const root = this.box.root ?? '';
    for (let attempt = 0; ; attempt += 1) {
      const nonce = this.#system.random.word(16);
      const result = await this.transport.exec({ ...call, script: launcher(nonce, root, name, args) });
      const body = afterNonce(result.stdout, nonce);
      if (!body) {
        throw new HumanError(
          `${this.transport.where} does not run commands as expected: ${firstLine(result.stderr) || `exit code ${result.code}`}. Check that a plain "ssh HOST true" works and that the account has a shell.`,
          { code: 'box-failed' },
        );
      }
      if (body.toString('latin1', 0, 6) !== 'NOBIN\n' || attempt > 0) {
        if (result.code !== 0) throw this.#failed(name, result.code, result.stderr);
        return body;
      }
      await this.#install(call.signal);
    }
  }

  async #install(signal?: AbortSignal): Promise<void> {
    const nonce = this.#system.random.word(16);
    const result = await this.transport.exec({ ...installer(nonce, this.box.root ?? ''), signal });
    const answer = afterNonce(result.stdout, nonce)?.toString('utf8') ?? '';
    throwForAnswer(answer, this.transport.where);
    if (!answer.includes('INSTALLED')) throw this.#failed('install', result.code, result.stderr);
  }

  #failed(what: string, code: number, stderr: string): HumanError {
    const said = firstLine(stderr);
    return new HumanError(
      `${what} failed on ${this.transport.where} with exit code ${code}${said ? `: ${said}` : ''}.`,
      {
        code: 'box-failed',
      },
    );
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0]?.slice(0, 300) ?? '';
}

/** What a script printed, without what the login shell said before it. */
function afterNonce(stdout: Buffer, nonce: string): Buffer | undefined {
  const mark = Buffer.from(`${nonce}\n`);
  const at = stdout.indexOf(mark);
  return at < 0 ? undefined : stdout.subarray(at + mark.length);
}

/** A path that stays inside the folder it is joined to, on every system. */
export function isPlainPath(name: string): boolean {
  if (name === '' || /[\\:\0\n]/.test(name) || name.startsWith('/')) return false;
  return name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}
