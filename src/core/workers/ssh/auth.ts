import type { AnyAuthMethod, AuthenticationType, KeyboardInteractiveAuthMethod, ParsedKey } from 'ssh2';
import { HumanError } from '../../domain/index.ts';
import type { Files } from '../../system/index.ts';
import type { Answers } from '../typed.ts';
import type { Asker } from '../types.ts';
import type { SshTarget } from './config.ts';
import { FileAgent, OrderedAgent, publicHalf, readKeyFile, unlock } from './keys.ts';

/** Wrong answers a person may give, as with ssh (NumberOfPasswordPrompts). */
const TRIES = 3;

export interface LoginParts {
  readonly target: SshTarget;
  readonly files: Files;
  readonly typed: Answers;
  /** None: nothing is asked; what was typed before is used again, once. */
  readonly asker: Asker | undefined;
  /** Ends the attempt at once: the person gave no answer, or cannot be asked. */
  readonly giveUp: (why: HumanError) => void;
}

interface Way {
  readonly kind: AuthenticationType;
  /** Undefined: nothing to try that way after all. */
  make(): Promise<AnyAuthMethod | undefined>;
}

/**
 * The ways to log in to one host, one after the other, as ssh goes through them: the agent's keys, key files (a locked
 * one asks for its passphrase once the server would take it), the server's own questions, a password. One object per
 * attempt.
 */
export class Login {
  readonly #parts: LoginParts;
  #ways: AsyncGenerator<Way, undefined>;
  readonly #tried: string[] = [];
  #left: readonly string[] | undefined;
  /** Answers the server refused. */
  #wrong = 0;
  /** The answer the server is about to judge. */
  #given: { readonly what: string; readonly answer: string } | undefined;
  #questioned = false;
  #beyond: string | undefined;

  constructor(parts: LoginParts) {
    this.#parts = parts;
    this.#ways = this.#inOrder();
  }

