import * as path from 'node:path';
import { HumanError } from '../../domain/index.ts';
import type { Files } from '../../system/index.ts';
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

/** Checks the keys of one host against the user's known_hosts files and ours. */
export class HostKeyCheck {
  readonly #target: SshTarget;
  readonly #entries: readonly KnownHost[];
  readonly #ownFile: string;
  readonly #files: Files;
  readonly #asker: Asker | undefined;
  // The library asks again at every rekey of a connection.
  readonly #settled = new Map<string, Promise<void>>();

  private constructor(
    target: SshTarget,
    entries: readonly KnownHost[],
    ownFile: string,
    files: Files,
    asker: Asker | undefined,
  ) {
    this.#target = target;
    this.#entries = entries;
    this.#ownFile = ownFile;
    this.#files = files;
    this.#asker = asker;
  }

  static async load(target: SshTarget, configFolder: string, files: Files, asker: Asker | undefined) {
    const own = path.join(configFolder, 'known_hosts');
    const entries: KnownHost[] = [];
    for (const file of [...target.knownHostsFiles, own]) {
      const text = await files.readText(file);
      if (text !== undefined) entries.push(...parseKnownHosts(text, file));
    }
    return new HostKeyCheck(target, entries, own, files, asker);
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
      throw refused(
        `${host} is known only through a certificate authority (${entry.file}:${entry.line}), which cannot be checked here. Add its plain key to known_hosts: ssh-keyscan, after checking ${shown}.`,
        entry,
      );
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
    const trusted = await this.#asker.trustHostKey({ host, keyType: keyType(blob), fingerprint: fingerprint(blob) });
    if (!trusted) throw refused(`The host key of ${host} was not trusted: ${shown}.`);
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

function refused(message: string, entry?: KnownHost): HumanError {
  return new HumanError(message, {
    code: 'host-key',
    actions: entry ? [{ title: 'Open known_hosts', file: { path: entry.file, line: entry.line } }] : [],
  });
}
