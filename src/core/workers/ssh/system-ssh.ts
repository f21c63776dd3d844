import { endPiped } from '../../system/index.ts';
import type { ExecCall, ExecResult, Transport } from '../box/transport.ts';
import { Typed } from '../typed.ts';
import type { Asker } from '../types.ts';
import { resolveChain } from './chain.ts';
import { Channels, whenRoom } from './channels.ts';
import type { ConnectionOptions } from './connection.ts';
import { isNoSession, Link, lostLink, noSession } from './link.ts';
import { readSshFault } from './system-errors.ts';
import { endOf, type Master, openMaster } from './system-master.ts';
import { talk } from './talk.ts';

/** Four on the connection with the session that holds it open. */
const CHANNELS = 3;
const TRAILER = 64;

/**
 * The box by the system's own ssh, for what the ssh2 library cannot do: ProxyCommand, certificates, keys on a security
 * token, Kerberos, algorithms it lacks. One login (a control master), each call a session through it.
 */
export class SystemSsh implements Transport {
  where: string;
  readonly #options: ConnectionOptions;
  readonly #typed: Typed;
  readonly #link: Link<Master>;
  readonly #channels = new Channels(CHANNELS);

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#typed = options.typed ?? new Typed();
    this.where = options.host;
    this.#link = new Link({
      system: options.system,
      asker: options.asker,
      open: (asker) => this.#login(asker),
      where: () => this.where,
    });
  }

  exec(call: ExecCall): Promise<ExecResult> {
    const { clock } = this.#options.system;
    const run = async () => this.#run(await this.#link.get(call.signal), call);
    return this.#channels.hold(() => whenRoom(clock, isNoSession, run), call.signal);
  }

  dispose(): void {
    this.#link.dispose();
  }

  async #login(asker: Asker | undefined): Promise<Master> {
    const { system, configFolder, sshConfigFile, host } = this.#options;
    const chain = await resolveChain({ system, configFile: sshConfigFile }, host);
    const last = chain.at(-1);
    if (last) this.where = `${last.user}@${last.alias}`;
    return openMaster({ system, configFolder, configFile: sshConfigFile, typed: this.#typed, asker }, chain);
  }

  async #run(master: Master, call: ExecCall): Promise<ExecResult> {
    const { clock, random, spawn, env } = this.#options.system;
    const nonce = random.word(16);
    const child = spawn.pipe('ssh', master.session, { env });
    const { stdin, stdout, stderr } = child;
    if (!stdin || !stdout || !stderr) throw new Error('ssh was started without pipes');
    let tail = Buffer.alloc(0);
    const framed: ExecCall = {
      ...call,
      script: withEnd(call.script, nonce),
      onStderr: (chunk) => {
        tail = Buffer.concat([tail, chunk]).subarray(-TRAILER);
        call.onStderr?.(chunk);
      },
    };
    const close = () => endPiped(child);
    const pipes = { stdin, stdout, stderr, ended: endOf(child), close };
    const said = await talk(pipes, framed, clock, () => {
      close();
      this.#link.drop(master);
      return lostLink(this.where);
    });
    const end = new RegExp(`\\n${nonce} (\\d+)\\n$`).exec(tail.toString('latin1'));
    if (end) return { ...said, code: Number(end[1]), stderr: said.stderr.replace(end[0], '') };
    // The script did not come to its end. Another status than ssh's own is the account's, which runs no scripts.
    if (said.code !== 255 && said.code !== undefined) return { ...said, code: said.code };
    if (readSshFault(said.stderr).kind === 'sessions') throw noSession(this.where);
    // Whether the whole connection went, or this session alone: a shell that was killed, say.
    const alive = master.check && (await spawn.run('ssh', master.check, { env })).code === 0;
    if (!alive) this.#link.drop(master);
    throw lostLink(this.where);
  }
}

/** The script with its exit status in a line of its own at the end of stderr: ssh's 255 may be its own or a command's. */
function withEnd(script: string, nonce: string): string {
  return `(\n${script}\n)\nprintf '\\n%s %s\\n' ${nonce} "$?" >&2`;
}