  /** What was tried, in words, for the message when none works. */
  get tried(): readonly string[] {
    return this.#wrong === 0
      ? this.#tried
      : [...this.#tried, `${this.#wrong} wrong answer${this.#wrong > 1 ? 's' : ''}`];
  }

  /** A key that was passed over because the library cannot read it, in words. */
  get beyond(): string | undefined {
    return this.#beyond;
  }

  /** The ways the server would take, as it said last. */
  get left(): readonly string[] | undefined {
    return this.#left;
  }

  /** The next way among those the server still takes (null: not told yet), or false. */
  async next(left: readonly AuthenticationType[] | null, partly = false): Promise<AnyAuthMethod | false> {
    this.#left = left ?? undefined;
    if (partly) {
      // One of several that the server wants; the next may be of a kind we are past.
      this.#given = undefined;
      this.#ways = this.#inOrder();
    } else {
      this.refused();
    }
    for (;;) {
      const { value, done } = await this.#ways.next();
      if (done || !value) return false;
      if (left !== null && !left.includes(value.kind)) continue;
      const method = await value.make();
      if (method) return method;
    }
  }

  /** The answer given last was wrong, or is not taken any more. */
  refused(): void {
    if (!this.#given) return;
    this.#parts.typed.forget(this.#given.what, this.#given.answer);
    this.#given = undefined;
    this.#wrong += 1;
  }

  async *#inOrder(): AsyncGenerator<Way, undefined> {
    for (const method of this.#parts.target.methods) {
      if (method === 'publickey') yield* this.#keys();
      if (method === 'keyboard-interactive') yield* this.#questions();
      if (method === 'password') yield* this.#passwords();
    }
    return undefined;
  }

  async *#keys(): AsyncGenerator<Way, undefined> {
    const { target, files } = this.#parts;
    const username = target.user;
    const halves = new Map<string, ParsedKey>();
    for (const file of target.identityFiles) {
      const half = await publicHalf(file, files);
      if (half) halves.set(file, half);
    }
    const socket = target.agent;
    const named = [...halves.values()].map((half) => half.getPublicSSH());
    if (socket !== undefined && (!target.identitiesOnly || named.length > 0)) {
      yield {
        kind: 'publickey',
        make: async () => {
          this.#tried.push('agent');
          return { type: 'agent', username, agent: new OrderedAgent(socket, named, target.identitiesOnly) };
        },
      };
    }
    for (const file of target.identityFiles) {
      yield { kind: 'publickey', make: () => this.#keyFile(file, halves.get(file)) };
    }
    return undefined;
  }

  async #keyFile(file: string, half: ParsedKey | undefined): Promise<AnyAuthMethod | undefined> {
    const { target, files, typed, asker } = this.#parts;
    const username = target.user;
    const found = await readKeyFile(file, files);
    if (!found) return undefined;
    if (found.kind === 'unusable') {
      this.#tried.push(`${file} (${found.why})`);
      if (found.unknown) this.#beyond = `the key ${file}`;
      return undefined;
    }
    if (found.kind === 'open') {
      this.#tried.push(file);
      return { type: 'publickey', username, key: found.key };
    }
    if (!asker && typed.get(file) === undefined) {
      this.#tried.push(
        `${file} (encrypted, and nobody to ask for its passphrase: put it into your agent with ssh-add)`,
      );
      return undefined;
    }
    const open = () => this.#unlock(file, found.bytes);
    if (half) {
      this.#tried.push(file);
      return { type: 'agent', username, agent: new FileAgent(half, open) };
    }
    const key = await open();
    if (!key) return undefined;
    this.#tried.push(file);
    return { type: 'publickey', username, key };
  }

  async #unlock(file: string, bytes: Buffer): Promise<ParsedKey | undefined> {
    const { typed, asker } = this.#parts;
    for (let tries = 0; tries < TRIES; tries += 1) {
      const again = tries === 0 ? '' : 'That was not it. ';
      const passphrase = await this.#secret(file, `${again}Passphrase of ${file}`);
      if (passphrase === undefined) return undefined;
      try {
        const key = unlock(bytes, passphrase);
        if (key) return key;
      } catch (error) {
        this.#tried.push(`${file} (${(error as Error).message})`);
        this.#beyond = `the key ${file}`;
        return undefined;
      }
      typed.forget(file, passphrase);
      if (!asker) return undefined;
    }
    this.#tried.push(`${file} (${TRIES} wrong passphrases)`);
    return undefined;
  }

  /** What a person types, or typed before; gives up where there is neither. */
  async #secret(what: string, prompt: string): Promise<string | undefined> {
    const { typed, asker, giveUp, target } = this.#parts;
    const answer = await typed.inTurn(async () => typed.get(what) ?? (await asker?.secret({ prompt })));
    if (answer === undefined) {
      giveUp(
        new HumanError(
          `${target.user}@${target.alias} was not logged in to: no answer to "${prompt}". Check Boxes (research-copilot boxes --check) asks again; a key in your agent (ssh-add) needs no question.`,
          { code: 'auth' },
        ),
      );
      return undefined;
    }
    typed.keep(what, answer);
    return answer;
  }

  get #passwordName(): string {
    const { user, hostname, port } = this.#parts.target;
    return `password of ${user}@${hostname}:${port}`;
  }

  /** Whether there is somebody to ask, or an answer from before. */
  get #mayAnswer(): boolean {
    const { asker, typed } = this.#parts;
    return this.#wrong < TRIES && (asker !== undefined || typed.get(this.#passwordName) !== undefined);
  }

  /** Asks the server what it takes, so that nobody is asked for what it does not. */
  async *#ifUntold(): AsyncGenerator<Way, undefined> {
    const username = this.#parts.target.user;
    if (this.#left === undefined) yield { kind: 'none', make: async () => ({ type: 'none', username }) };
    return undefined;
  }

  async *#questions(): AsyncGenerator<Way, undefined> {
    const username = this.#parts.target.user;
    do {
      if (!this.#mayAnswer) return undefined;
      yield* this.#ifUntold();
      this.#questioned = false;
      yield {
        kind: 'keyboard-interactive',
        make: async () => ({
          type: 'keyboard-interactive',
          username,
          prompt: (_name, _instructions, _language, prompts, finish) => {
            this.#answer(prompts).then(finish, () => finish([]));
          },
        }),
      };
    } while (this.#questioned);
    return undefined;
  }

  async #answer(prompts: Parameters<KeyboardInteractiveAuthMethod['prompt']>[3]): Promise<string[]> {
    const { target, asker, typed, giveUp } = this.#parts;
    if (!this.#questioned) this.#tried.push('keyboard-interactive');
    this.#questioned = true;
    const where = `${target.user}@${target.alias}`;
    const [only] = prompts;
    // A code that is good once is no use later: only a password is kept.
    if (prompts.length === 1 && only?.echo !== true && /passw/i.test(only?.prompt ?? '')) {
      const answer = await this.#secret(this.#passwordName, `${where}: ${plain(only?.prompt ?? '')}`);
      if (answer !== undefined) this.#given = { what: this.#passwordName, answer };
      return answer === undefined ? [] : [answer];
    }
    const answers: string[] = [];
    for (const { prompt } of prompts) {
      const answer = await typed.inTurn(async () => asker?.secret({ prompt: `${where}: ${plain(prompt)}` }));
      if (answer === undefined) {
        giveUp(
          new HumanError(
            `${where} asks "${plain(prompt)}" and got no answer. Check Boxes (research-copilot boxes --check) asks again.`,
            { code: 'auth' },
          ),
        );
        return [];
      }
      answers.push(answer);
      this.#given = { what: '', answer: '' };
    }
    return answers;
  }

  async *#passwords(): AsyncGenerator<Way, undefined> {
    const { target } = this.#parts;
    let used = true;
    while (used && this.#mayAnswer) {
      yield* this.#ifUntold();
      used = false;
      yield {
        kind: 'password',
        make: async () => {
          const again = this.#wrong === 0 ? '' : 'That was not it. ';
          const password = await this.#secret(this.#passwordName, `${again}Password of ${target.user}@${target.alias}`);
          if (password === undefined) return undefined;
          used = true;
          if (!this.#tried.includes('password')) this.#tried.push('password');
          this.#given = { what: this.#passwordName, answer: password };
          return { type: 'password', username: target.user, password };
        },
      };
    }
    return undefined;
  }
}

/** A server's words: one line, nothing that moves a cursor. */
function plain(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .trim()
    .slice(0, 200);
}
