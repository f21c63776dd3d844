import { connect as connectSocket, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Client } from 'ssh2';
import { HumanError, isHumanError } from '../../domain/index.ts';
import type { Clock, Files } from '../../system/index.ts';
import type { Typed } from '../typed.ts';
import type { Asker } from '../types.ts';
import { Login } from './auth.ts';
import type { SshTarget } from './config.ts';
import { Deadline, NETWORK_MS, PERSON_MS } from './deadline.ts';
import { HostKeyCheck } from './host-key.ts';
import { agentKeyTypes } from './keys.ts';
import { mustBeSystem, shouldBeSystem } from './needs-system.ts';
import { systemCould } from './system-can.ts';

export interface ConnectDeps {
  readonly clock: Clock;
  readonly files: Files;
  readonly configFolder: string;
  readonly asker?: Asker;
  readonly typed: Typed;
  /** Try what the library can, though the system's ssh would do better. */
  readonly libraryOnly: boolean;
}

/** An open connection. `ended` resolves, with the reason where there is one, when it is gone. */
export interface OpenConnection {
  readonly client: Client;
  readonly ended: Promise<Error | undefined>;
  /** Bytes on the wire so far, for the nearest hop. */
  traffic(): { readonly read: number; readonly written: number };
  close(): void;
}

function addressOf(target: SshTarget): string {
  return `${target.hostname}:${target.port}`;
}

function unreachable(target: SshTarget, why: string): HumanError {
  return new HumanError(
    `${target.alias} (${addressOf(target)}) is unreachable: ${why}. Check that it is on and that "ssh ${target.alias}" works; runs on it go on meanwhile.`,
    { code: 'unreachable' },
  );
}

/**
 * Connects to the last of `chain` through the others, each with its own host key check and login.
 * @throws HumanError `unreachable`, `host-key`, `auth`, `ssh-unsupported`
 */
export async function openConnection(
  deps: ConnectDeps,
  chain: readonly SshTarget[],
  signal?: AbortSignal,
): Promise<OpenConnection> {
  const needs = mustBeSystem(chain) ?? (deps.libraryOnly ? undefined : await shouldBeSystem(chain, deps.files));
  if (needs !== undefined) throw needsSystem(chain, needs);
  const opened: { client: Client; ended: Promise<Error | undefined> }[] = [];
  const close = () => {
    for (const { client } of opened.toReversed()) client.end();
    for (const { client } of opened) client.destroy();
  };
  let socket: Socket | undefined;
  let through: Duplex | undefined;
  try {
    for (const [index, target] of chain.entries()) {
      if (!through) socket = connectSocket({ host: target.hostname, port: target.port, noDelay: true });
      opened.push(await handshake(deps, target, through ?? (socket as Socket), signal));
      const next = chain[index + 1];
      if (next) through = await forward(opened.at(-1)?.client as Client, next);
    }
  } catch (error) {
    close();
    socket?.destroy();
    throw error;
  }
  const last = opened.at(-1);
  if (!last) throw new Error('A chain of hosts cannot be empty.');
  return {
    client: last.client,
    // With any hop the rest is gone.
    ended: Promise.race(opened.map((one) => one.ended)).then((error) => {
      close();
      return error;
    }),
    traffic: () => ({ read: socket?.bytesRead ?? 0, written: socket?.bytesWritten ?? 0 }),
    close,
  };
}

function needsSystem(chain: readonly SshTarget[], what: string): HumanError {
  return systemCould(
    `${chain.at(-1)?.alias} is reached by ${what}, which the built-in client cannot do. Take "transport: ssh2" away from the box in boxes.yaml, so that the system's ssh is used.`,
    'ssh-unsupported',
    what,
  );
}

function forward(client: Client, next: SshTarget): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    client.forwardOut('127.0.0.1', 0, next.hostname, next.port, (error, stream) => {
      if (error) reject(unreachable(next, `the jump host cannot reach it (${error.message})`));
      else resolve(stream);
    });
  });
}

