import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import * as path from 'node:path';
import { PATIENCE_MS } from './patience.ts';

/** Why no cluster here can keep accounts, with the fix; undefined where one can. */
export function whyNoAccounting(): string | undefined {
  const there = ['/usr/sbin/slurmdbd', '/usr/sbin/mariadbd', '/usr/bin/mariadb-install-db'].every((file) =>
    existsSync(file),
  );
  return there ? undefined : 'slurmdbd or MariaDB is missing. To install: npm run provision -- --full';
}

export interface Accounting {
  stop(): Promise<void>;
}

/** A real slurmdbd on 127.0.0.1 with a MariaDB that listens on a socket in `root` only. */
export async function startAccounting(root: string, port: number, env: NodeJS.ProcessEnv): Promise<Accounting> {
  const data = path.join(root, 'mysql');
  mkdirSync(data);
  const socket = path.join(root, 'mysql.sock');
  execFileSync(
    'mariadb-install-db',
    ['--no-defaults', `--datadir=${data}`, '--user=root', '--auth-root-authentication-method=normal', '--skip-test-db'],
    { stdio: 'ignore' },
  );
  const children: ChildProcess[] = [];
  const stop = async () => {
    for (const child of children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    }
  };
  children.push(
    spawn(
      '/usr/sbin/mariadbd',
      [
        '--no-defaults',
        `--datadir=${data}`,
        '--user=root',
        '--skip-networking',
        `--socket=${socket}`,
        '--innodb-lock-wait-timeout=900',
      ],
      { stdio: 'ignore' },
    ),
  );
  const conf = path.join(root, 'slurmdbd.conf');
  writeFileSync(
    conf,
    [
      'AuthType=auth/none',
      `DbdHost=${hostname().split('.')[0]}`,
      'DbdAddr=127.0.0.1',
      `DbdPort=${port}`,
      'SlurmUser=root',
      'StorageType=accounting_storage/mysql',
      'StorageHost=localhost',
      'StorageUser=root',
      'StorageLoc=slurm_acct_db',
      `LogFile=${root}/slurmdbd.log`,
      `PidFile=${root}/slurmdbd.pid`,
      '',
    ].join('\n'),
  );
  chmodSync(conf, 0o600);
  try {
    await until(
      'MariaDB',
      () => spawnSync('mariadb', ['--no-defaults', `--socket=${socket}`, '-e', 'select 1']).status === 0,
    );
    const own = { ...env, SLURM_CONF: path.join(root, 'slurm.conf'), MYSQL_UNIX_PORT: socket };
    children.push(spawn('/usr/sbin/slurmdbd', ['-D'], { env: own, stdio: 'ignore' }));
    await until('slurmdbd', () => spawnSync('bash', ['-c', `exec 3<>/dev/tcp/127.0.0.1/${port}`]).status === 0);
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const limit = Date.now() + PATIENCE_MS;
  while (!holds()) {
    if (Date.now() > limit) throw new Error(`${what} does not come up`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
