import type { Files } from '../../system/index.ts';
import type { SshTarget } from './config.ts';

/** What the ssh2 library cannot do at all for these hosts, in words; undefined where it can. */
export function mustBeSystem(chain: readonly SshTarget[]): string | undefined {
  return chain.some((target) => target.proxyCommand !== undefined) ? 'ProxyCommand' : undefined;
}

/**
 * What these hosts' configuration asks for that only the system's ssh knows, in words: certificates, keys on a
 * security token, revocation lists, and keys or host keys that a program gives.
 */
export async function shouldBeSystem(
  chain: readonly SshTarget[],
  files: Pick<Files, 'info' | 'readText'>,
): Promise<string | undefined> {
  for (const target of chain) {
    if (target.beyond.length > 0) return target.beyond.join(', ');
    for (const file of target.identityFiles) {
      if (await files.info(`${file}-cert.pub`)) return `a certificate (${file}-cert.pub)`;
      const half = (await files.readText(`${file}.pub`).catch(() => undefined)) ?? '';
      if (half.startsWith('sk-')) return `a key on a security token (${file})`;
    }
  }
  return undefined;
}
