import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import * as path from 'node:path';
import { PATIENCE_MS } from './patience.ts';
import { type Accounting, startAccounting } from './slurm-accounting.ts';

/** Why no cluster can be started here, with the fix; undefined where it can. */
export function whyNoSlurm(): string | undefined {
  if (process.getuid?.() !== 0) return 'a cluster of its own needs root';
  if (!existsSync('/usr/sbin/slurmctld') || !existsSync('/usr/sbin/slurmd')) {
    return 'Slurm is missing. To install: npm run provision -- --full';
  }
  return undefined;
}

export interface SlurmOptions {
  /** Nodes, each with four GPUs that are null devices; default 1. */
  readonly nodes?: number;
  /** Whether slurmdbd keeps accounts. */
  readonly accounting?: boolean;
  /** Its nodes take jobs, run none, and call them completed. */
  readonly broken?: boolean;
  /** More lines of slurm.conf. */
  readonly conf?: readonly string[];
}

/** A real cluster on 127.0.0.1: no munge, no cgroups, no systemd. */
export interface TestSlurm {
  /** For SLURM_CONF. */
  readonly conf: string;
  readonly nodes: readonly string[];
  /** A command of Slurm as root; gives what it printed. */
  command(program: string, ...args: readonly string[]): string;
  /** Ends the controller as an administrator does: it writes its state down. */
  stopController(): Promise<void>;
  /** Resolves when it answers. */
  startController(): Promise<void>;
  /** Takes a node's power: its daemon, and what runs on it. */
  stopNode(name: string): Promise<void>;
  startNode(name: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startSlurm(options: SlurmOptions = {}): Promise<TestSlurm> {
  const root = mkdtempSync(path.join(tmpdir(), 'rc-slurm-'));
  execFileSync('chmod', ['755', root]);
  const nodes = Array.from({ length: options.nodes ?? 1 }, (_, index) => `n${index + 1}`);
  for (const folder of ['state', 'dev', ...nodes]) mkdirSync(path.join(root, folder));
  for (let index = 0; index < 4; index += 1) {
    execFileSync('mknod', ['-m', '666', path.join(root, `dev/gpu${index}`), 'c', '1', '3']);
  }
  const conf = path.join(root, 'slurm.conf');
  const env = { ...process.env, SLURM_CONF: conf };
  const run = (program: string, args: readonly string[]) => spawnSync(program, args, { env, encoding: 'utf8' });
  let accounting: Accounting | undefined;
  let controller: ChildProcess | undefined;
  const slurmds = new Map<string, ChildProcess>();

  const startController = async () => {
    controller = spawn('/usr/sbin/slurmctld', ['-D', '-i', '-f', conf], { env, stdio: 'ignore' });
    await until('the controller', () => run('scontrol', ['ping']).stdout.includes('is UP'));
  };
  const startNode = async (name: string) => {
    slurmds.set(name, spawn('/usr/sbin/slurmd', ['-D', '-N', name, '-f', conf], { env, stdio: 'ignore' }));
    await until(`node ${name}`, () =>
      /^(idle|mixed|allocated)/.test(run('sinfo', ['-h', '-n', name, '-o', '%T']).stdout),
    );
  };
  const stopNode = async (name: string) => {
    const daemon = slurmds.get(name);
    // First who could still tell the controller: the node's daemon, and the daemon of each of its jobs.
    daemon?.kill('SIGKILL');
    for (const pid of processesOf(
      (_, command, pid) => command.startsWith('slurmstepd') && opens(pid, `${root}/${name}`),
    )) {
      kill(pid);
    }
    for (const pid of processesOf((environ) => environ.includes(`SLURMD_NODENAME=${name}`))) kill(pid);
    await end(daemon);
    slurmds.delete(name);
  };
  const until = async (what: string, holds: () => boolean) => {
    const limit = Date.now() + PATIENCE_MS;
    while (!holds()) {
      if (Date.now() > limit) {
        const said = [
          run('sinfo', ['-N', '-l']),
          run('tail', ['-n', '8', `${root}/slurmctld.log`, `${root}/${nodes[0]}.log`]),
        ];
        throw new Error(`${what} does not come up: ${said.map(({ stdout, stderr }) => stdout + stderr).join('\n')}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const stop = async () => {
    run('scancel', ['--user', 'root', '--full']);
    await Promise.all([...slurmds.values(), controller].map((child) => end(child)));
    // Daemons that watch a step end with it; one whose step was killed may not have noticed yet.
    for (const pid of processesOf((environ) => environ.includes(`SLURM_CONF=${conf}`))) kill(pid);
    await accounting?.stop();
    rmSync(root, { recursive: true, force: true });
  };

  try {
    const ports = await freePorts(nodes.length + 2);
    accounting = options.accounting ? await startAccounting(root, ports[1] ?? 0, env) : undefined;
    writeFileSync(conf, confOf(root, nodes, ports, options));
    writeFileSync(
      path.join(root, 'gres.conf'),
      `NodeName=${list(nodes)} Name=gpu Type=fake File=${root}/dev/gpu[0-3]\n`,
    );
    if (accounting) run('sacctmgr', ['-i', 'add', 'cluster', 'test']);
    await startController();
    await Promise.all(nodes.map(startNode));
    if (options.broken) {
      // As an administrator does who changes the files of nodes that are up: their daemons know nothing of it, and each
      // job's own daemon, which reads them, cannot start.
      writeFileSync(
        path.join(root, 'cgroup.conf'),
        `CgroupPlugin=cgroup/v1\nCgroupAutomount=no\nCgroupMountpoint=${root}/none\n`,
      );
      writeFileSync(conf, confOf(root, nodes, ports, options).replace('proctrack/linuxproc', 'proctrack/cgroup'));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    conf,
    nodes,
    command(program, ...args) {
      const said = run(program, args);
      if (said.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${said.stderr}${said.stdout}`);
      return said.stdout;
    },
    async stopController() {
      await end(controller, 'SIGTERM');
      controller = undefined;
    },
    startController,
    stopNode,
    startNode,
    stop,
  };
}

function list(nodes: readonly string[]): string {
  return nodes.length === 1 ? 'n1' : `n[1-${nodes.length}]`;
}

function confOf(root: string, nodes: readonly string[], ports: readonly number[], options: SlurmOptions): string {
  const host = hostname().split('.')[0] ?? 'localhost';
  const [controller = 0, dbd = 0, ...slurmd] = ports;
  const accounting = options.accounting
    ? [
        'AccountingStorageType=accounting_storage/slurmdbd',
        'AccountingStorageHost=127.0.0.1',
        `AccountingStoragePort=${dbd}`,
        'AccountingStorageTRES=gres/gpu',
      ]
    : ['AccountingStorageType=accounting_storage/none'];
  const shape = 'CPUs=8 Boards=1 SocketsPerBoard=1 CoresPerSocket=8 ThreadsPerCore=1 Gres=gpu:fake:4 State=UNKNOWN';
  return [
    'ClusterName=test',
    `SlurmctldHost=${host}(127.0.0.1)`,
    'SlurmUser=root',
    'SlurmdUser=root',
    `SlurmctldPort=${controller}`,
    'CommunicationParameters=NoInAddrAny,NoCtldInAddrAny',
    'AuthType=auth/none',
    'CredType=cred/none',
    `StateSaveLocation=${root}/state`,
    `SlurmdSpoolDir=${root}/%n`,
    `SlurmctldPidFile=${root}/slurmctld.pid`,
    `SlurmdPidFile=${root}/%n.pid`,
    `SlurmctldLogFile=${root}/slurmctld.log`,
    `SlurmdLogFile=${root}/%n.log`,
    'ProctrackType=proctrack/linuxproc',
    'TaskPlugin=task/none',
    'JobAcctGatherType=jobacct_gather/none',
    ...accounting,
    'JobCompType=jobcomp/none',
    'SwitchType=switch/none',
    'MpiDefault=none',
    'SchedulerType=sched/backfill',
    'SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1,defer_batch=no',
    'SelectType=select/cons_tres',
    'SelectTypeParameters=CR_Core',
    'ReturnToService=2',
    'MinJobAge=300',
    'KillWait=2',
    'InactiveLimit=0',
    'GresTypes=gpu',
    'SlurmdParameters=config_overrides',
    ...nodes.map(
      (name, index) => `NodeName=${name} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${slurmd[index]} ${shape}`,
    ),
    `PartitionName=gpu Nodes=${list(nodes)} Default=YES MaxTime=1-00:00:00 State=UP OverSubscribe=NO`,
    ...(options.conf ?? []),
    '',
  ].join('\n');
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended first.
  }
}

/** Whether a process has a file open whose path begins so. */
function opens(pid: number, prefix: string): boolean {
  return readdirSync(`/proc/${pid}/fd`).some((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith(prefix);
    } catch {
      return false;
    }
  });
}

function processesOf(wanted: (environ: readonly string[], command: string, pid: number) => boolean): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        const environ = readFileSync(`/proc/${name}/environ`, 'latin1').split('\0');
        const command = readFileSync(`/proc/${name}/cmdline`, 'latin1').split('\0').join(' ');
        return wanted(environ, command, Number(name)) ? [Number(name)] : [];
      } catch {
        return [];
      }
    });
}

/** Free ports, all held at the same time so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer();
          server.on('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
