import type { ChildProcess } from 'node:child_process';
import * as path from 'node:path';
import { HumanError } from '../../domain/index.ts';
import { endPiped, type System } from '../../system/index.ts';
import { BOOT, frameScript } from '../box/transport.ts';
import type { Typed } from '../typed.ts';
import type { Asker } from '../types.ts';
import { Askpass } from './askpass.ts';
import type { SshTarget } from './config.ts';
import { Deadline, NETWORK_MS, PERSON_MS } from './deadline.ts';
import { fingerprint, hostToken, keyType, knownHostLine, parseKnownHosts } from './known-hosts.ts';
import type { Open } from './link.ts';
import { systemConfig } from './system-config.ts';
import { explainFault, readSshFault, type SshFault } from './system-errors.ts';

export interface MasterDeps {
  readonly system: System;
  readonly configFolder: string;
  readonly configFile?: string;
  readonly typed: Typed;
  readonly asker: Asker | undefined;
}

/** A login that is held open, through which further sessions come. */
export interface Master extends Open {
  /** The arguments of an `ssh` that runs BOOT through it. */
  readonly session: readonly string[];
  /** And of one that tells whether it still stands: status 0. None: each session is a login of its own. */
  readonly check?: readonly string[];
}

/** Pieces of what ssh says on stderr that are kept: what matters comes before the login fails. */
const MAX_SAID = 64;

/** What holds for the whole connection and is no business of a jump. */
const CONNECTION = [
  ...['-T', '-o', 'RemoteCommand=none', '-o', 'ClearAllForwardings=yes', '-o', 'EscapeChar=none', '-o', 'Tunnel=no'],
  ...['-o', 'StdinNull=no', '-o', 'ForkAfterAuthentication=no'],
];
const MASTER = ['-M', '-o', 'ControlPersist=no'];
/** Windows' ssh cannot share a connection. */
const NO_MASTER = ['-S', 'none', '-o', 'ControlMaster=no'];
/** A session goes through the master or nowhere: were it gone, ssh would log in by itself. */
const SESSION = [
  ...['-F', '/dev/null', '-T', '-e', 'none', '-o', 'ControlMaster=no', '-o', 'ProxyCommand=false'],
  ...['-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR'],
];

/**
 * Logs in to the last of `chain` with the system's ssh, which goes through the others by itself, and keeps the
 * connection as a control master: one session that waits, in which nothing runs but `cat`. It ends with this process.
 * An unknown host key is asked about where there is an asker; passphrases and passwords too, but not on Windows. There
 * each session is a login of its own, and this one only tries.
 * @throws HumanError `unreachable`, `host-key`, `auth`, `ssh-config`, `ssh-unsupported` without an ssh program
 */
export async function openMaster(deps: MasterDeps, chain: readonly SshTarget[]): Promise<Master> {
  const target = chain.at(-1);
  if (!target) throw new Error('A chain of hosts cannot be empty.');
  const { files } = deps.system;
  // Short: a control socket's path has room for about 90 characters.
  const folder = await files.temporaryFolder('rc-');
  try {
    for (let learnt = 0; ; learnt += 1) {
      const master = await login(deps, chain, target, folder);
      if (!('kind' in master)) return master;
      const hop =
        master.kind === 'unknown-key'
          ? chain.find((one) => hostToken(one.hostname, one.port, one.hostKeyAlias) === master.token.toLowerCase())
          : undefined;
      const mayLearn = hop && (hop.strict === 'accept-new' || (hop.strict === 'ask' && deps.asker));
      if (!mayLearn || learnt >= chain.length) throw await explainFault(master, target, files);
      await learnKey(deps, chain, hop, folder);
    }
  } catch (error) {
    await files.remove(folder).catch(() => {});
    throw error;
  }
}

function start(deps: MasterDeps, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  const child = deps.system.spawn.pipe('ssh', args, { env: { ...deps.system.env, ...env } });
  child.stdin?.on('error', () => {});
  return child;
}

/** Resolves with its exit status when all it said was read; rejects where there is no such program. */
export function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => reject(error.code === 'ENOENT' ? noProgram() : error));
    child.once('close', (code) => resolve(code ?? 255));
  });
}

function noProgram(): HumanError {
  return new HumanError(
    'There is no ssh program on this machine, and this box needs it. Install the OpenSSH client, and see that "ssh" is on the PATH.',
    { code: 'ssh-unsupported' },
  );
}

