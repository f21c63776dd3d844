/// <reference path="../../../src/core/workers/box/sh.d.ts" />
import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import * as path from 'node:path';
import { PATIENCE_MS } from '../patience.ts';
import nvidiaSmi from './nvidia-smi.sh';

const SSHD = '/usr/sbin/sshd';

export interface TestGpu {
  readonly uuid: string;
  readonly name?: string;
  readonly memoryMiB?: number | 'N/A';
}

export interface BoxOptions {
  /** Alias in the ssh config, and part of the account's name. */
  readonly name: string;
  /** How many GPUs the box shows, or which; undefined: no nvidia-smi at all. */
  readonly gpus?: number | readonly TestGpu[];
  /** Variables every session of the box has. */
  readonly env?: Readonly<Record<string, string>>;
  /** The account's login shell; default bash. As root only. */
  readonly shell?: string;
  /** How it lets a person in; default by key only. The others need `password`, `keyboard` PAM too: as root only. */
  readonly login?: readonly ('key' | 'password' | 'keyboard')[];
  readonly password?: string;
  /** Lines of its sshd_config; sshd takes the first it finds of a kind, so these win. */
  readonly sshd?: readonly string[];
}

/** Why no box can be started here, with the fix; undefined where it can. */
export function whyNoBox(): string | undefined {
  if (process.platform !== 'linux') return 'a box needs Linux';
  if (!existsSync(SSHD)) return 'sshd is missing: apt-get install -y --no-install-recommends openssh-server';
  return undefined;
}

/**
 * A real sshd on a free port of 127.0.0.1, with an account of its own (as root) or this user's (otherwise), a host
 * key, a client key, an ssh config and known_hosts that name it, and a stand-in nvidia-smi.
 */
export interface TestBox {
  readonly name: string;
  readonly user: string;
  readonly port: number;
  /** The account's home folder on the box. */
  readonly home: string;
  /** The root of runs: the default one of that home. */
  readonly root: string;
  /** For `ssh -F` and `deps.sshConfigFile`. */
  readonly sshConfigFile: string;
  readonly knownHostsFile: string;
  /** An empty folder for the client's own files. */
  readonly configFolder: string;
  readonly hostKeyFile: string;
  readonly clientKeyFile: string;
  /** Writes a client's ssh config into the box's folder: the usual one after `change`. Gives its path. */
  clientConfig(change: (usual: string) => string): string;
  /** What sshd wrote so far (LogLevel VERBOSE unless `sshd` says otherwise). */
  log(): string;
  /** Connections open now: processes of sshd that serve one. */
  connections(): number;
  /** Adds lines to the box's `box.env`. */
  bend(lines: string): void;
  /** Marks a GPU as used by a stranger, or not. */
  useGpu(uuid: string | undefined): void;
  /** Ends every open connection, as a cut cable does; the listener stays. */
  dropConnections(): number;
  stopServer(): Promise<void>;
  startServer(): Promise<void>;
  /** The account's processes that are no sshd, by pid with their command line. */
  processes(): readonly { readonly pid: number; readonly command: string; readonly environ: readonly string[] }[];
  /** Ends all of it: server, processes, account, folders. */
  stop(): Promise<void>;
}

