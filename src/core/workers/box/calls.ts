import { type BoxOf, HumanError } from '../../domain/index.ts';
import type { Random } from '../../system/index.ts';
import { throwForAnswer } from './answers.ts';
import { FollowStream } from './reading.ts';
import { installer, launcher, type ScriptName } from './scripts.ts';
import type { ExecCall, Transport } from './transport.ts';

/** The scripts of a box as calls: one exec each, values as arguments, bytes as stdin. */
export class BoxCalls {
  readonly transport: Transport;
  readonly #root: string;
  readonly #random: Random;

  constructor(box: BoxOf<'ssh'> | BoxOf<'slurm'>, transport: Transport, random: Random) {
    this.transport = transport;
    this.#root = box.root ?? '';
    this.#random = random;
  }

  get where(): string {
    return this.transport.where;
  }

  /** An answer that was not whole: the link's matter. */
  cut(): HumanError {
    return new HumanError(`The answer of ${this.where} was cut; runs on it go on. It is asked again at the next try.`, {
      code: 'unreachable',
    });
  }

  async text(name: ScriptName, args: readonly string[], call: Omit<ExecCall, 'script'>): Promise<string> {
    return (await this.call(name, args, call)).toString('utf8');
  }

  /** Runs a script of the box, putting the scripts there first where they are missing. Gives what it printed. */
  async call(name: ScriptName, args: readonly string[], call: Omit<ExecCall, 'script'>): Promise<Buffer> {
    for (let attempt = 0; ; attempt += 1) {
      const nonce = this.#random.word(16);
      const result = await this.transport.exec({ ...call, script: launcher(nonce, this.#root, name, args) });
      const body = afterNonce(result.stdout, nonce);
      if (!body) {
        throw new HumanError(
          `${this.where} does not run commands as expected: ${firstLine(result.stderr) || `exit code ${result.code}`}. Check that a plain "ssh HOST true" works and that the account has a shell.`,
          { code: 'box-failed' },
        );
      }
      if (body.toString('latin1', 0, 6) !== 'NOBIN\n' || attempt > 0) {
        if (result.code !== 0) throw this.#failed(name, result.code, result.stderr);
        return body;
      }
      await this.#install(call.signal);
    }
  }

  /** The log of a run from byte `offset` as it grows, to its end. */
  async follow(run: string, offset: number, onBytes: (bytes: Buffer) => void, signal: AbortSignal): Promise<void> {
    const nonce = this.#random.word(16);
    const stop = new AbortController();
    const stream = new FollowStream(nonce, onBytes, (error) => stop.abort(error), this.where);
    const { code, stderr } = await this.transport.exec({
      script: launcher(nonce, this.#root, 'follow', [run, String(offset)]),
      signal: AbortSignal.any([signal, stop.signal]),
      // A log may say nothing for hours; the connection's own sign of life notices a dead link.
      idleMs: Number.POSITIVE_INFINITY,
      onStdout: (chunk) => stream.take(chunk),
      onStderr: (chunk) => stream.hear(chunk),
    });
    if (!stream.begun || code !== 0) throw this.#failed('follow', code, stderr);
  }

  async #install(signal?: AbortSignal): Promise<void> {
    const nonce = this.#random.word(16);
    const result = await this.transport.exec({ ...installer(nonce, this.#root), signal });
    const answer = afterNonce(result.stdout, nonce)?.toString('utf8') ?? '';
    throwForAnswer(answer, this.where);
    if (!answer.includes('INSTALLED')) throw this.#failed('install', result.code, result.stderr);
  }

  #failed(what: string, code: number, stderr: string): HumanError {
    const said = firstLine(stderr);
    return new HumanError(`${what} failed on ${this.where} with exit code ${code}${said ? `: ${said}` : ''}.`, {
      code: 'box-failed',
    });
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0]?.slice(0, 300) ?? '';
}

/** What a script printed, without what the login shell said before it. */
function afterNonce(stdout: Buffer, nonce: string): Buffer | undefined {
  const mark = Buffer.from(`${nonce}\n`);
  const at = stdout.indexOf(mark);
  return at < 0 ? undefined : stdout.subarray(at + mark.length);
}
