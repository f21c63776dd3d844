import type { ClientChannel } from 'ssh2';
import { HumanError, isHumanError } from '../../domain/index.ts';
import type { System } from '../../system/index.ts';
import { BOOT, type ExecCall, type ExecResult, frameScript, type Transport } from '../box/transport.ts';
import { Typed } from '../typed.ts';
import type { Asker } from '../types.ts';
import { resolveChain } from './chain.ts';
import { Channels } from './channels.ts';
import { type OpenConnection, openConnection } from './connect.ts';

/** sshd takes ten sessions on a connection as a rule; others of ours and of a person need room too. */
const CHANNELS = 4;
const IDLE_MS = 120_000;
const MAX_BACKOFF_MS = 30_000;
/** A refused login or key is not tried again before this, or the box may lock us out. */
const REFUSED_MS = 60_000;
const MAX_STDERR = 64 * 1024;

export interface ConnectionOptions {
  readonly host: string;
  readonly system: System;
  readonly configFolder: string;
  readonly asker?: Asker;
  readonly typed?: Typed;
  readonly sshConfigFile?: string;
}

/**
 * One connection to a box, made when first needed and made anew, by the next call, after it was lost. At most one
 * attempt at a time; after a failed one the next waits, with full jitter, unless a person is there to ask.
 */
