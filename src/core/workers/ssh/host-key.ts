import * as path from 'node:path';
import { HumanError } from '../../domain/index.ts';
import type { Files } from '../../system/index.ts';
import type { Answers } from '../typed.ts';
import type { Asker } from '../types.ts';
import type { SshTarget } from './config.ts';
import {
  fingerprint,
  hostToken,
  judgeHostKey,
  type KnownHost,
  keyType,
  knownHostLine,
  orderAlgorithms,
  parseKnownHosts,
} from './known-hosts.ts';
import { systemCould } from './system-can.ts';

/** Checks the keys of one host against the user's known_hosts files and ours. */
export class HostKeyCheck {
  readonly #target: SshTarget;
  readonly #entries: readonly KnownHost[];
  readonly #ownFile: string;
  readonly #files: Files;
  readonly #asker: Asker | undefined;
  readonly #typed: Answers;
  // The library asks again at every rekey of a connection.
  readonly #settled = new Map<string, Promise<void>>();
  #trusted = false;

  private constructor(
    target: SshTarget,
    entries: readonly KnownHost[],
    ownFile: string,
    files: Files,
    asker: Asker | undefined,
    typed: Answers,
  ) {
    this.#target = target;
    this.#entries = entries;
    this.#ownFile = ownFile;
    this.#files = files;
    this.#asker = asker;
    this.#typed = typed;
  }

  static async load(
    target: SshTarget,
    configFolder: string,
    files: Files,
    asker: Asker | undefined,
    typed: Answers,
  ): Promise<HostKeyCheck> {
    const own = path.join(configFolder, 'known_hosts');
    const entries = await readKnownHosts([...target.knownHostsFiles, own], files);
    return new HostKeyCheck(target, entries, own, files, asker, typed);
  }

  get #tokens(): string[] {
    const { hostname, port, hostKeyAlias } = this.#target;
    const token = hostToken(hostname, port, hostKeyAlias);
    return hostKeyAlias === undefined && port !== 22 ? [token, hostname.toLowerCase()] : [token];
  }

  get algorithms() {
    return orderAlgorithms(this.#entries, this.#tokens);
  }

  /** @throws HumanError `host-key` where the key is not to be trusted */
  check(blob: Buffer): Promise<void> {
    const id = blob.toString('base64');
    const settled = this.#settled.get(id) ?? this.#decide(blob);
    this.#settled.set(id, settled);
    void settled.then(
      () => {
        this.#trusted = true;
      },
      () => {},
    );
    return settled;
  }

  async #decide(blob: Buffer): Promise<void> {
    const verdict = judgeHostKey(this.#entries, this.#tokens, blob);
    if (verdict.kind === 'ok') return;
    const host = this.#name;
    const shown = `${keyType(blob)} ${fingerprint(blob)}`;
    if (verdict.kind === 'changed') {
      const { entry } = verdict;
      throw refused(
        `The host key of ${host} changed. Known (${entry.file}:${entry.line}): ${entry.type} ${fingerprint(entry.blob)}. Shown now: ${shown}. ` +
          'Somebody may be in between; or the box was set up anew. Ask its administrator for the fingerprint, and only if it is the one shown, remove that line.',
        entry,
      );
    }
    if (verdict.kind === 'revoked') {
      const { entry } = verdict;
      throw refused(
        `${host} shows a key that is revoked (${entry.file}:${entry.line}): ${shown}. Do not connect; ask its administrator.`,
        entry,
      );
    }
    if (verdict.kind === 'authority') {
      const { entry } = verdict;
      throw systemCould(
        `${host} is known only through a certificate authority (${entry.file}:${entry.line}), which the built-in client cannot check. Take "transport: ssh2" away from the box in boxes.yaml, so that the system's ssh does it; or add its plain key to known_hosts after checking ${shown}.`,
        'host-key',
        'its host key is known through a certificate authority',
      );
    }
    if (this.#trusted) {
      throw refused(`${host} shows another key in the middle of a connection, which is not known: ${shown}.`);
    }
    if (verdict.kind === 'unknown' && this.#target.strict === 'accept-new') return this.#remember(blob);
    if (!this.#asker || this.#target.strict === 'yes') {
      const why =
        verdict.kind === 'other-type'
          ? `is known by a key of another type (${verdict.entry.file}:${verdict.entry.line})`
          : 'is not known yet';
      throw refused(
        `The host key of ${host} ${why}: ${shown}. Run Check Boxes (or research-copilot boxes --check) to look at it and trust it.`,
      );
    }
    await this.#typed.inTurn(() => this.#askFor(blob, host, shown));
  }

  /** Another box behind the same host may have had it trusted meanwhile. */
  async #askFor(blob: Buffer, host: string, shown: string): Promise<void> {
    const own = await readKnownHosts([this.#ownFile], this.#files);
    if (judgeHostKey(own, this.#tokens, blob).kind === 'ok') return;
    const question = { host, keyType: keyType(blob), fingerprint: fingerprint(blob) };
    if (!(await this.#asker?.trustHostKey(question))) {
      throw refused(`The host key of ${host} was not trusted: ${shown}.`);
    }
    await this.#remember(blob);
  }

  get #name(): string {
    const { alias, hostname, port } = this.#target;
    const address = port === 22 ? hostname : `${hostname}:${port}`;
    return alias === hostname && port === 22 ? alias : `${alias} (${address})`;
  }

  async #remember(blob: Buffer): Promise<void> {
    await this.#files.makeFolder(path.dirname(this.#ownFile), 0o700);
    await this.#files.append(this.#ownFile, knownHostLine(this.#tokens[0] ?? '', blob));
  }
}

/** The entries of some known_hosts files, in their order. */
async function readKnownHosts(names: readonly string[], files: Files): Promise<KnownHost[]> {
  const entries: KnownHost[] = [];
  for (const file of names) {
    const text = await files.readText(file);
    if (text !== undefined) entries.push(...parseKnownHosts(text, file));
  }
  return entries;
}

function refused(message: string, entry?: KnownHost): HumanError {
  return new HumanError(message, {
    code: 'host-key',
    actions: entry ? [{ title: 'Open known_hosts', file: { path: entry.file, line: entry.line } }] : [],
  });
}