/** One ssh2 client per attempt: a client that failed is never used again. */
async function handshake(deps: ConnectDeps, target: SshTarget, sock: Duplex, signal?: AbortSignal) {
  const { clock, files, configFolder, asker, typed } = deps;
  const client = new Client();
  let failure: Error | undefined;
  let refusal: unknown;
  const failed = Promise.withResolvers<never>();
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<Error | undefined>();
  // Listeners stay for good: an error without one would end the process.
  client.on('error', (error: Error & { level?: string }) => {
    // The library goes on with the next way to log in.
    if (error.level === 'agent') return;
    failure = error;
    failed.reject(error);
  });
  const onEnd = () => {
    ended.resolve(failure);
    failed.reject(failure ?? new Error('the connection was closed'));
  };
  client.on('close', onEnd);
  // A hop that died is the end of what its jump forwards, and no more: the jump's sshd keeps the other half open.
  client.on('end', onEnd);
  client.on('ready', () => ready.resolve());
  // It may fail before the library listens to it.
  sock.on('error', (error) => failed.reject(error));
  failed.promise.catch(() => {});

  const giveUp = (why: unknown) => {
    refusal ??= why;
    failed.reject(why);
  };
  // A deadline of our own, because the library's would run while a person reads a question.
  const deadline = new Deadline(clock, (who) => {
    if (who === 'person') giveUp(nobodyAnswered(target));
    else failed.reject(new Error(`no answer within ${NETWORK_MS / 1000} s`));
  });
  const answers = deadline.prolong(typed);
  const hostKey = await HostKeyCheck.load(target, configFolder, files, asker, answers);
  const login = new Login({ target, files, typed: answers, asker, giveUp });
  const onAbort = () => failed.reject(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    client.connect({
      sock,
      username: target.user,
      readyTimeout: 0,
      keepaliveInterval: target.keepalive.intervalMs,
      keepaliveCountMax: target.keepalive.times,
      algorithms: { serverHostKey: hostKey.algorithms },
      hostVerifier: (key: Buffer, verify: (ok: boolean) => void) => {
        hostKey.check(key).then(
          () => verify(true),
          (error) => {
            refusal = error;
            verify(false);
          },
        );
      },
      authHandler: (left, partly, next) => {
        login.next(left as typeof left | null, partly ?? false).then(
          (method) => next(method as Parameters<typeof next>[0]),
          (error) => {
            refusal = error;
            next(false as never);
          },
        );
      },
    });
    await Promise.race([ready.promise, failed.promise]);
    return { client, ended: ended.promise };
  } catch (error) {
    client.destroy();
    sock.destroy();
    if (signal?.aborted) throw signal.reason;
    throw await explain(target, refusal ?? error, login, clock);
  } finally {
    deadline.dispose();
    signal?.removeEventListener('abort', onAbort);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no network',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up',
  ECONNRESET: 'the connection was reset',
};

function nobodyAnswered(target: SshTarget): HumanError {
  return new HumanError(
    `Nobody answered the question about ${target.alias} within ${PERSON_MS / 60_000} minutes. Check Boxes (research-copilot boxes --check) asks again.`,
    { code: 'auth' },
  );
}

/** What the library passed over at a login that was refused, and the system's ssh would have offered. */
async function passedOver(target: SshTarget, login: Login, clock: Clock): Promise<string | undefined> {
  if (target.gssapi && login.left?.includes('gssapi-with-mic')) return 'a Kerberos ticket';
  if (login.beyond !== undefined) return login.beyond;
  if (target.agent === undefined) return undefined;
  const types = await agentKeyTypes(target.agent, clock);
  const other = types.find((type) => type.startsWith('sk-') || type.includes('-cert-v01@'));
  return other && `a key of type ${other} in the agent`;
}

async function explain(target: SshTarget, error: unknown, login: Login, clock: Clock): Promise<unknown> {
  if (isHumanError(error)) return error;
  const { level, code, message = '' } = error as { level?: string; code?: string; message?: string };
  if (level === 'client-authentication' || /too many authentication failures/i.test(message)) {
    login.refused();
    const list = login.tried.length > 0 ? login.tried.join(', ') : 'nothing: there is no agent and no key file';
    const text = `${target.user}@${target.alias} (${addressOf(target)}) refused the login. Tried: ${list}. Check that "ssh ${target.alias}" logs in without a question, or name the key with IdentityFile in ~/.ssh/config; an account may also be locked.`;
    const other = await passedOver(target, login, clock);
    return other === undefined ? new HumanError(text, { code: 'auth' }) : systemCould(text, 'auth', other);
  }
  if (level === 'handshake' && /no matching|unsupported/i.test(message)) {
    return systemCould(
      `${target.alias} (${addressOf(target)}) and the built-in client have no algorithm in common: ${message}. Take "transport: ssh2" away from the box in boxes.yaml, so that the system's ssh is used.`,
      'ssh-unsupported',
      'they have no algorithm in common',
    );
  }
  return unreachable(target, (code && REASONS[code]) ?? (message || 'it does not answer'));
}
