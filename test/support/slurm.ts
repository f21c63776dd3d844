import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import * as path from 'node:path';

/** Why no cluster can be started here, with the fix; undefined where it can. */
export function whyNoSlurm(): string | undefined {
  if (process.getuid?.() !== 0) return 'a cluster of its own needs root';
  if (!existsSync('/usr/sbin/slurmctld') || !existsSync('/usr/sbin/slurmd')) {
    return 'Slurm is missing. To install: npm run provision -- --full';
  }
  return undefined;
}

export interface TestSlurm {
  /** For SLURM_CONF. */
  readonly conf: string;
  stop(): Promise<void>;
}

/** A real one-node cluster on 127.0.0.1 with four GPUs that are null devices; no munge, no accounting, no cgroups. */
export async function startSlurm(): Promise<TestSlurm> {
  const root = mkdtempSync(path.join(tmpdir(), 'rc-slurm-'));
  execFileSync('chmod', ['755', root]);
  const host = hostname().split('.')[0] ?? 'localhost';
  for (const folder of ['state', 'spool', 'dev']) mkdirSync(path.join(root, folder));
  for (let index = 0; index < 4; index += 1) {
    execFileSync('mknod', ['-m', '666', path.join(root, `dev/gpu${index}`), 'c', '1', '3']);
  }
  const port = 20_000 + (process.pid % 20_000);
  const conf = path.join(root, 'slurm.conf');
  writeFileSync(
    conf,
    `ClusterName=test
SlurmctldHost=${host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort=${port}
SlurmdPort=${port + 1}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/none
CredType=cred/none
StateSaveLocation=${root}/state
SlurmdSpoolDir=${root}/spool
SlurmctldPidFile=${root}/slurmctld.pid
SlurmdPidFile=${root}/slurmd.pid
SlurmctldLogFile=${root}/slurmctld.log
SlurmdLogFile=${root}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SwitchType=switch/none
MpiDefault=none
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1,defer_batch=no
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MinJobAge=300
KillWait=2
InactiveLimit=0
GresTypes=gpu
SlurmdParameters=config_overrides
NodeName=${host} NodeAddr=127.0.0.1 CPUs=8 Boards=1 SocketsPerBoard=1 CoresPerSocket=8 ThreadsPerCore=1 Gres=gpu:fake:4 State=UNKNOWN
PartitionName=gpu Nodes=${host} Default=YES MaxTime=1-00:00:00 State=UP OverSubscribe=NO
`,
  );
  writeFileSync(path.join(root, 'gres.conf'), `NodeName=${host} Name=gpu Type=fake File=${root}/dev/gpu[0-3]\n`);
  const env = { ...process.env, SLURM_CONF: conf };
  const daemons = [
    spawn('/usr/sbin/slurmctld', ['-D', '-i', '-f', conf], { env, stdio: 'ignore' }),
    spawn('/usr/sbin/slurmd', ['-D', '-f', conf], { env, stdio: 'ignore' }),
  ];
  const stop = async () => {
    spawnSync('scancel', ['--user', 'root', '--full'], { env });
    for (const daemon of daemons) {
      if (daemon.exitCode !== null || daemon.signalCode !== null) continue;
      const gone = new Promise((resolve) => daemon.once('exit', resolve));
      daemon.kill('SIGKILL');
      await gone;
    }
    rmSync(root, { recursive: true, force: true });
  };
  const until = Date.now() + 20_000;
  for (;;) {
    const said = spawnSync('sinfo', ['-h', '-o', '%T'], { env, encoding: 'utf8' });
    if (said.stdout.trim() === 'idle') return { conf, stop };
    if (Date.now() > until) {
      const log = spawnSync('tail', ['-n', '5', `${root}/slurmctld.log`, `${root}/slurmd.log`], { encoding: 'utf8' });
      await stop();
      throw new Error(`the cluster does not come up: ${said.stdout}${said.stderr}\n${log.stdout}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
