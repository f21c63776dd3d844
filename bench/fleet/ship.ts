import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { openRepository, type Repository } from '../../src/core/git/index.ts';
import { realSystem } from '../../src/core/system/index.ts';
import { GitRepo } from '../../test/support/git-repo.ts';
import { pollUntil, shipmentOf } from '../../test/support/shipments.ts';
import { startBox, type TestBox } from '../../test/support/sshd/box.ts';
import { workerOf } from '../../test/support/workers.ts';
import { median, printRatio } from './measure.ts';

/**
 * A one-line change of a repository of 300 files, from the commit to its launch on the box: ours
 * against `rsync && ssh nohup` in the same run, both on a new connection and both on an open one (ControlMaster), both
 * without a sandbox.
 */
const ROUNDS = 7;

async function until(file: string): Promise<void> {
  while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 1));
}

function makeRepo(folder: string): GitRepo {
  const repo = new GitRepo(folder);
  const files: Record<string, string> = { 'train.py': 'print("change 0")\n' };
  for (let index = 0; index < 300; index += 1) {
    files[`src/part${index % 20}/module${index}.py`] = `# module ${index}\n${`value = ${index}\n`.repeat(300)}`;
  }
  repo.commit(files);
  return repo;
}

/** Milliseconds until the client knows that it is launched, and until the command did something. */
interface Times {
  readonly launched: number;
  readonly running: number;
}

class Race {
  #change = 0;
  readonly box: TestBox;
  readonly repo: GitRepo;
  readonly repository: Repository;
  readonly control: string;

  constructor(box: TestBox, repo: GitRepo, repository: Repository, control: string) {
    this.box = box;
    this.repo = repo;
    this.repository = repository;
    this.control = control;
  }

  change(): { commit: string; mark: string } {
    this.#change += 1;
    const commit = this.repo.commit({ 'train.py': `print("change ${this.#change}")\n` });
    return { commit, mark: path.join(this.box.home, `mark${this.#change}`) };
  }

  async ours(ssh: ReturnType<typeof workerOf>): Promise<Times> {
    const { commit, mark } = this.change();
    const words = shipmentOf(this.repo, commit, { run: `touch ${mark}` });
    const before = performance.now();
    const tree = await this.repository.parentless(commit);
    const pack = (have: readonly string[], commits: readonly string[]) => this.repository.pack(commits, have);
    const shipment = { ...words, commit: tree, trusted: tree, pack };
    await ssh.worker.submit(shipment);
    const launched = performance.now() - before;
    await until(mark);
    const running = performance.now() - before;
    await pollUntil(ssh.worker, shipment.run);
    return { launched, running };
  }

  async theirs(warm: boolean): Promise<Times> {
    const { mark } = this.change();
    const { box, repo } = this;
    const ssh = ['ssh', '-F', box.sshConfigFile, ...(warm ? ['-o', `ControlPath=${this.control}`] : [])];
    const before = performance.now();
    execFileSync('rsync', [
      '-az',
      '--delete',
      '--exclude',
      '.git',
      '-e',
      ssh.join(' '),
      `${repo.root}/`,
      `${box.name}:repo/`,
    ]);
    const [program = 'ssh', ...args] = ssh;
    execFileSync(program, [...args, box.name, `cd repo && nohup sh -c 'touch ${mark}' >log 2>&1 </dev/null &`]);
    const launched = performance.now() - before;
    await until(mark);
    return { launched, running: performance.now() - before };
  }
}

/** From the commit to its launch, and until its command did something: cold and warm, against rsync and ssh nohup. */
export async function shipAndLaunch(): Promise<void> {
  if (spawnSync('rsync', ['--version']).status !== 0) {
    console.log('ship and launch: skipped, rsync is missing');
    return;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'rc-bench-'));
  const box = await startBox({ name: 'bench' });
  const repo = makeRepo(path.join(folder, 'repo'));
  const repository = await openRepository(repo.root, realSystem());
  const race = new Race(box, repo, repository, path.join(folder, 'control'));
  const master = ['-F', box.sshConfigFile, '-o', `ControlPath=${race.control}`];
  try {
    const ready = workerOf(box, { box: { sandbox: 'none' } });
    await race.ours(ready);
    await race.theirs(false);
    execFileSync('ssh', [...master, '-M', '-N', '-f', box.name]);
    const times: Record<'oursCold' | 'theirsCold' | 'oursWarm' | 'theirsWarm', Times[]> = {
      oursCold: [],
      theirsCold: [],
      oursWarm: [],
      theirsWarm: [],
    };
    const calls: number[] = [];
    const bytes: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const cold = workerOf(box, { box: { sandbox: 'none' } });
      times.oursCold.push(await race.ours(cold));
      cold.connection.dispose();
      times.theirsCold.push(await race.theirs(false));
      times.oursWarm.push(await race.ours(ready));
      times.theirsWarm.push(await race.theirs(true));
    }
    const { commit } = race.change();
    const shipment = shipmentOf(race.repo, commit, { run: 'true' });
    const before = ready.connection.traffic();
    await ready.worker.submit(shipment);
    const after = ready.connection.traffic();
    calls.push(after.calls - before.calls);
    bytes.push(after.read + after.written - before.read - before.written);
    await pollUntil(ready.worker, shipment.run);
    ready.connection.dispose();
    const row = (what: string, mine: readonly Times[], their: readonly Times[], key: keyof Times) =>
      printRatio(
        what,
        median(mine.map((times) => times[key])),
        { name: 'rsync && ssh nohup', value: median(their.map((times) => times[key])) },
        'ms',
      );
    console.log(`ship and launch of a one-line change, 300 files, median of ${ROUNDS}`);
    row('cold, launched', times.oursCold, times.theirsCold, 'launched');
    row('cold, command at work', times.oursCold, times.theirsCold, 'running');
    row('warm (ControlMaster), launched', times.oursWarm, times.theirsWarm, 'launched');
    row('warm (ControlMaster), command at work', times.oursWarm, times.theirsWarm, 'running');
    console.log(`  ${calls[0]} calls and ${bytes[0]} bytes on the wire`);
  } finally {
    spawnSync('ssh', [...master, '-O', 'exit', box.name], { stdio: 'ignore' });
    await box.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
