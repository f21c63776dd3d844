import { HumanError } from '../../domain/index.ts';
import type { Files } from '../../system/index.ts';
import type { SshTarget } from './config.ts';
import { fingerprint, parseKnownHosts } from './known-hosts.ts';

/** What ssh said before it gave up, in the lines it has for it. */
export type SshFault =
  | { readonly kind: 'unknown-key'; readonly token: string }
  | { readonly kind: 'changed-key'; readonly file: string; readonly line: number; readonly shown: string }
  | { readonly kind: 'host-key' | 'auth' | 'config' | 'sessions' | 'unreachable'; readonly said: string };

/** Reads ssh's own words (LogLevel ERROR, untranslated) of an exit with 255. */
export function readSshFault(stderr: string): SshFault {
  const text = stderr.replaceAll('\r', '');
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^@+$/.test(line));
  const said = lines.at(-1)?.slice(0, 300) ?? 'ssh ended without a word';
  const offending = /^Offending \S+ key in (.+):(\d+)$/m.exec(text);
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED/.test(text) && offending) {
    const shown = /sent by the remote host is\s+(SHA256:\S+?)\.?$/m.exec(text)?.[1] ?? 'not told';
    return { kind: 'changed-key', file: offending[1] ?? '', line: Number(offending[2]), shown };
  }
  const unknown = /^No \S+ host key is known for (\S+) and you have requested strict checking/m.exec(text);
  if (unknown) return { kind: 'unknown-key', token: unknown[1] ?? '' };
  const line = (pattern: RegExp) => lines.find((one) => pattern.test(one))?.slice(0, 300);
  const key = line(/REVOKED HOST KEY|marked as revoked|[Cc]ertificate invalid|[Hh]ost key verification failed/);
  if (key !== undefined) return { kind: 'host-key', said: key };
  const login = line(/Permission denied \(|Too many authentication failures|No more authentication methods/);
  if (login !== undefined) return { kind: 'auth', said: login };
  const config = line(/Bad configuration option|terminating, \d+ bad|Bad owner or permissions on/);
  if (config !== undefined) return { kind: 'config', said: config };
  const sessions = line(/Session open refused by peer|session request failed/);
  if (sessions !== undefined) return { kind: 'sessions', said: sessions };
  return { kind: 'unreachable', said };
}

/** The error a person reads for what ssh said. */
export async function explainFault(
  fault: SshFault,
  target: SshTarget,
  files: Pick<Files, 'readText'>,
): Promise<HumanError> {
  const name = `${target.user}@${target.alias}`;
  switch (fault.kind) {
    case 'unknown-key':
      return new HumanError(
        `The host key of ${fault.token} is not known yet. Run Check Boxes (or research-copilot boxes --check) to look at it and trust it.`,
        { code: 'host-key' },
      );
    case 'changed-key': {
      const entries = parseKnownHosts((await files.readText(fault.file)) ?? '', fault.file);
      const known = entries.find((entry) => entry.line === fault.line);
      const before = known ? `${known.type} ${fingerprint(known.blob)}` : 'unreadable';
      return new HumanError(
        `The host key of ${target.alias} changed. Known (${fault.file}:${fault.line}): ${before}. Shown now: ${fault.shown}. ` +
          'Somebody may be in between; or the box was set up anew. Ask its administrator for the fingerprint, and only if it is the one shown, remove that line.',
        {
          code: 'host-key',
          actions: [{ title: 'Open known_hosts', file: { path: fault.file, line: fault.line } }],
        },
      );
    }
    case 'host-key':
      return new HumanError(
        `ssh does not trust the host key of ${target.alias}: ${fault.said}. Try "ssh ${target.alias}" in a terminal, and ask its administrator.`,
        { code: 'host-key' },
      );
    case 'auth':
      return new HumanError(
        `${name} refused the login: ${fault.said}. Check that "ssh ${target.alias}" logs in without a question: put the key into your agent (ssh-add), renew a certificate that ran out; an account may also be locked.`,
        { code: 'auth' },
      );
    case 'config':
      return new HumanError(
        `ssh refuses its configuration for ${target.alias}: ${fault.said}. Correct ~/.ssh/config.`,
        {
          code: 'ssh-config',
        },
      );
    case 'sessions':
    case 'unreachable':
      return new HumanError(
        `${target.alias} is unreachable: ${fault.said}. Check that it is on and that "ssh ${target.alias}" works; runs on it go on meanwhile.`,
        { code: 'unreachable' },
      );
  }
}
