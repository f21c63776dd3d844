import * as path from 'node:path';
import { type BoxOf, HumanError, isHumanError, isRunId, type RunId } from '../../domain/index.ts';
import { bundleFile, type Processes, realProcesses, type System } from '../../system/index.ts';
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
import { sweep } from './command.ts';
import { ownEnvironment, runEnvironment } from './environment.ts';
import { readLife } from './holder.ts';
import { type Layout, layoutOf, type RunFolder, rootOf } from './layout.ts';
import { leftovers } from './leftovers.ts';
import { isLocked, type LockParts } from './lock.ts';
import { filesBelow } from './patterns.ts';
import { reportOf } from './report.ts';
import { waitingRuns } from './slots.ts';
import { CLAIM, submit } from './submit.ts';
import { Watching } from './watching.ts';

export interface LocalOptions {
  readonly system: System;
  readonly processes?: Processes;
  /** The program that runs the supervisor; default this process's own. */
  readonly node?: string;
  /** The supervisor's bundle; default `supervisor.js` beside the running bundle. */
  readonly supervisor?: string;
  /** How long what was told to stop may take; default 15 s. */
  readonly graceMs?: number;
  /** How long processes may outlive the command; default 5 s. */
  readonly lingerMs?: number;
  /** How often a run's folder is measured against max_disk; default 30 s. */
  readonly measureMs?: number;
}

export type LocalParts = LockParts &
  System & {
    readonly node: string;
    readonly supervisor: string;
    readonly graceMs: number;
    readonly lingerMs: number;
    readonly measureMs?: number;
  };

/** The states in which there may be metric files, and those after which a log no longer grows. */
const WRITES: ReadonlySet<string> = new Set([
  'running',
  'finishing',
  'succeeded',
  'failed',
  'timed-out',
  'cancelled',
  'lost',
]);
const ENDED: ReadonlySet<string> = new Set(['succeeded', 'failed', 'timed-out', 'cancelled', 'lost', 'absent']);

const LOOK_FOR_MODULES_MS = 30_000;

/** This machine as a box. Everything it knows is in the run folders, so that any process may ask and none must live. */
export class LocalWorker implements Worker {
  readonly box: BoxOf<'local'>;
  readonly #layout: Layout;
  readonly #parts: LocalParts;
  readonly #watching: Watching;

