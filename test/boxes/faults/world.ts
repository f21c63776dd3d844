import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { Run, RunId } from '../../../src/core/domain/index.ts';
import type { Research } from '../../../src/core/research.ts';
import { openStore, type Store } from '../../../src/core/store/index.ts';
import { type CuttingProxy, startCuttingProxy } from '../../support/cutting-proxy.ts';
import { eventually } from '../../support/processes.ts';
import { makePlace, openAt, type Place } from '../../support/research.ts';
import { publicKey, startBox, type TestBox } from '../../support/sshd/box.ts';
import { Window } from '../../support/window.ts';
import { type HeldState, STATES } from './expected.ts';
import { gatedRepo } from './repo.ts';

const SMALL_DISK_MB = 24;

/** One repository, one box of its own behind a proxy, and the process that drives. */
export class World {
  readonly gates: string;
  readonly box: TestBox;
  readonly proxy: CuttingProxy;
  readonly place: Place;
  /** The root of the runs on the box. */
  readonly root: string;
  readonly store: Store;
  readonly research: Research;
  readonly #source: string;
  readonly #small: string | undefined;
  readonly #windows: Window[] = [];
  #holder: ChildProcess | undefined;

  private constructor(parts: {
    gates: string;
    source: string;
    box: TestBox;
    proxy: CuttingProxy;
    place: Place;
    root: string;
    small: string | undefined;
    store: Store;
    research: Research;
  }) {
    this.gates = parts.gates;
    this.#source = parts.source;
    this.box = parts.box;
    this.proxy = parts.proxy;
    this.place = parts.place;
    this.root = parts.root;
    this.#small = parts.small;
    this.store = parts.store;
    this.research = parts.research;
  }

