import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { type BoxOf, boxSchema, environmentSchema, makeRunId } from '../../src/core/domain/index.ts';
import { realProcesses, realSystem, type System } from '../../src/core/system/index.ts';
import { createLocalWorker, type LocalOptions } from '../../src/core/workers/local/index.ts';
import type { RunReport, Shipment, Worker } from '../../src/core/workers/types.ts';
import { eventually } from './processes.ts';

const GIT_ENV = {
  ...process.env,
  GIT_AUTHOR_NAME: 'test',
  GIT_AUTHOR_EMAIL: 'test@localhost',
  GIT_COMMITTER_NAME: 'test',
  GIT_COMMITTER_EMAIL: 'test@localhost',
  GIT_CONFIG_GLOBAL: '/dev/null',
};

/** A real git repository in a temporary folder, a local box beside it, and runs of it. */
export class LocalBox {
  readonly folder: string;
  readonly repository: string;
  readonly root: string;
  readonly #workers: Worker[] = [];
  #runs = 0;

  constructor(folder: string) {
    this.folder = folder;
    this.repository = path.join(folder, 'repository');
    this.root = path.join(folder, 'box');
  }

  static async make(): Promise<LocalBox> {
    const box = new LocalBox(await fs.mkdtemp(path.join(tmpdir(), 'research-local-')));
    await fs.mkdir(box.repository);
    box.git('init', '-q', '-b', 'main');
    return box;
  }

  git(...args: readonly string[]): string {
    return execFileSync('git', args, { cwd: this.repository, env: GIT_ENV, encoding: 'utf8' }).trim();
  }

  /** Commits files and gives the commit. */
  async commit(files: Readonly<Record<string, string | Buffer>>): Promise<string> {
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(this.repository, name);
      await fs.mkdir(path.dirname(file), { recursive: true });
      await fs.writeFile(file, content);
    }
    this.git('add', '-A', '-f');
    this.git('commit', '-q', '-m', 'test');
    return this.git('rev-parse', 'HEAD');
  }

  worker(
    options: { slots?: number; box?: Readonly<Record<string, unknown>>; system?: Partial<System> } & Partial<
      Omit<LocalOptions, 'system'>
    > = {},
  ): Worker {
    const { slots = 1, system, box: part, ...rest } = options;
    const box = boxSchema.parse({ name: 'here', kind: 'local', slots, root: this.root, ...part }) as BoxOf<'local'>;
    const worker = createLocalWorker(box, {
      graceMs: 700,
      lingerMs: 300,
      ...rest,
      system: { ...realSystem(), ...system },
    });
    this.#workers.push(worker);
    return worker;
  }

  shipment(commit: string, environment: Record<string, unknown>, more: Partial<Shipment> = {}): Shipment {
    this.#runs += 1;
    return {
      run: makeRunId(Date.now(), `${process.pid % 1000}x${this.#runs}`),
      repo: 'test-repo',
      commit,
      trusted: commit,
      pack: () => Promise.reject(new Error('the box has the commit')),
      purpose: 'trial',
      environment: environmentSchema.parse({
        name: 'test',
        objective: { metric: 'loss', goal: 'minimize' },
        resources: { gpus: 0, timeout: '1m' },
        ...environment,
      }),
      seed: 7,
      inputs: [],
      secrets: {},
      gitDir: path.join(this.repository, '.git'),
      ...more,
    };
  }

  runFolder(run: string): string {
    return path.join(this.root, 'runs', run);
  }

  async report(worker: Worker, run: string): Promise<RunReport> {
    const [report] = await worker.poll([run]);
    if (!report) throw new Error('no report');
    return report;
  }

  /** Polls until the run is in one of the states. */
  until(worker: Worker, run: string, ...states: readonly RunReport['state'][]): Promise<RunReport> {
    return eventually(`${run} to be ${states.join(' or ')}`, async () => {
      const report = await this.report(worker, run);
      return states.includes(report.state) && report;
    });
  }

  ended(worker: Worker, run: string): Promise<RunReport> {
    return this.until(worker, run, 'succeeded', 'failed', 'timed-out', 'cancelled', 'lost');
  }

  async log(worker: Worker, run: string): Promise<string> {
    return (await worker.read(run, 'log', 0, 1_000_000)).toString('utf8');
  }

  /** Ends what tests left and removes everything. */
  async remove(): Promise<void> {
    const worker = this.worker();
    const runs = await fs.readdir(path.join(this.root, 'runs')).catch(() => []);
    for (const run of runs) await worker.cancel(run);
    for (const run of runs) {
      const owner = await this.#owner(run);
      if (owner === undefined) continue;
      await this.ended(worker, run);
      // It gives its slot back after the exit, and would make the folder again.
      await eventually('the supervisor to leave', () => !realProcesses.alive(owner));
    }
    for (const each of this.#workers) each.dispose();
    await fs.rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #owner(run: string): Promise<number | undefined> {
    const text = await fs.readFile(path.join(this.runFolder(run), 'pid'), 'utf8').catch(() => '');
    return text === '' ? undefined : Number(text.split(' ')[0]);
  }
}

/** Pids of live processes whose environment names the run. */
export async function processesOf(run: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await fs.readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    try {
      const environment = await fs.readFile(`/proc/${pid}/environ`, 'latin1');
      const state = (await fs.readFile(`/proc/${pid}/stat`, 'latin1')).replace(/^.*\) /s, '')[0];
      if (state !== 'Z' && environment.split('\0').includes(`RUN_ID=${run}`)) found.push(Number(pid));
    } catch {
      // It ended while we looked.
    }
  }
  return found;
}
