import * as path from 'node:path';
import { HumanError } from '../../domain/index.ts';
import type { Disposable, System } from '../../system/index.ts';
import type { Answers } from '../typed.ts';
import type { Asker } from '../types.ts';

const LOOK_MS = 100;
const TRIES = 3;

/**
 * What ssh runs to ask for a passphrase or a password. It leaves the question in a file and waits for the answer in a
 * pipe that only this account can open: the answer is on no disk and no command line.
 */
const HELPER = `#!/bin/sh
case \${SSH_ASKPASS_PROMPT-} in none) exit 0 ;; confirm) exit 1 ;; esac
rc_dir=\${0%/*}
printf '%s' "$1" >"$rc_dir/ask.tmp" && mv -f "$rc_dir/ask.tmp" "$rc_dir/ask" && exec cat "$rc_dir/answer"
`;

export interface AskpassParts {
  readonly system: Pick<System, 'files' | 'spawn' | 'clock'>;
  /** A folder of this login alone, for our account only. */
  readonly folder: string;
  readonly where: string;
  readonly asker: Asker | undefined;
  readonly answers: Answers;
  /** Ends the login: there is no answer. */
  readonly giveUp: (why: HumanError) => void;
}

/** Answers the questions of one ssh program. Not for Windows, which has no such pipes. */
export class Askpass {
  readonly #parts: AskpassParts;
  readonly #given = new Map<string, string>();
  #wrong = 0;
  #watch: Disposable | undefined;
  #answering = false;

  private constructor(parts: AskpassParts) {
    this.#parts = parts;
  }

  static async start(parts: AskpassParts): Promise<Askpass> {
    const { files, spawn, clock } = parts.system;
    await files.write(path.join(parts.folder, 'askpass'), HELPER, 0o700);
    await files.remove(path.join(parts.folder, 'answer'));
    const made = await spawn.run('mkfifo', ['-m', '600', path.join(parts.folder, 'answer')]);
    if (made.code !== 0) throw new Error(`mkfifo: ${made.stderr.toString('utf8')}`);
    const askpass = new Askpass(parts);
    askpass.#watch = clock.every(LOOK_MS, () => void askpass.#look());
    return askpass;
  }

  /** What ssh's environment needs. */
  get env(): Readonly<Record<string, string>> {
    // Before OpenSSH 8.4 a display had to be named, too.
    return { SSH_ASKPASS: path.join(this.#parts.folder, 'askpass'), SSH_ASKPASS_REQUIRE: 'force', DISPLAY: ':0' };
  }

  async #look(): Promise<void> {
    if (this.#answering) return;
    this.#answering = true;
    try {
      const { files } = this.#parts.system;
      const file = path.join(this.#parts.folder, 'ask');
      const question = await files.readText(file);
      if (question === undefined) return;
      await files.remove(file);
      const answer = await this.#answer(question);
      if (answer !== undefined) await files.append(path.join(this.#parts.folder, 'answer'), `${answer}\n`);
    } catch {
      // The folder went away: the login ended.
    } finally {
      this.#answering = false;
    }
  }

  async #answer(question: string): Promise<string | undefined> {
    const { answers, asker, giveUp, where } = this.#parts;
    const what = `ssh asks ${question}`;
    const before = this.#given.get(what);
    if (before !== undefined) {
      // The same question again: the answer was not it.
      answers.forget(what, before);
      this.#wrong += 1;
    }
    const prompt = `${before === undefined ? '' : 'That was not it. '}${where}: ${plain(question)}`;
    const answer =
      this.#wrong >= TRIES
        ? undefined
        : await answers.inTurn(async () => answers.get(what) ?? (await asker?.secret({ prompt })));
    if (answer === undefined) {
      const said = this.#wrong > 0 ? `refused ${this.#wrong} answers to` : 'got no answer to';
      giveUp(
        new HumanError(
          `${where} ${said} "${plain(question)}". Check Boxes (research-copilot boxes --check) asks again; a key in your agent (ssh-add) needs no question.`,
          { code: 'auth' },
        ),
      );
      return undefined;
    }
    answers.keep(what, answer);
    this.#given.set(what, answer);
    return answer;
  }

  dispose(): void {
    this.#watch?.dispose();
    // Lets go a write that nobody reads any more.
    if (this.#answering) void this.#parts.system.files.read(path.join(this.#parts.folder, 'answer')).catch(() => {});
  }
}

function plain(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .trim()
    .replace(/:$/, '')
    .slice(0, 200);
}