export async function startBox(options: BoxOptions): Promise<TestBox> {
  const why = whyNoBox();
  if (why !== undefined) throw new Error(why);
  const asRoot = process.getuid?.() === 0;
  const top = mkdtempSync(path.join(tmpdir(), 'rc-box-'));
  chmodSync(top, 0o755);
  const home = path.join(top, 'home');
  const bin = path.join(top, 'bin');
  const configFolder = path.join(top, 'config');
  for (const folder of [home, bin, configFolder]) mkdirSync(folder);
  const user = asRoot
    ? `rc${process.pid % 100000}${options.name.replace(/[^a-z0-9]/g, '').slice(0, 12)}`
    : userInfo().username;
  if (asRoot)
    execFileSync('useradd', ['-d', home, '-s', options.shell ?? '/bin/bash', '-M', '-p', '*', user], { stdio: 'pipe' });
  if (options.password !== undefined) execFileSync('chpasswd', { input: `${user}:${options.password}\n` });
  const login = options.login ?? ['key'];
  const allowed = (way: (typeof login)[number]) => (login.includes(way) ? 'yes' : 'no');
  const uid = asRoot ? Number(execFileSync('id', ['-u', user], { encoding: 'utf8' })) : (process.getuid?.() ?? 0);
  const own = (...targets: string[]) => asRoot && execFileSync('chown', ['-R', `${user}:`, ...targets]);
  const mark = `RC_TEST_BOX=${path.basename(top)}`;

  const key = (file: string) => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', file]);
    return file;
  };
  const hostKeyFile = key(path.join(top, 'host_key'));
  const clientKeyFile = key(path.join(top, 'client_key'));
  const authorized = path.join(top, 'authorized_keys');
  writeFileSync(authorized, readFileSync(`${clientKeyFile}.pub`));
  chmodSync(authorized, 0o644);

  if (options.gpus !== undefined) {
    const gpus =
      typeof options.gpus === 'number'
        ? Array.from(
            { length: options.gpus },
            (_, index): TestGpu => ({
              uuid: `GPU-0000000${index}-aaaa-bbbb-cccc-${path.basename(top).slice(-6).toLowerCase().padEnd(12, '0')}`,
            }),
          )
        : options.gpus;
    const lines = gpus.map(
      (gpu, index) =>
        `${index}, ${gpu.uuid}, ${gpu.name ?? 'NVIDIA H100 80GB HBM3'}, ${gpu.memoryMiB ?? 81559}, 4, 0\n`,
    );
    writeFileSync(path.join(home, 'gpus'), lines.join(''));
    writeFileSync(path.join(bin, 'nvidia-smi'), nvidiaSmi, { mode: 0o755 });
  }
  const root = path.join(home, '.local/share/research-copilot/v1');
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const bendFile = path.join(root, 'box.env');
  // Tests look at what a run wrote into the home folder; those of the sandbox bend RC_SANDBOX back.
  writeFileSync(bendFile, `RC_LOCKS=${home}/locks\nRC_LINGER=0\nRC_GRACE=2\nRC_GPU_GAP=0.1\nRC_SANDBOX=none\n`);
  own(home);

  const port = await freePort();
  const config = path.join(top, 'sshd_config');
  const pidFile = path.join(top, 'sshd.pid');
  const logFile = path.join(top, 'sshd.log');
  writeFileSync(
    config,
    [
      ...(options.sshd ?? []),
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${hostKeyFile}`,
      `PidFile ${pidFile}`,
      `AuthorizedKeysFile ${authorized}`,
      `AllowUsers ${user}`,
      `UsePAM ${allowed('keyboard')}`,
      `PubkeyAuthentication ${allowed('key')}`,
      `PasswordAuthentication ${allowed('password')}`,
      `KbdInteractiveAuthentication ${allowed('keyboard')}`,
      'StrictModes no',
      'LogLevel VERBOSE',
      'MaxStartups 100:30:200',
      'PrintMotd no',
      `SetEnv ${[
        mark,
        `PATH=${bin}:/usr/local/bin:/usr/bin:/bin`,
        ...(asRoot ? [] : [`HOME=${home}`]),
        ...Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`),
      ].join(' ')}`,
      '',
    ].join('\n'),
  );
  if (asRoot) mkdirSync('/run/sshd', { recursive: true });
  let server: ReturnType<typeof spawn> | undefined;
  const startServer = async () => {
    server = spawn(SSHD, ['-D', '-f', config, '-E', logFile], { stdio: 'ignore' });
    await listening(port);
  };
  await startServer();

  const knownHostsFile = path.join(top, 'known_hosts');
  writeFileSync(knownHostsFile, `[127.0.0.1]:${port} ${publicKey(hostKeyFile)}\n`);
  const sshConfigFile = path.join(top, 'ssh_config');
  writeFileSync(
    sshConfigFile,
    `Host ${options.name}\n  HostName 127.0.0.1\n  Port ${port}\n  User ${user}\n  IdentityFile ${clientKeyFile}\n` +
      `  IdentitiesOnly yes\n  IdentityAgent none\n  UserKnownHostsFile ${knownHostsFile}\n  GlobalKnownHostsFile none\n`,
  );

  let configs = 0;
  const all = () =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        try {
          if (statSync(`/proc/${name}`).uid !== uid) return [];
          if (/^State:\s+[ZX]/m.test(readFileSync(`/proc/${name}/status`, 'utf8'))) return [];
          const environ = readFileSync(`/proc/${name}/environ`, 'latin1').split('\0');
          const command = readFileSync(`/proc/${name}/cmdline`, 'latin1').split('\0').join(' ').trim();
          if (!asRoot && !environ.includes(mark)) return [];
          return [{ pid: Number(name), command, environ }];
        } catch {
          return [];
        }
      });
  const kill = (pid: number) => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended first.
    }
  };
  const children = (parent: number): number[] => {
    try {
      const text = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8');
      return text.trim().split(' ').filter(Boolean).map(Number);
    } catch {
      return [];
    }
  };
  // What a listener leaves behind serves its connections on.
  let orphans: number[] = [];
  const serves = (pid: number) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith('sshd');
    } catch {
      return false;
    }
  };
  const sessions = () => {
    orphans = orphans.filter(serves);
    return [...orphans, ...(server?.pid === undefined ? [] : children(server.pid))];
  };
  const stopServer = async () => {
    if (!server) return;
    orphans = sessions();
    const gone = new Promise((resolve) => server?.once('exit', resolve));
    server.kill('SIGKILL');
    await gone;
    server = undefined;
  };

  return {
    name: options.name,
    user,
    port,
    home,
    root,
    sshConfigFile,
    knownHostsFile,
    configFolder,
    hostKeyFile,
    clientKeyFile,
    clientConfig(change) {
      configs += 1;
      const file = path.join(top, `ssh_config_${configs}`);
      writeFileSync(file, change(readFileSync(sshConfigFile, 'utf8')));
      return file;
    },
    log: () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : ''),
    connections: () => sessions().length,
    bend: (lines) => appendFileSync(bendFile, `${lines}\n`),
    useGpu: (uuid) => writeFileSync(path.join(home, 'gpu-apps'), uuid === undefined ? '' : `${uuid}, 4242, 30000\n`),
    dropConnections() {
      // The listener's children are the sessions' parents; killing one closes its socket at once.
      const found = sessions();
      for (const pid of found) {
        for (const child of children(pid)) kill(child);
        kill(pid);
      }
      return found.length;
    },
    stopServer,
    startServer,
    processes: () => all().filter(({ command }) => !command.startsWith('sshd')),
    async stop() {
      for (const pid of sessions()) kill(pid);
      await stopServer();
      for (let round = 0; round < 100 && all().length > 0; round += 1) {
        for (const { pid } of all()) kill(pid);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      if (asRoot) execFileSync('userdel', ['-f', user], { stdio: 'ignore' });
      rmSync(top, { recursive: true, force: true });
    },
  };
}

/** `type base64` of a key file's public half. */
export function publicKey(file: string): string {
  return readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' ').trim();
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** Resolves when something answers on the port with an ssh banner. */
async function listening(port: number): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const up = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('data', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
      socket.once('close', () => resolve(false));
    });
    if (up) return;
    if (Date.now() > until) throw new Error(`sshd does not answer on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
