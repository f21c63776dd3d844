import { createHash, createHmac } from 'node:crypto';

/** One line of a known_hosts file that names a key. */
export interface KnownHost {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly marker?: 'revoked' | 'cert-authority';
  readonly hosts: string;
  readonly type: string;
  readonly blob: Buffer;
}

export type Verdict =
  | { readonly kind: 'ok' }
  | { readonly kind: 'revoked'; readonly entry: KnownHost }
  | { readonly kind: 'changed'; readonly entry: KnownHost }
  /** Known, but by keys of other types only. */
  | { readonly kind: 'other-type'; readonly entry: KnownHost }
  /** Only a certificate authority is named, which this client cannot check. */
  | { readonly kind: 'authority'; readonly entry: KnownHost }
  | { readonly kind: 'unknown' };

/** The entries of one file; lines that are no entry, or carry a marker we do not know, are passed over. */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
  const entries: KnownHost[] = [];
  text.split(/\r?\n/).forEach((raw, index) => {
    const words = raw.trim().split(/\s+/);
    if (words[0] === undefined || words[0] === '' || words[0].startsWith('#')) return;
    let marker: KnownHost['marker'];
    if (words[0].startsWith('@')) {
      const word = words.shift();
      if (word === '@revoked') marker = 'revoked';
      else if (word === '@cert-authority') marker = 'cert-authority';
      else return;
    }
    const [hosts, type, base64] = words;
    if (hosts === undefined || type === undefined || base64 === undefined) return;
    const blob = Buffer.from(base64, 'base64');
    if (keyType(blob) !== type) return;
    entries.push({ file, line: index + 1, marker, hosts, type, blob });
  });
  return entries;
}

/** The type a public key names itself by: the first string of its blob. */
export function keyType(blob: Buffer): string {
  if (blob.length < 4) return '';
  const length = blob.readUInt32BE(0);
  return length > 64 || blob.length < 4 + length ? '' : blob.toString('latin1', 4, 4 + length);
}

/** `SHA256:…`, as ssh-keygen prints it. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** What a host is filed under: its name in lower case, `[name]:port` where the port is not 22; or its HostKeyAlias. */
export function hostToken(hostname: string, port: number, alias?: string): string {
  if (alias !== undefined) return alias.toLowerCase();
  const name = hostname.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/** Whether the hosts field of an entry names the host. One `!` pattern that matches vetoes the line. */
export function namesHost(hosts: string, token: string): boolean {
  if (hosts.startsWith('|1|')) {
    const [, , salt, hash] = hosts.split('|');
    if (salt === undefined || hash === undefined) return false;
    const own = createHmac('sha1', Buffer.from(salt, 'base64')).update(token).digest();
    return own.equals(Buffer.from(hash, 'base64'));
  }
  let named = false;
  for (const pattern of hosts.split(',')) {
    const negated = pattern.startsWith('!');
    if (!globMatches((negated ? pattern.slice(1) : pattern).toLowerCase(), token)) continue;
    if (negated) return false;
    named = true;
  }
  return named;
}

/** Whether a pattern fits a text: `*` and `?` only; without a regular expression, so that a hostile pattern costs no more than its length. */
export function globMatches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let mark = 0;
  while (t < text.length) {
    if (p < pattern.length && (pattern[p] === '?' || (pattern[p] === text[t] && pattern[p] !== '*'))) {
      p += 1;
      t += 1;
    } else if (pattern[p] === '*') {
      star = p;
      mark = t;
      p += 1;
    } else if (star >= 0) {
      p = star + 1;
      mark += 1;
      t = mark;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}

/** The entries that speak about a host: those of its token, or, where a port other than 22 has none, of its bare name. */
function about(entries: readonly KnownHost[], tokens: readonly string[]): KnownHost[] {
  for (const token of tokens) {
    const found = entries.filter((entry) => namesHost(entry.hosts, token));
    if (found.some((entry) => entry.marker !== 'revoked')) return found;
  }
  return [];
}

/**
 * What is known of a key a host shows.
 * @param tokens what the host may be filed under, best first (`hostToken`; then the bare name, as OpenSSH does)
 */
export function judgeHostKey(entries: readonly KnownHost[], tokens: readonly string[], blob: Buffer): Verdict {
  const revoked = entries.find(
    (entry) =>
      entry.marker === 'revoked' && entry.blob.equals(blob) && tokens.some((token) => namesHost(entry.hosts, token)),
  );
  if (revoked) return { kind: 'revoked', entry: revoked };
  const type = keyType(blob);
  for (const [index, token] of tokens.entries()) {
    const mine = entries.filter((entry) => entry.marker === undefined && namesHost(entry.hosts, token));
    if (mine.some((entry) => entry.blob.equals(blob))) return { kind: 'ok' };
    // The bare name of another port may well have another key: it can confirm, not accuse.
    if (index > 0) continue;
    const same = mine.find((entry) => entry.type === type);
    if (same) return { kind: 'changed', entry: same };
    const other = mine[0];
    if (other) return { kind: 'other-type', entry: other };
    const authority = entries.find((entry) => entry.marker === 'cert-authority' && namesHost(entry.hosts, token));
    if (authority) return { kind: 'authority', entry: authority };
  }
  return { kind: 'unknown' };
}

const ALGORITHMS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'ssh-rsa',
] as const;

/** Host key algorithms with the types already known first, so that a host with several keys shows the known one. */
export function orderAlgorithms(
  entries: readonly KnownHost[],
  tokens: readonly string[],
): (typeof ALGORITHMS)[number][] {
  const types = new Set(about(entries, tokens).map((entry) => entry.type));
  const known = (algorithm: string) => types.has(algorithm) || (algorithm.startsWith('rsa-') && types.has('ssh-rsa'));
  return [...ALGORITHMS.filter(known), ...ALGORITHMS.filter((algorithm) => !known(algorithm))];
}

/** The line to append for a key a person trusted. */
export function knownHostLine(token: string, blob: Buffer): string {
  return `${token} ${keyType(blob)} ${blob.toString('base64')}\n`;
}
