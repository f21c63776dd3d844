import * as path from 'node:path';
import { HumanError } from '../../domain/index.ts';
import type { System } from '../../system/index.ts';
import { readSshConfig } from './config-file.ts';

export type LoginMethod = 'publickey' | 'keyboard-interactive' | 'password';

/** Where and how to reach one host, as `ssh` would for the same name. */
export interface SshTarget {
  /** The name a person wrote. */
  readonly alias: string;
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  /** What its keys are filed under in known_hosts, where that is not the host name. */
  readonly hostKeyAlias?: string;
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** Socket of the agent; undefined where there is none. */
  readonly agent?: string;
  readonly knownHostsFiles: readonly string[];
  readonly strict: 'yes' | 'ask' | 'accept-new';
  /** The hosts to go through, nearest first: `[user@]host[:port]`. */
  readonly jumps: readonly string[];
  readonly proxyCommand?: string;
  /** What the configuration asks for that the ssh2 library does not know, by ssh's names. */
  readonly beyond: readonly string[];
  /** Whether ssh would log in with a Kerberos ticket. */
  readonly gssapi: boolean;
  /** Ways to log in that are tried, in this order. */
  readonly methods: readonly LoginMethod[];
  /** A sign of life is asked for after so many quiet milliseconds; after so many without an answer the link is dead. */
  readonly keepalive: { readonly intervalMs: number; readonly times: number };
}

const BEYOND = ['CertificateFile', 'PKCS11Provider', 'RevokedHostKeys', 'KnownHostsCommand'] as const;

const RESOLVE_MS = 10_000;

/** Where ServerAliveInterval is off, as it is by default: a dead link would be waited for without end. */
const KEEPALIVE = { intervalMs: 15_000, times: 3 };

export interface SshConfigDeps {
  readonly system: Pick<System, 'spawn' | 'env' | 'home' | 'platform' | 'files' | 'clock' | 'hostname'>;
  readonly configFile?: string;
}

/** `ssh -G`'s lines: each key with its values in order. */
export function parseSshG(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const line of text.split(/\r?\n/)) {
    const blank = line.indexOf(' ');
    if (blank <= 0) continue;
    const key = line.slice(0, blank).toLowerCase();
    found.set(key, [...(found.get(key) ?? []), line.slice(blank + 1).trim()]);
  }
  return found;
}

/** Splits `[user@]host[:port]`, with `[v6]:port` too. */
export function parseJump(jump: string): { readonly user?: string; readonly host: string; readonly port?: number } {
  const at = jump.lastIndexOf('@');
  const user = at > 0 ? jump.slice(0, at) : undefined;
  const rest = jump.slice(at + 1).replace(/^ssh:\/\//, '');
  const bracket = /^\[([^\]]+)\](?::(\d+))?$/.exec(rest);
  const plain = bracket ?? /^([^:]+)(?::(\d+))?$/.exec(rest);
  const port = plain?.[2];
  return { user, host: plain?.[1] ?? rest, port: port === undefined ? undefined : Number(port) };
}

/** The words of a file list as ssh writes it: blanks between, double quotes around a name with blanks. */
export function splitWords(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
}

/**
 * Asks the system's ssh what it would do for a name (`ssh -G`), which knows Include, Match and every default.
 * Without an ssh program its files are read here (config-file.ts).
 * @param over what a jump's own words say
 * @throws HumanError `ssh-config` when ssh refuses the configuration
 */
export async function resolveTarget(
  deps: SshConfigDeps,
  alias: string,
  over: { readonly user?: string; readonly port?: number } = {},
): Promise<SshTarget> {
  if (alias.startsWith('-'))
    throw new HumanError(`${alias} is no host name: it starts with a dash.`, { code: 'ssh-config' });
  const settings = await askSsh(deps, alias, over);
  const one = (key: string) => settings.get(key)?.[0];
  const none = (value: string | undefined) => (value === undefined || value === 'none' ? undefined : value);
  const { home } = deps.system;
  const user = over.user ?? one('user') ?? localUser(deps);
  const hostname = one('hostname') ?? alias;
  const port = over.port ?? Number(one('port') ?? 22);
  const hostKeyAlias = none(one('hostkeyalias'))?.toLowerCase();
  const words = {
    home,
    hostname,
    user,
    alias,
    port,
    localUser: localUser(deps),
    localHost: deps.system.hostname,
    keyAlias: hostKeyAlias ?? alias,
    env: deps.system.env,
  };
  const expand = (file: string) => expandPath(file, words);
  const files = (key: string) =>
    (settings.get(key) ?? [])
      .flatMap(splitWords)
      .filter((file) => file !== 'none')
      .map(expand);
  const identities = (settings.get('identityfile') ?? defaultKeys()).filter((file) => file !== 'none').map(expand);
  const strict = one('stricthostkeychecking');
  return {
    alias,
    hostname,
    port,
    user,
    hostKeyAlias,
    identityFiles: identities,
    identitiesOnly: one('identitiesonly') === 'yes',
    agent: agentOf(one('identityagent'), deps.system, expand),
    knownHostsFiles: [...files('userknownhostsfile'), ...files('globalknownhostsfile')],
    strict: strict === 'yes' || strict === 'true' ? 'yes' : strict === 'accept-new' ? 'accept-new' : 'ask',
    jumps: none(one('proxyjump'))?.split(',') ?? [],
    proxyCommand: none(one('proxycommand')),
    beyond: BEYOND.filter((name) => none(one(name.toLowerCase())) !== undefined),
    gssapi: one('gssapiauthentication') === 'yes',
    methods: methodsOf(one),
    keepalive: keepaliveOf(Number(one('serveraliveinterval')), Number(one('serveralivecountmax') ?? KEEPALIVE.times)),
  };
}