  /**
   * @param options.smallDisk the box keeps its runs on a disk of a few megabytes; needs root
   * @param options.slots how many runs the box takes at a time
   * @param options.holdIn where a shipment is held: in the middle of its `pack`, or when its run has a `folder`
   */
  static async make(
    name: string,
    {
      smallDisk,
      holdIn,
      slots = 1,
    }: { readonly smallDisk: boolean; readonly holdIn: 'pack' | 'folder'; readonly slots?: number },
  ): Promise<World> {
    const gates = mkdtempSync(path.join(tmpdir(), 'gates-'));
    chmodSync(gates, 0o777);
    const source = gatedRepo(gates);
    const box = await startBox({ name });
    const small = smallDisk ? path.join(box.home, 'small') : undefined;
    if (small !== undefined) {
      mkdirSync(small);
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SMALL_DISK_MB}m,mode=777`, 'tmpfs', small]);
    }
    const root = small === undefined ? box.root : path.join(small, 'root');
    mkdirSync(root, { recursive: true });
    bendBox(box, root, gates, holdIn === 'pack' ? 'index-pack' : 'update-ref');
    execFileSync('chown', ['-R', `${box.user}:`, root, gates]);
    const proxy = await startCuttingProxy(box.port);
    const place = makePlace(source, { RESEARCH_COPILOT_SSH_CONFIG: configThrough(box, proxy) });
    const lines = `{ name: far, kind: ssh, host: ${name}, gpus: [], cpu_slots: ${slots}, sandbox: none, root: "${root}" }`;
    place.boxes(`boxes:\n  - ${lines}\n`);
    const research = await openAt(place, { mayDrive: false });
    const file = path.join(place.repo, '.git/research/research.db');
    const store = await openStore({ ...place.system, file, pid: process.pid });
    return new World({ gates, source, box, proxy, place, root, small, store, research });
  }

  get smallDisk(): string {
    if (this.#small === undefined) throw new Error('this world has no small disk');
    return this.#small;
  }

  async drive(): Promise<Window> {
    const window = await Window.open(this.place, `driver ${this.#windows.length + 1}`);
    this.#windows.push(window);
    return window;
  }

  get driver(): Window {
    const window = this.#windows.at(-1);
    if (!window) throw new Error('nobody drives');
    return window;
  }

  /** What the drivers logged. */
  get said(): string {
    return this.#windows.map((window) => window.said).join('');
  }

  open(state: HeldState): void {
    writeFileSync(path.join(this.gates, state), '');
    if (state === 'waiting') this.#holder?.stdin?.end();
  }

  openAll(): void {
    for (const state of STATES) this.open(state);
  }

  /** Another user of the box has its only slot, until the gate of `waiting` opens. */
  async takeSlot(): Promise<void> {
    const slot = path.join(this.box.home, 'locks', 'cpu-0');
    mkdirSync(slot, { recursive: true });
    execFileSync('chown', [`${this.box.user}:`, path.dirname(slot)]);
    this.#holder = spawn('flock', [slot, 'sh', '-c', 'echo held; cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(this.#holder.stdout as NodeJS.ReadableStream, 'data');
  }

  /** From now on answers of the box are looked at when they are whole, and may be cut. */
  allowCuts(): void {
    writeFileSync(path.join(this.gates, 'may-cut'), '');
  }

  async row(id: RunId): Promise<Run> {
    const run = await this.store.run(id);
    if (!run) throw new Error(`no row of ${id}`);
    return run;
  }

  /** Resolves when the row is so. */
  rowIs(id: RunId, what: string, so: (run: Run) => boolean): Promise<Run> {
    return eventually(`run ${id} ${what}`, async () => {
      const run = await this.row(id);
      return so(run) && run;
    });
  }

  /** Resolves when the run stands at its state's gate and its row says so. */
  async held(id: RunId, state: HeldState): Promise<void> {
    await this.rowIs(id, `being ${state}`, (run) => run.state === state);
    if (state === 'waiting') return;
    await eventually(`${id} at the gate of ${state}`, () => existsSync(path.join(this.gates, `at-${state}`)));
  }

  /** How often something was noted on the box so far: `polls`, `cuts` of answers. */
  count(what: 'polls' | 'cuts'): number {
    const file = path.join(this.gates, what);
    return existsSync(file) ? readFileSync(file, 'utf8').length : 0;
  }

  /** Resolves after so many more of them. */
  async more(what: 'polls' | 'cuts', times: number): Promise<void> {
    const from = this.count(what);
    await eventually(`${times} more ${what}`, () => this.count(what) >= from + times);
  }

  /** The pid of the run's owner on the box. */
  owner(id: RunId): number {
    return Number(readFileSync(path.join(this.root, 'runs', id, 'pid'), 'utf8').split(' ')[0]);
  }

  /** Switches off what drives and watches; the box stays for a look at what is left on it. */
  async leave(): Promise<void> {
    for (const window of this.#windows) await window.kill();
    // What sits behind a frozen link ends as it does when the network gives the connection up.
    this.proxy.drop();
  }

  async dispose(): Promise<void> {
    this.openAll();
    await this.leave();
    this.#holder?.kill('SIGKILL');
    await this.store.close();
    await this.research.close();
    await this.proxy.stop();
    if (this.#small !== undefined) {
      for (const { pid } of this.box.processes()) process.kill(pid, 'SIGKILL');
      execFileSync('umount', ['-l', this.#small]);
    }
    await this.box.stop();
    this.place.dispose();
    for (const folder of [this.#source, this.gates]) rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * What the box's scripts read first: a clock and a boot id that the test holds, a note for each poll, and, while
 * `cut-answers` is there, answers that miss their end though their exit code is 0.
 */
function bendBox(box: TestBox, root: string, gates: string, heldGit: string): void {
  const clock = path.join(gates, 'clock');
  writeFileSync(path.join(gates, 'offset'), '0\n');
  writeFileSync(path.join(gates, 'boot-id'), 'first-boot\n');
  writeFileSync(clock, `#!/bin/sh\nread -r by <${gates}/offset\necho $(($(date +%s) + by))\n`, { mode: 0o755 });
  const bent = [
    `RC_LOCKS=${box.home}/locks RC_LINGER=0 RC_GRACE=2`,
    `RC_CLOCK=${clock} RC_BOOT_ID_FILE=${gates}/boot-id`,
    `if [ -z "$RC_NOTED" ]; then case $0 in`,
    `  */poll.sh) printf . >>${gates}/polls ;;`,
    'esac; fi',
    // The answer is looked at when it is whole: a start may hold for long, and the fault come meanwhile.
    `case $0 in */poll.sh | */start.sh) if [ -e ${gates}/may-cut ] && [ -z "$RC_NOTED" ]; then`,
    '  export RC_NOTED=1',
    `  rc_said=$(/bin/sh "$0" "$@"; echo x) rc_said=\${rc_said%x}`,
    `  if [ -e ${gates}/cut-answers ]; then printf . >>${gates}/cuts; printf %s "$rc_said" | head -c -2`,
    '  else printf %s "$rc_said"; fi',
    '  exit 0',
    'fi ;; esac',
    '',
  ];
  writeFileSync(path.join(root, 'box.env'), bent.join('\n'));
  // A shipment is held in a git command of what receives it.
  const git = path.join(box.home, '../bin/git');
  const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  const hold = `: >${gates}/at-shipping; while [ ! -e ${gates}/shipping ]; do sleep 0.05; done`;
  writeFileSync(git, `#!/bin/sh\ncase " $* " in *' ${heldGit} '*) ${hold} ;; esac\nexec ${real} "$@"\n`, {
    mode: 0o755,
  });
}

/** An ssh config that goes through the proxy and notices a dead link within seconds. */
function configThrough(box: TestBox, proxy: CuttingProxy): string {
  const known = path.join(box.configFolder, 'known_hosts');
  writeFileSync(known, `${box.name} ${publicKey(box.hostKeyFile)}\n`);
  const file = path.join(box.configFolder, 'ssh_config');
  const lines = [
    `Host ${box.name}`,
    'HostName 127.0.0.1',
    `Port ${proxy.port}`,
    `HostKeyAlias ${box.name}`,
    `User ${box.user}`,
    `IdentityFile ${box.clientKeyFile}`,
    'IdentitiesOnly yes',
    'IdentityAgent none',
    `UserKnownHostsFile ${known}`,
    'GlobalKnownHostsFile none',
    'ServerAliveInterval 1',
    'ServerAliveCountMax 3',
  ];
  writeFileSync(file, `${lines.join('\n  ')}\n`);
  return file;
}
