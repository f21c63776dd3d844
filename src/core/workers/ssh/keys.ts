import { connect as connectSocket } from 'node:net';
import type { ParsedKey, SignCallback, SigningRequestOptions } from 'ssh2';
import { BaseAgent, OpenSSHAgent, utils } from 'ssh2';
import type { Clock, Files } from '../../system/index.ts';

/** The library's parser gives a list for some formats, whatever its types say. */
function one(parsed: ParsedKey | Error | ParsedKey[]): ParsedKey | Error {
  return Array.isArray(parsed) ? (parsed[0] ?? new Error('it holds no key')) : parsed;
}

/** A key, or why there is none. `locked`: only a passphrase opens it. */
export type KeyFile =
  | { readonly kind: 'open'; readonly key: ParsedKey }
  | { readonly kind: 'locked'; readonly bytes: Buffer }
  /** `unknown`: of a kind that the library does not know. */
  | { readonly kind: 'unusable'; readonly why: string; readonly unknown: boolean };

/** Reads a private key file; undefined where there is none. */
export async function readKeyFile(file: string, files: Pick<Files, 'read'>): Promise<KeyFile | undefined> {
  let bytes: Buffer | undefined;
  try {
    bytes = await files.read(file);
  } catch (error) {
    return {
      kind: 'unusable',
      why: `cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'error'}`,
      unknown: false,
    };
  }
  if (!bytes) return undefined;
  const parsed = one(utils.parseKey(bytes));
  if (parsed instanceof Error) {
    if (/passphrase|encrypted/i.test(parsed.message)) return { kind: 'locked', bytes };
    return { kind: 'unusable', why: parsed.message, unknown: true };
  }
  return parsed.isPrivateKey()
    ? { kind: 'open', key: parsed }
    : { kind: 'unusable', why: 'it is no private key', unknown: false };
}

/**
 * Opens a locked key file. Undefined for the wrong passphrase.
 * @throws Error where the passphrase is not what is wrong: a cipher the library does not know
 */
export function unlock(bytes: Buffer, passphrase: string): ParsedKey | undefined {
  const parsed = one(utils.parseKey(bytes, passphrase));
  if (!(parsed instanceof Error)) return parsed.isPrivateKey() ? parsed : undefined;
  if (/unsupported|unknown/i.test(parsed.message)) throw parsed;
  return undefined;
}

/** The public half of a key file: of `FILE.pub`, of the file itself, or of a locked file's plain part. */
export async function publicHalf(file: string, files: Pick<Files, 'read'>): Promise<ParsedKey | undefined> {
  for (const candidate of [`${file}.pub`, file]) {
    const bytes = await files.read(candidate).catch(() => undefined);
    if (!bytes) continue;
    const parsed = one(utils.parseKey(bytes));
    if (!(parsed instanceof Error)) return parsed;
    const blob = plainPart(bytes);
    const inside = blob && one(utils.parseKey(blob));
    if (inside && !(inside instanceof Error)) return inside;
  }
  return undefined;
}

/** The public key in front of the locked part of an OpenSSH private key file, as `type base64`. */
function plainPart(bytes: Buffer): string | undefined {
  const [, base64] =
    /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END OPENSSH PRIVATE KEY-----/.exec(bytes.toString('latin1')) ??
    [];
  if (base64 === undefined) return undefined;
  const body = Buffer.from(base64, 'base64');
  let at = 'openssh-key-v1\0'.length;
  const next = (): Buffer | undefined => {
    if (at + 4 > body.length) return undefined;
    const length = body.readUInt32BE(at);
    const from = at + 4;
    at = from + length;
    return at > body.length ? undefined : body.subarray(from, at);
  };
  // Cipher, key derivation and its options; then how many keys there are, which is one.
  if (!next() || !next() || !next()) return undefined;
  at += 4;
  const blob = next();
  if (!blob || blob.length < 4) return undefined;
  const type = blob.toString('latin1', 4, 4 + blob.readUInt32BE(0));
  return `${type} ${blob.toString('base64')}`;
}

const AGENT_MS = 2000;

/** The types of the keys that an agent holds, those included that the library passes over; none where it is silent. */
export function agentKeyTypes(socket: string, clock: Clock): Promise<string[]> {
  return new Promise((resolve) => {
    const connection = connectSocket(socket);
    let answer = Buffer.alloc(0);
    const finish = () => {
      limit.dispose();
      connection.destroy();
      resolve(readKeyTypes(answer));
    };
    const limit = clock.after(AGENT_MS, finish);
    connection.on('error', finish);
    connection.on('close', finish);
    connection.on('data', (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length >= 4 && answer.length >= 4 + answer.readUInt32BE(0)) finish();
    });
    // SSH_AGENTC_REQUEST_IDENTITIES.
    connection.write(Buffer.from([0, 0, 0, 1, 11]));
  });
}

/** Of an SSH_AGENT_IDENTITIES_ANSWER: length, 12, how many; then each a blob and a comment. */
function readKeyTypes(answer: Buffer): string[] {
  const types: string[] = [];
  if (answer.length < 9 || answer[4] !== 12) return types;
  let at = 9;
  for (let left = answer.readUInt32BE(5); left > 0 && at + 8 <= answer.length; left -= 1) {
    const blobLength = answer.readUInt32BE(at);
    const typeLength = answer.readUInt32BE(at + 4);
    types.push(answer.toString('latin1', at + 8, at + 8 + typeLength));
    at += 4 + blobLength;
    if (at + 4 > answer.length) break;
    at += 4 + answer.readUInt32BE(at);
  }
  return types;
}

/** An agent's keys: those that the configuration names first, as ssh offers them; or only those. */
export class OrderedAgent extends OpenSSHAgent {
  readonly #named: readonly Buffer[];
  readonly #only: boolean;

  constructor(socket: string, named: readonly Buffer[], only: boolean) {
    super(socket);
    this.#named = named;
    this.#only = only;
  }

  override getIdentities(callback: Parameters<OpenSSHAgent['getIdentities']>[0]): void {
    super.getIdentities((error, found) => {
      if (error || !found) {
        callback(error, found);
        return;
      }
      const keys = found as unknown as ParsedKey[];
      const isNamed = (key: ParsedKey) => this.#named.some((blob) => blob.equals(key.getPublicSSH()));
      const named = keys.filter(isNamed);
      const offered = this.#only ? named : [...named, ...keys.filter((key) => !isNamed(key))];
      callback(undefined, offered as unknown as typeof found);
    });
  }
}

/** One key file as an agent: it is offered by its public half, and opened only when the server would take it. */
export class FileAgent extends BaseAgent<ParsedKey> {
  readonly #half: ParsedKey;
  readonly #open: () => Promise<ParsedKey | undefined>;

  constructor(half: ParsedKey, open: () => Promise<ParsedKey | undefined>) {
    super();
    this.#half = half;
    this.#open = open;
  }

  override getIdentities(callback: (error: Error | null | undefined, keys?: ParsedKey[]) => void): void {
    callback(undefined, [this.#half]);
  }

  override sign(
    _key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    const done = typeof options === 'function' ? options : callback;
    const hash = typeof options === 'function' ? undefined : options.hash;
    this.#open().then(
      (key) => {
        const signature: Buffer | Error = key ? key.sign(data, hash) : new Error('the key stays locked');
        if (signature instanceof Error) done?.(signature);
        else done?.(undefined, signature);
      },
      (error: Error) => done?.(error),
    );
  }
}