/** `PreferredAuthentications`, less what is switched off. */
function methodsOf(one: (key: string) => string | undefined): LoginMethod[] {
  const switches: Readonly<Record<LoginMethod, string>> = {
    publickey: 'pubkeyauthentication',
    'keyboard-interactive': 'kbdinteractiveauthentication',
    password: 'passwordauthentication',
  };
  const known = Object.keys(switches) as LoginMethod[];
  const preferred = one('preferredauthentications')?.split(',') ?? known;
  return preferred
    .map((word) => known.find((method) => method === word.trim()))
    .filter((method) => method !== undefined)
    .filter((method) => !['no', 'false'].includes(one(switches[method]) ?? 'yes'));
}

function keepaliveOf(seconds: number, times: number): SshTarget['keepalive'] {
  return seconds > 0 && times > 0 ? { intervalMs: seconds * 1000, times } : KEEPALIVE;
}

async function askSsh(deps: SshConfigDeps, alias: string, over: { readonly user?: string; readonly port?: number }) {
  const args = ['-G'];
  if (deps.configFile !== undefined) args.push('-F', deps.configFile);
  if (over.user !== undefined) args.push('-l', over.user);
  if (over.port !== undefined) args.push('-p', String(over.port));
  // A `Match exec` may hang.
  const stop = new AbortController();
  const late = new HumanError(
    `ssh took longer than ${RESOLVE_MS / 1000} s to read its configuration for ${alias}. Does a "Match exec" in ~/.ssh/config hang?`,
    { code: 'ssh-config' },
  );
  const limit = deps.system.clock.after(RESOLVE_MS, () => stop.abort(late));
  try {
    const result = await deps.system.spawn.run('ssh', [...args, '--', alias], { signal: stop.signal });
    if (result.code !== 0) {
      const said = result.stderr.toString('utf8').trim().split('\n')[0] ?? '';
      throw new HumanError(`ssh refuses its configuration for ${alias}: ${said}. Correct ~/.ssh/config.`, {
        code: 'ssh-config',
      });
    }
    return parseSshG(result.stdout.toString('utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const { system, configFile } = deps;
    return readSshConfig({ files: system.files, system, localUser: localUser(deps), configFile }, alias, over);
  } finally {
    limit.dispose();
  }
}

function localUser({ system }: SshConfigDeps): string {
  return system.env.USER || system.env.LOGNAME || system.env.USERNAME || 'root';
}

/** In OpenSSH's order. */
function defaultKeys(): readonly string[] {
  return ['id_rsa', 'id_ecdsa', 'id_ecdsa_sk', 'id_ed25519', 'id_ed25519_sk'].map((name) => `~/.ssh/${name}`);
}

/** What ssh leaves unexpanded in `-G`: `~`, `${VAR}`, and `%d %h %k %L %l %n %p %r %u %%`. */
export function expandPath(
  file: string,
  words: {
    readonly home: string;
    readonly hostname: string;
    readonly user: string;
    readonly alias: string;
    readonly port: number;
    readonly localUser: string;
    readonly localHost: string;
    /** What its keys are filed under. */
    readonly keyAlias: string;
    readonly env: Readonly<Record<string, string | undefined>>;
  },
): string {
  const tokens: Readonly<Record<string, string>> = {
    '%': '%',
    d: words.home,
    h: words.hostname,
    k: words.keyAlias,
    L: words.localHost.split('.')[0] ?? '',
    l: words.localHost,
    n: words.alias,
    p: String(words.port),
    r: words.user,
    u: words.localUser,
  };
  const spelled = file
    .replace(/\$\{(\w+)\}/g, (whole, name: string) => words.env[name] ?? whole)
    .replace(/%(.)/g, (whole, letter: string) => tokens[letter] ?? whole);
  return spelled === '~' || spelled.startsWith('~/') ? path.join(words.home, spelled.slice(1)) : spelled;
}

function agentOf(
  setting: string | undefined,
  system: Pick<System, 'env' | 'platform'>,
  expand: (file: string) => string,
): string | undefined {
  if (setting === 'none') return undefined;
  const own = system.env.SSH_AUTH_SOCK || (system.platform === 'win32' ? '\\\\.\\pipe\\openssh-ssh-agent' : undefined);
  if (setting === undefined || setting === 'SSH_AUTH_SOCK') return own;
  const variable = /^\$\{?(\w+)\}?$/.exec(setting)?.[1];
  return variable === undefined ? expand(setting) : system.env[variable];
}
