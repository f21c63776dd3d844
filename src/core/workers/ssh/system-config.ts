import * as path from 'node:path';
import type { System } from '../../system/index.ts';
import type { SshTarget } from './config.ts';

/** A word of ssh_config, quoted. */
function word(text: string): string {
  return `"${text.replaceAll('"', '\\"')}"`;
}

/** The same where `%` would begin a token. */
function file(name: string): string {
  return word(name.replaceAll('%', '%%'));
}

export interface SystemConfig {
  readonly system: Pick<System, 'home' | 'platform'>;
  readonly chain: readonly SshTarget[];
  /** Our own known_hosts. */
  readonly ownKnownHosts: string;
  /** Instead of the user's and the system's file. */
  readonly configFile?: string;
  /** False: ssh asks nothing, which Windows' ssh could not be answered. */
  readonly mayAsk: boolean;
  /** The host whose key is to be learnt, and the file for it; nobody logs in then. */
  readonly learn?: { readonly alias: string; readonly file: string };
}

/**
 * The ssh_config of one login: what we insist on, for every hop (ssh hands its `-F` on to its jumps, but no `-o`),
 * then the user's own. The first word for a key counts. Host keys are checked against the user's known_hosts and ours,
 * and ssh asks about none.
 */
export function systemConfig(options: SystemConfig): string {
  const { system, chain, ownKnownHosts, configFile, mayAsk, learn } = options;
  const lines: string[] = [];
  if (learn) {
    lines.push(
      `Host ${word(learn.alias)}`,
      'StrictHostKeyChecking accept-new',
      'PreferredAuthentications none',
      'HashKnownHosts no',
      // The first file is the one that is written.
      `UserKnownHostsFile ${file(learn.file)}`,
    );
  }
  for (const target of chain) {
    const known = [...target.knownHostsFiles, ownKnownHosts].map(file).join(' ');
    lines.push(`Host ${word(target.alias)}`, `UserKnownHostsFile ${known}`);
  }
  lines.push(
    'Host *',
    'StrictHostKeyChecking yes',
    'UpdateHostKeys no',
    'LogLevel ERROR',
    `BatchMode ${mayAsk ? 'no' : 'yes'}`,
    'ForwardAgent no',
    'ForwardX11 no',
    'PermitLocalCommand no',
  );
  const theirs =
    configFile === undefined
      ? [path.join(system.home, '.ssh', 'config'), '/etc/ssh/ssh_config']
      : [path.resolve(configFile)];
  for (const one of theirs) lines.push(`Include ${word(one)}`);
  return `${lines.join('\n')}\n`;
}
