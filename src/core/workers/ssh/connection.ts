import type { ClientChannel } from 'ssh2';
import type { System } from '../../system/index.ts';
import { BOOT, type ExecCall, type ExecResult, type Transport } from '../box/transport.ts';
import { Typed } from '../typed.ts';
import type { Asker } from '../types.ts';
import { resolveChain } from './chain.ts';
import { Channels, whenRoom } from './channels.ts';
import { type OpenConnection, openConnection } from './connect.ts';
import { isNoSession, Link, lostLink, noSession } from './link.ts';
import { type Pipes, talk } from './talk.ts';

/** sshd takes ten sessions on a connection as a rule; others of ours and of a person need room too. */
const CHANNELS = 4;

export interface ConnectionOptions {
  readonly host: string;
  readonly system: System;
  readonly configFolder: string;
  readonly asker?: Asker;
  readonly typed?: Typed;
  readonly sshConfigFile?: string;
  /** Try what can be tried by the library alone, though the system's ssh would do better. */
  readonly libraryOnly?: boolean;
}

/** The box by the ssh2 library: one connection (see Link), at most four channels. */
export class SshConnection implements Transport {
  where: string;
  readonly #options: ConnectionOptions;
  readonly #typed: Typed;
  readonly #link: Link<OpenConnection>;
  readonly #channels = new Channels(CHANNELS);
  #calls = 0;
  #past = { read: 0, written: 0 };

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#typed = options.typed ?? new Typed();
    this.where = options.host;
    this.#link = new Link({
      system: options.system,
      asker: options.asker,
      open: (asker) => this.#connect(asker),
      where: () => this.where,
    });
  }

  /** Calls made and bytes on the wire, all connections together. */
  traffic(): { readonly calls: number; readonly read: number; readonly written: number } {
    const now = this.#link.current?.traffic() ?? { read: 0, written: 0 };
    return { calls: this.#calls, read: this.#past.read + now.read, written: this.#past.written + now.written };
  }

  exec(call: ExecCall): Promise<ExecResult> {
    return this.#channels.hold(async () => {
      const connection = await this.#link.get(call.signal);
      this.#calls += 1;
      const { clock } = this.#options.system;
      const channel = await whenRoom(clock, isNoSession, () => this.#channel(connection));
      const said = await talk(pipesOf(channel), call, clock, () => {
        this.#link.drop(connection);
        return lostLink(this.where);
      });
      if (said.code === undefined) throw lostLink(this.where);
      return { ...said, code: said.code };
    }, call.signal);
  }

  dispose(): void {
    this.#link.dispose();
  }

  async #connect(asker: Asker | undefined): Promise<OpenConnection> {
    const { system, configFolder, sshConfigFile, host, libraryOnly = false } = this.#options;
    const chain = await resolveChain({ system, configFile: sshConfigFile }, host);
    const last = chain.at(-1);
    if (last) this.where = `${last.user}@${last.alias}`;
    const { clock, files } = system;
    const open = await openConnection({ clock, files, configFolder, asker, typed: this.#typed, libraryOnly }, chain);
    void open.ended.then(() => {
      const { read, written } = open.traffic();
      this.#past = { read: this.#past.read + read, written: this.#past.written + written };
    });
    return open;
  }

  #channel(connection: OpenConnection): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      const refuse = (error: Error) =>
        reject(/channel open failure/i.test(error.message) ? noSession(this.where) : lostLink(this.where));
      // A connection that died before its channel opened never calls back.
      void connection.ended.then(() => reject(lostLink(this.where)));
      try {
        connection.client.exec(BOOT, (error, channel) => (error ? refuse(error) : resolve(channel)));
      } catch (error) {
        refuse(error as Error);
      }
    });
  }
}

function pipesOf(channel: ClientChannel): Pipes {
  const ended = new Promise<number | undefined>((resolve) => {
    let code: number | undefined;
    channel.on('error', () => {});
    channel.on('exit', (status: number | null) => {
      // A signal ended it: no status, but an end all the same.
      code = status ?? 255;
    });
    // Without an exit status before it, the close is the link's and not the command's.
    channel.on('close', () => resolve(code));
  });
  return { stdin: channel, stdout: channel, stderr: channel.stderr, ended, close: () => channel.close() };
}
