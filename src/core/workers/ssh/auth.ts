import type { AnyAuthMethod, AuthenticationType, ParsedKey } from 'ssh2';
import { OpenSSHAgent, utils } from 'ssh2';
import type { Files } from '../../system/index.ts';
import type { Asker } from '../types.ts';
import type { SshTarget } from './config.ts';

/** Only those keys of an agent that the configuration names (`IdentitiesOnly`). */
class ChosenAgent extends OpenSSHAgent {
  readonly #chosen: readonly Buffer[];

  constructor(socket: string, chosen: readonly Buffer[]) {
    super(socket);
    this.#chosen = chosen;
  }

  override getIdentities(callback: Parameters<OpenSSHAgent['getIdentities']>[0]): void {
    super.getIdentities((error, keys) => {
      if (error || !keys) {
        callback(error, keys);
        return;
      }
      const wanted = (keys as unknown as ParsedKey[]).filter((key) =>
        this.#chosen.some((blob) => blob.equals(key.getPublicSSH())),
      );
      callback(undefined, wanted as unknown as typeof keys);
    });
  }
}

/** Ways to log in, one after the other, and what was tried, for the message when none works. */
export interface Login {
  readonly tried: readonly string[];
  /** The next way among those the server still takes (null: not told yet), or false. */
  next(left: readonly AuthenticationType[] | null): Promise<AnyAuthMethod | false>;
}

/**
 * Agent, then key files (an encrypted one asks for its passphrase), then the server's own questions, then a password.
 * Without an asker nothing is asked: encrypted keys are passed over and named.
 */
export function makeLogin(target: SshTarget, files: Files, asker: Asker | undefined): Login {
  const tried: string[] = [];
  const ways = waysIn(target, files, asker, tried);
  return {
    tried,
    async next(left) {
      for (;;) {
        const { value, done } = await ways.next();
        if (done || !value) return false;
        const kind = value.type === 'agent' ? 'publickey' : value.type;
        if (left === null || left.includes(kind)) return value;
      }
    },
  };
}

async function* waysIn(
  target: SshTarget,
  files: Files,
  asker: Asker | undefined,
  tried: string[],
): AsyncGenerator<AnyAuthMethod, undefined> {
  const username = target.user;
  if (target.agent !== undefined) {
    const chosen = target.identitiesOnly ? await publicKeys(target, files) : undefined;
    if (!chosen || chosen.length > 0) {
      tried.push('agent');
      yield {
        type: 'agent',
        username,
        agent: chosen ? new ChosenAgent(target.agent, chosen) : new OpenSSHAgent(target.agent),
      };
    }
  }
  for (const file of target.identityFiles) {
    const key = await loadKey(file, files, asker, tried);
    if (key) {
      tried.push(file);
      yield { type: 'publickey', username, key };
    }
  }
  if (!asker) return undefined;
  tried.push('keyboard-interactive');
  yield {
    type: 'keyboard-interactive',
    username,
    prompt(_name, _instructions, _language, prompts, finish) {
      void (async () => {
        const answers: string[] = [];
        for (const { prompt } of prompts) {
          answers.push((await asker.secret({ prompt: `${target.user}@${target.alias}: ${prompt}` })) ?? '');
        }
        finish(answers);
      })().catch(() => finish([]));
    },
  };
  const password = await asker.secret({ prompt: `Password of ${target.user}@${target.alias}` });
  if (password === undefined) return undefined;
  tried.push('password');
  yield { type: 'password', username, password };
  return undefined;
}

async function loadKey(
  file: string,
  files: Files,
  asker: Asker | undefined,
  tried: string[],
): Promise<ParsedKey | undefined> {
  const bytes = await readKey(file, files, tried);
  if (!bytes) return undefined;
  let parsed = one(utils.parseKey(bytes));
  if (parsed instanceof Error && /passphrase|encrypted/i.test(parsed.message)) {
    if (!asker) {
      tried.push(`${file} (encrypted, and nobody to ask for its passphrase)`);
      return undefined;
    }
    const passphrase = await asker.secret({ prompt: `Passphrase of ${file}` });
    if (passphrase === undefined) {
      tried.push(`${file} (encrypted, no passphrase given)`);
      return undefined;
    }
    parsed = one(utils.parseKey(bytes, passphrase));
  }
  if (parsed instanceof Error) {
    tried.push(`${file} (${parsed.message})`);
    return undefined;
  }
  return parsed.isPrivateKey() ? parsed : undefined;
}

async function readKey(file: string, files: Files, tried: string[]): Promise<Buffer | undefined> {
  try {
    return await files.read(file);
  } catch (error) {
    tried.push(`${file} (cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'error'})`);
    return undefined;
  }
}

/** The library's parser gives a list for some formats, whatever its types say. */
function one(parsed: ParsedKey | Error | ParsedKey[]): ParsedKey | Error {
  return Array.isArray(parsed) ? (parsed[0] ?? new Error('it holds no key')) : parsed;
}

async function publicKeys(target: SshTarget, files: Files): Promise<Buffer[]> {
  const blobs: Buffer[] = [];
  for (const file of target.identityFiles) {
    for (const candidate of [`${file}.pub`, file]) {
      const bytes = await readKey(candidate, files, []);
      const parsed = bytes && one(utils.parseKey(bytes));
      if (parsed && !(parsed instanceof Error)) {
        blobs.push(parsed.getPublicSSH());
        break;
      }
    }
  }
  return blobs;
}