/** One login: the master, or what ssh said instead. */
async function login(
  deps: MasterDeps,
  chain: readonly SshTarget[],
  target: SshTarget,
  folder: string,
): Promise<Master | SshFault> {
  const { system, configFolder, configFile, typed, asker } = deps;
  const { files, clock, random } = system;
  const ownKnownHosts = path.join(configFolder, 'known_hosts');
  const config = path.join(folder, 'config');
  const socket = path.join(folder, 's');
  const windows = system.platform === 'win32';
  const mayAsk = !windows;
  await files.write(config, systemConfig({ system, chain, ownKnownHosts, configFile, mayAsk }), 0o600);
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const deadline = new Deadline(clock, (who) =>
    failed.reject(
      who === 'person'
        ? new HumanError(
            `Nobody answered the question about ${target.alias} within ${PERSON_MS / 60_000} minutes. Check Boxes (research-copilot boxes --check) asks again.`,
            { code: 'auth' },
          )
        : new HumanError(
            `${target.alias} is unreachable: ssh did not log in within ${NETWORK_MS / 1000} s. Check that "ssh ${target.alias}" works; runs on it go on meanwhile.`,
            { code: 'unreachable' },
          ),
    ),
  );
  const where = `${target.user}@${target.alias}`;
  const answers = deadline.prolong(typed);
  const askpass = mayAsk
    ? await Askpass.start({ system, folder, where, asker, answers, giveUp: failed.reject })
    : undefined;
  const { intervalMs, times } = target.keepalive;
  const alive = ['-o', `ServerAliveInterval=${Math.ceil(intervalMs / 1000)}`, '-o', `ServerAliveCountMax=${times}`];
  const connection = [...CONNECTION, ...alive, '-F', config];
  const alone = [...connection, ...NO_MASTER, '--', target.alias, BOOT];
  const args = windows ? alone : [...connection, ...MASTER, '-S', socket, '--', target.alias, BOOT];
  const child = start(deps, args, { ...askpass?.env });
  const ended = endOf(child);
  const said: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => {
    if (said.length < MAX_SAID) said.push(chunk);
  });
  const nonce = random.word(16);
  const heard = new Promise<void>((resolve) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString('latin1')).slice(-4096);
      if (text.includes(nonce)) resolve();
    });
  });
  child.stdin?.write(frameScript(`printf '%s\\n' ${nonce}; exec cat >/dev/null`));
  const close = () => {
    child.stdin?.end();
    endPiped(child);
  };
  try {
    const code = await Promise.race([heard.then(() => undefined), ended, failed.promise]);
    if (code === undefined) {
      if (windows) return oneByOne(child, alone, () => files.remove(folder));
      // What only the login needed; the socket goes with the connection.
      for (const name of ['config', 'learn', 'askpass', 'answer']) await files.remove(path.join(folder, name));
      const gone = ended.catch(() => 255).finally(() => files.remove(folder).catch(() => {}));
      const session = [...SESSION, '-S', socket, '--', 'box', BOOT];
      const check = ['-F', '/dev/null', '-S', socket, '-O', 'check', '--', 'box'];
      return { session, check, ended: gone, close };
    }
    const stderr = Buffer.concat(said).toString('utf8');
    if (code === 255) return readSshFault(stderr);
    throw new HumanError(
      `${where} does not run commands as expected: ${stderr.trim().split('\n')[0] || `exit code ${code}`}. Check that a plain "ssh ${target.alias} true" works and that the account has a shell.`,
      { code: 'box-failed' },
    );
  } catch (error) {
    close();
    await ended.catch(() => {});
    throw error;
  } finally {
    deadline.dispose();
    askpass?.dispose();
  }
}

/** Sessions that each log in by themselves, with the configuration in a folder to be removed. */
function oneByOne(tried: ChildProcess, session: readonly string[], remove: () => Promise<void>): Master {
  tried.stdin?.end();
  const ended = Promise.withResolvers<void>();
  const close = () => {
    void remove().catch(() => {});
    ended.resolve();
  };
  return { session, ended: ended.promise, close };
}

/** Has ssh fetch a host's key without logging in, asks about it, and keeps it in our own known_hosts. */
async function learnKey(deps: MasterDeps, chain: readonly SshTarget[], hop: SshTarget, folder: string): Promise<void> {
  const { system, configFolder, configFile, typed, asker } = deps;
  const { files, spawn } = system;
  const ownKnownHosts = path.join(configFolder, 'known_hosts');
  const learnt = path.join(folder, 'learnt');
  const config = path.join(folder, 'learn');
  const learn = { alias: hop.alias, file: learnt };
  await files.write(config, systemConfig({ system, chain, ownKnownHosts, configFile, mayAsk: false, learn }), 0o600);
  const until = chain[chain.length - 1]?.alias ?? hop.alias;
  const args = ['-F', config, '-T', '-S', 'none', '-o', 'ConnectTimeout=30', '--', until, 'true'];
  await spawn.run('ssh', args, { env: system.env });
  const token = hostToken(hop.hostname, hop.port, hop.hostKeyAlias);
  const [entry] = parseKnownHosts((await files.readText(learnt)) ?? '', learnt);
  await files.remove(learnt);
  if (!entry) {
    throw new HumanError(`${hop.alias} is unreachable: its host key could not be fetched. It is tried again.`, {
      code: 'unreachable',
    });
  }
  const shown = fingerprint(entry.blob);
  const question = { host: `${hop.alias} (${token})`, keyType: keyType(entry.blob), fingerprint: shown };
  const trusted =
    hop.strict === 'accept-new' || (await typed.inTurn(async () => (await asker?.trustHostKey(question)) ?? false));
  if (!trusted) {
    throw new HumanError(`The host key of ${hop.alias} was not trusted: ${entry.type} ${shown}.`, { code: 'host-key' });
  }
  await files.makeFolder(configFolder, 0o700);
  await files.append(ownKnownHosts, knownHostLine(token, entry.blob));
}
