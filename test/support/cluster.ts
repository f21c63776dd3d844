import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { type BoxOf, boxSchema } from '../../src/core/domain/index.ts';
import { realSystem } from '../../src/core/system/index.ts';
import type { RunReport, Worker } from '../../src/core/workers/index.ts';
import { createSlurmWorker } from '../../src/core/workers/ssh/worker.ts';
import { GitRepo } from './git-repo.ts';
import { PATIENCE_MS } from './patience.ts';
import { type SlurmOptions, startSlurm, type TestSlurm, whyNoSlurm } from './slurm.ts';
import { whyNoAccounting } from './slurm-accounting.ts';
import { startBox, type TestBox, whyNoBox } from './sshd/box.ts';

/** A cluster with its login node, and a repository to run from. */
export interface TestCluster {
  readonly slurm: TestSlurm;
  readonly box: TestBox;
  readonly repo: GitRepo;
  /** Its commit: `a.txt` holds a line. */
  readonly base: string;
  /** A worker with a connection of its own, ended with the cluster; `part` goes into boxes.yaml. */
  worker(part?: Readonly<Record<string, unknown>>): Worker;
  /** Puts a program of the site before Slurm's own of that name on the login node; undefined takes it away. */
  wrap(program: string, script: string | undefined): void;
  /** The text of a file of a run's folder; undefined where there is none. */
  file(run: string, name: string): string | undefined;
  /** Writes a file of the account's home, for runs that wait for it. */
  touch(name: string): void;
  /** Polls until the report of a run is as wanted, for a minute. */
  reportOf(worker: Worker, run: string, wanted: (report: RunReport) => boolean): Promise<RunReport>;
  /** Queue and nodes as Slurm tells them, for what a failed test says. */
  state(): string;
  /** Takes everything out of the queue, so that one test's jobs are not in the next one's way. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

/** Skips the test, or fails it where everything should be installed, and says why; gives false then. */
export function clusterIsHere(
  context: Mocha.Context,
  options: { readonly full: boolean; readonly accounting?: boolean },
): void {
  if (options.full && process.env.FULL !== '1') {
    console.log('  skipped: this is one of the full tests: FULL=1 npm run test:boxes');
    context.skip();
  }
  const why = whyNoBox() ?? whyNoSlurm() ?? (options.accounting ? whyNoAccounting() : undefined);
  if (why === undefined) return;
  if (options.full && process.env.CI) throw new Error(why);
  console.log(`  skipped: ${why}`);
  context.skip();
}

export async function startCluster(options: SlurmOptions = {}): Promise<TestCluster> {
  const folder = mkdtempSync(path.join(tmpdir(), 'rc-cluster-'));
  const repo = new GitRepo(path.join(folder, 'repo'));
  const base = repo.commit({ 'a.txt': 'a\n' });
  const slurm = await startSlurm(options);
  const box = await startBox({ name: 'login', env: { SLURM_CONF: slurm.conf } }).catch(async (error: unknown) => {
    await slurm.stop();
    throw error;
  });
  const site = path.join(box.home, 'site');
  mkdirSync(site);
  // Nothing is kept for long, and what a run needs for its end it gets at once.
  box.bend(`RC_SQUEUE_EVERY=0\nRC_SQUEUE_SOON=0\nRC_SLURM_REST=0\nPATH=${site}:$PATH`);
  const workers: Worker[] = [];
  const state = () => slurm.command('squeue', '-t', 'all') + slurm.command('sinfo', '-N', '-l');
  return {
    slurm,
    box,
    repo,
    base,
    worker(part = {}) {
      const worker = createSlurmWorker(
        boxSchema.parse({ name: 'login', kind: 'slurm', host: 'login', partition: 'gpu', ...part }) as BoxOf<'slurm'>,
        { system: realSystem(), configFolder: box.configFolder, sshConfigFile: box.sshConfigFile },
      );
      workers.push(worker);
      return worker;
    },
    wrap(program, script) {
      const file = path.join(site, program);
      if (script === undefined) rmSync(file, { force: true });
      else writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    },
    file(run, name) {
      try {
        return readFileSync(path.join(box.root, 'runs', run, name), 'utf8');
      } catch {
        return undefined;
      }
    },
    touch: (name) => writeFileSync(path.join(box.home, name), ''),
    state,
    async reportOf(worker, run, wanted) {
      const limit = Date.now() + PATIENCE_MS;
      for (;;) {
        const [report] = await worker.poll([run]);
        if (report && wanted(report)) return report;
        if (Date.now() > limit) throw new Error(`run ${run} is ${JSON.stringify(report)}\n${state()}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async clear() {
      slurm.command('scancel', '-u', box.user);
      const limit = Date.now() + PATIENCE_MS;
      while (slurm.command('squeue', '-h') !== '') {
        if (Date.now() > limit) throw new Error(`the queue does not get empty\n${state()}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async stop() {
      for (const worker of workers) worker.dispose();
      await slurm.stop();
      await box.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