  constructor(box: BoxOf<'local'>, options: LocalOptions) {
    const { system } = options;
    const processes = options.processes ?? realProcesses;
    const machine = processes.machine(system.hostname);
    this.box = box;
    this.#layout = layoutOf(rootOf(box, system), machine);
    this.#parts = {
      ...system,
      processes,
      machine,
      me: { pid: system.pid, started: processes.startTime(system.pid), machine },
      now: () => system.clock.now(),
      node: options.node ?? process.execPath,
      supervisor: options.supervisor ?? bundleFile('supervisor.js'),
      graceMs: options.graceMs ?? 15_000,
      lingerMs: options.lingerMs ?? 5000,
      measureMs: options.measureMs,
    };
    this.#watching = new Watching(system);
  }

  async probe(signal?: AbortSignal, last?: BoxReport): Promise<BoxReport> {
    const { probeThisMachine } = await import('../probe.ts');
    return probeThisMachine(this.#parts, this.#layout, this.box, { signal, last });
  }

  async submit(shipment: Shipment, signal?: AbortSignal): Promise<SubmitOutcome> {
    return this.#submit(shipment, { signal });
  }

  async #submit(shipment: Shipment, options: SubmitOptions): Promise<SubmitOutcome> {
    this.#folder(shipment.run);
    const { repo, commit, trusted } = shipment;
    if (!/^[a-z0-9-]+$/.test(repo) || ![commit, trusted].every((id) => /^[0-9a-f]{40,64}$/.test(id))) {
      throw new Error('not a repository key and commits');
    }
    return submit(this.#parts, this.#layout, this.box, shipment, options);
  }

  async submitAll(shipments: readonly Shipment[], options: SubmitOptions = {}): Promise<readonly SubmitResult[]> {
    const results: SubmitResult[] = [];
    for (const shipment of shipments) {
      options.signal?.throwIfAborted();
      try {
        results.push({ run: shipment.run, outcome: await this.#submit(shipment, options) });
      } catch (error) {
        if (!isHumanError(error) || error.code === 'box-disk-full') throw error;
        results.push({ run: shipment.run, error });
      }
    }
    return results;
  }

  async poll(runs: readonly RunId[]): Promise<RunReport[]> {
    const queue = await waitingRuns(this.#parts, this.#layout);
    return Promise.all(
      runs.map(async (id) => {
        const run = this.#folder(id);
        const report = await reportOf(this.#parts, run, () => isLocked(this.#parts, run.folder, CLAIM), queue);
        if (!WRITES.has(report.state)) return report;
        // After the exit was seen, so that the sizes that come with an end are the whole files.
        const files = await this.#watching.files(run);
        return files.length === 0 ? report : { ...report, files };
      }),
    );
  }

  async read(run: RunId, file: RunFile, offset: number, limit: number): Promise<Buffer> {
    return (await this.#watching.read(this.#folder(run), file, offset, limit)).bytes;
  }

  readMany(wants: readonly Want[]): Promise<Piece[]> {
    return Promise.all(
      wants.map(({ run, file, offset, limit }) => this.#watching.read(this.#folder(run), file, offset, limit)),
    );
  }

  follow(id: RunId, offset: number, onBytes: (bytes: Buffer) => void, signal: AbortSignal): Promise<void> {
    const run = this.#folder(id);
    const over = async () => {
      const [report] = await this.poll([id]);
      return report === undefined || ENDED.has(report.state);
    };
    return this.#watching.follow(run, offset, onBytes, over, signal);
  }

  async cancel(id: RunId): Promise<void> {
    const { files } = this.#parts;
    const run = this.#folder(id);
    if (!(await files.info(run.folder)) || (await files.info(run.exit))) return;
    await files.create(run.cancel, '');
    // Nobody is left to obey: what the run left behind is ended from here.
    if ((await readLife(run.pid, this.#parts)) === 'dead') {
      await sweep(this.#parts, 0, id, 0, this.#parts.graceMs);
    }
  }

  async artifacts(id: RunId): Promise<readonly Artifact[]> {
    return this.#watching.artifacts(this.#folder(id));
  }

  sums(id: RunId, paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.#watching.sums(this.#folder(id), paths);
  }

  async lacks(
    id: RunId | undefined,
    modules: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly string[] | undefined> {
    const { files, spawn, env, platform, home } = this.#parts;
    const run = id === undefined ? undefined : this.#folder(id);
    if (run && !(await files.info(run.folder))) return undefined;
    const made = run && (await files.readText(run.environment).catch(() => undefined))?.trim();
    const own = run && path.join(run.code, '.venv');
    const environmentFolder = made || (own && (await files.info(own)) ? own : undefined);
    const asked = modules.filter((name) => MODULE.test(name));
    const limit = AbortSignal.timeout(LOOK_FOR_MODULES_MS);
    const more = {
      id: id ?? '',
      variables: {},
      secrets: {},
      gpus: [],
      threads: 1,
      windows: this.#windows,
      environmentFolder,
    };
    try {
      const said = await spawn.run(platform === 'win32' ? 'python' : 'python3', ['-c', FIND_MODULES, ...asked], {
        cwd: home,
        env: runEnvironment(ownEnvironment(env), more),
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
      return parseModules(said.stdout.toString('utf8'), asked);
    } catch {
      signal?.throwIfAborted();
      return undefined;
    }
  }

  async sizes(runs: readonly RunId[]): Promise<ReadonlyMap<RunId, number>> {
    const found = await Promise.all(
      runs.map(async (id): Promise<[RunId, number][]> => {
        const { folder } = this.#folder(id);
        if (!(await this.#parts.files.info(folder))) return [];
        const sizes = (await filesBelow(this.#parts.files, folder)).map(({ size }) => size);
        return [[id, sizes.reduce((sum, size) => sum + size, 0)]];
      }),
    );
    return new Map(found.flat());
  }

  leftovers(mode: 'look' | 'remove', minutes: number): Promise<readonly Leftover[]> {
    return leftovers(this.#parts, this.#layout, mode, minutes);
  }

  async tidy(runs: readonly RunId[]): Promise<number> {
    const { files, random } = this.#parts;
    let freed = 0;
    for (const id of runs) {
      const run = this.#folder(id);
      const over = (await files.info(run.exit)) || (await readLife(run.pid, this.#parts)) === 'dead';
      if (!over || !(await files.info(run.folder))) continue;
      // A lost run may have left processes that still write there; Cancel ends them.
      if (this.#parts.processes.tree(0, 'RUN_ID', id).length > 0) continue;
      const sizes = (await filesBelow(files, run.folder)).map(({ size }) => size);
      const trash = path.join(this.#layout.trash, `${id}-${random.word(6)}`);
      await files.makeFolder(this.#layout.trash);
      await files.rename(run.folder, trash);
      await files.remove(trash);
      freed += sizes.reduce((sum, size) => sum + size, 0);
    }
    return freed;
  }

  terminal(id?: RunId): { readonly program: string; readonly args: readonly string[] } | undefined {
    if (id !== undefined && !isRunId(id)) return undefined;
    const folder = id === undefined ? this.#parts.home : this.#layout.run(id).folder;
    if (this.#windows) return { program: 'cmd.exe', args: ['/k', 'cd', '/d', folder] };
    const shell = this.#parts.env.SHELL || '/bin/sh';
    return { program: '/bin/sh', args: ['-c', 'cd -- "$1" && exec "$2"', 'sh', folder, shell] };
  }

  dispose(): void {}

  get #windows(): boolean {
    return this.#parts.platform === 'win32';
  }

  #folder(id: RunId): RunFolder {
    if (!isRunId(id)) throw new HumanError(`${JSON.stringify(id)} is no run.`, { code: 'bad-run-id' });
    return this.#layout.run(id);
  }
}