export class SshConnection implements Transport {
  where: string;
  readonly #options: ConnectionOptions;
  readonly #typed: Typed;
  #open: OpenConnection | undefined;
  #opening: Promise<OpenConnection> | undefined;
  #openingAsks = false;
  #failures = 0;
  #notBefore = 0;
  #lastError: unknown;
  #disposed = false;
  readonly #channels = new Channels(CHANNELS);
  #calls = 0;
  #past = { read: 0, written: 0 };

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#typed = options.typed ?? new Typed();
    this.where = options.host;
  }

  /** Calls made and bytes on the wire, all connections together. */
  traffic(): { readonly calls: number; readonly read: number; readonly written: number } {
    const now = this.#open?.traffic() ?? { read: 0, written: 0 };
    return { calls: this.#calls, read: this.#past.read + now.read, written: this.#past.written + now.written };
  }

  exec(call: ExecCall): Promise<ExecResult> {
    return this.#channels.hold(async () => {
      const connection = await this.#connected(call.signal);
      this.#calls += 1;
      return this.#run(connection, call);
    }, call.signal);
  }

  dispose(): void {
    this.#disposed = true;
    this.#open?.close();
    this.#open = undefined;
  }

  async #connected(signal?: AbortSignal): Promise<OpenConnection> {
    if (this.#disposed) throw new HumanError(`The connection to ${this.where} was closed.`, { code: 'unreachable' });
    if (this.#open) return this.#open;
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    aborted.promise.catch(() => {});
    try {
      const alone = this.#opening !== undefined && !this.#openingAsks;
      return await Promise.race([this.#attempt(), aborted.promise]).catch((error) => {
        // The attempt under way began before a person came, who can answer what it could not ask.
        if (!alone || !this.#asker() || !isHumanError(error) || error.code === 'unreachable') throw error;
        return Promise.race([this.#attempt(), aborted.promise]);
      });
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** The attempt under way, or a new one. Not with a caller's signal: others may wait for the same. */
  #attempt(): Promise<OpenConnection> {
    if (this.#opening) return this.#opening;
    const asker = this.#asker();
    this.#openingAsks = asker !== undefined;
    this.#opening = this.#connect(asker).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** Whom to ask now, where a person waits. */
  #asker(): Asker | undefined {
    const { asker } = this.#options;
    return asker?.present?.() === false ? undefined : asker;
  }

  async #connect(asker: Asker | undefined): Promise<OpenConnection> {
    const { system, configFolder } = this.#options;
    const { clock, files, random } = system;
    if (this.#lastError !== undefined && !asker && clock.monotonic() < this.#notBefore) throw this.#lastError;
    try {
      const chain = await resolveChain({ system, configFile: this.#options.sshConfigFile }, this.#options.host);
      const last = chain.at(-1);
      if (last) this.where = `${last.user}@${last.alias}`;
      const open = await openConnection({ clock, files, configFolder, asker, typed: this.#typed }, chain);
      this.#failures = 0;
      this.#lastError = undefined;
      if (this.#disposed) {
        open.close();
        throw new HumanError(`The connection to ${this.where} was closed.`, { code: 'unreachable' });
      }
      this.#open = open;
      void open.ended.then(() => {
        const { read, written } = open.traffic();
        this.#past = { read: this.#past.read + read, written: this.#past.written + written };
        if (this.#open === open) this.#open = undefined;
      });
      return open;
    } catch (error) {
      this.#failures += 1;
      this.#lastError = error;
      const refused = isHumanError(error) && error.code !== 'unreachable';
      const longest = Math.min(MAX_BACKOFF_MS, 1000 * 2 ** (this.#failures - 1));
      this.#notBefore = clock.monotonic() + (refused ? REFUSED_MS : random.unit() * longest);
      throw error;
    }
  }

  #lost(): HumanError {
    return new HumanError(
      `The connection to ${this.where} was lost; runs on it go on. It is made anew at the next try.`,
      {
        code: 'unreachable',
      },
    );
  }

  #run(connection: OpenConnection, call: ExecCall): Promise<ExecResult> {
    const { clock } = this.#options.system;
    return new Promise((resolve, reject) => {
      const refuse = (error: Error) =>
        reject(
          /channel open failure/i.test(error.message)
            ? new HumanError(
                `${this.where} takes no further session (MaxSessions in its sshd_config). Close some, then try again.`,
                {
                  code: 'unreachable',
                  cause: error,
                },
              )
            : this.#lost(),
        );
      const onOpen = (error: Error | undefined, channel: ClientChannel) => {
        if (error) {
          refuse(error);
          return;
        }
        this.#talk(channel, call, clock).then(resolve, reject);
      };
      // A connection that died before its channel opened never calls back.
      void connection.ended.then(() => reject(this.#lost()));
      try {
        connection.client.exec(BOOT, onOpen);
      } catch (error) {
        refuse(error as Error);
      }
    });
  }

  #talk(channel: ClientChannel, call: ExecCall, clock: System['clock']): Promise<ExecResult> {
    const { signal } = call;
    return new Promise((resolve, reject) => {
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      let errorBytes = 0;
      let code: number | undefined;
      const idleMs = call.idleMs ?? IDLE_MS;
      let last = clock.monotonic();
      const busy = () => {
        last = clock.monotonic();
      };
      const watch = clock.every(Math.min(idleMs, 5000), () => {
        if (clock.monotonic() - last < idleMs) return;
        // A channel that says nothing for so long belongs to a link or a disk that hangs: start over.
        this.#open?.close();
        finish(this.#lost());
      });
      const finish = (error?: unknown) => {
        watch.dispose();
        signal?.removeEventListener('abort', onAbort);
        if (error !== undefined) reject(error);
        else
          resolve({ code: code ?? -1, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8') });
      };
      const onAbort = () => {
        channel.close();
        finish(signal?.reason);
      };
      if (signal?.aborted) {
        onAbort();
        return;
      }
      signal?.addEventListener('abort', onAbort, { once: true });
      channel.on('data', (chunk: Buffer) => {
        busy();
        if (call.onStdout) call.onStdout(chunk);
        else stdout.push(chunk);
      });
      // Unread stderr would stall the channel.
      channel.stderr.on('data', (chunk: Buffer) => {
        busy();
        call.onStderr?.(chunk);
        errorBytes += chunk.length;
        if (errorBytes <= MAX_STDERR) stderr.push(chunk);
      });
      channel.on('error', () => {});
      channel.on('exit', (status: number | null) => {
        // A signal ended it: no status, but an end all the same.
        code = status ?? 255;
      });
      // Without an exit status before it, the close is the link's and not the command's.
      channel.on('close', () => finish(code === undefined ? this.#lost() : undefined));
      void this.#feed(channel, call, busy).catch((error) => {
        channel.close();
        finish(error);
      });
    });
  }

  async #feed(channel: ClientChannel, call: ExecCall, busy: () => void): Promise<void> {
    const write = (chunk: Uint8Array) =>
      new Promise<void>((resolve) => {
        if (channel.write(chunk)) resolve();
        else {
          const go = () => {
            channel.off('drain', go);
            channel.off('close', go);
            busy();
            resolve();
          };
          channel.on('drain', go);
          channel.on('close', go);
        }
      });
    const head = frameScript(call.script);
    if (call.input instanceof Uint8Array) {
      await write(Buffer.concat([head, call.input]));
    } else {
      await write(head);
      if (call.input) {
        for await (const chunk of call.input()) {
          if (!channel.writable || channel.destroyed) return;
          await write(chunk);
        }
      }
    }
    channel.end();
  }
}
