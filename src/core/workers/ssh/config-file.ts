import * as path from 'node:path';
import { HumanError } from '../../domain/index.ts';
import type { Files, System } from '../../system/index.ts';
import { globMatches } from './known-hosts.ts';

const MAX_DEPTH = 16;
/** Keys of which every value counts, not the first alone. */
const LISTS = new Set(['identityfile', 'certificatefile']);
/** Keys whose value is the rest of the line. */
const WHOLE = new Set(['proxycommand', 'knownhostscommand', 'localcommand', 'remotecommand']);

export interface ConfigFileDeps {
  readonly files: Pick<Files, 'readText' | 'list'>;
  readonly system: Pick<System, 'home' | 'platform' | 'env'>;
  /** The account here, for `Match localuser` and where no user is named. */
  readonly localUser: string;
  /** Instead of the user's and the system's file. */
  readonly configFile?: string;
}

interface Line {
  readonly key: string;
  readonly args: readonly string[];
  readonly rest: string;
}

/** One line of ssh_config; undefined for blank ones and comments. */
function parseLine(raw: string): Line | undefined {
  const [, word, rest = ''] = /^\s*([^\s=#]+)\s*=?\s*(.*?)\s*$/.exec(raw) ?? [];
  if (word === undefined) return undefined;
  return { key: word.toLowerCase(), args: splitArguments(rest), rest };
}

/** The words of a value: quotes group, a backslash takes a quote or a blank as it is, `#` begins a comment. */
export function splitArguments(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    const next = text[at + 1] ?? '';
    if (char === '\\' && (/["'\\]/.test(next) || (quote === '' && next === ' '))) {
      word = (word ?? '') + next;
      at += 1;
    } else if (quote !== '') {
      if (char === quote) quote = '';
      else word = (word ?? '') + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === '#' && word === undefined) {
      break;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** Whether a list of patterns names a text. One `!` pattern that matches vetoes. */
function listMatches(patterns: readonly string[], text: string): boolean {
  let named = false;
  for (const pattern of patterns) {
    const negated = pattern.startsWith('!');
    if (!globMatches(negated ? pattern.slice(1) : pattern, text)) continue;
    if (negated) return false;
    named = true;
  }
  return named;
}

/**
 * What `ssh -G` would say for a name, in the same form, where there is no ssh to ask: ~/.ssh/config, then the system's
 * file, with Include, Host and Match. `Match exec` and `Match localnetwork` never match: nothing is run.
 * @throws HumanError `ssh-config` for files that include each other without end
 */
export async function readSshConfig(
  deps: ConfigFileDeps,
  alias: string,
  over: { readonly user?: string; readonly port?: number },
): Promise<ReadonlyMap<string, readonly string[]>> {
  const reader = new Reader(deps, alias, over);
  await reader.readAll(false);
  if (reader.wantsFinalPass) await reader.readAll(true);
  return reader.settings();
}

class Reader {
  readonly #deps: ConfigFileDeps;
  readonly #alias: string;
  readonly #found = new Map<string, string[]>();
  #final = false;
  wantsFinalPass = false;

  constructor(deps: ConfigFileDeps, alias: string, over: { readonly user?: string; readonly port?: number }) {
    this.#deps = deps;
    this.#alias = alias;
    if (over.user !== undefined) this.#found.set('user', [over.user]);
    if (over.port !== undefined) this.#found.set('port', [String(over.port)]);
  }

  async readAll(final: boolean): Promise<void> {
    const { system, configFile } = this.#deps;
    this.#final = final;
    const own = path.join(system.home, '.ssh');
    if (configFile !== undefined) return this.#readFile(configFile, own, true, 0);
    await this.#readFile(path.join(own, 'config'), own, true, 0);
    const shared =
      system.platform === 'win32' ? path.join(system.env.PROGRAMDATA ?? 'C:\\ProgramData', 'ssh') : '/etc/ssh';
    await this.#readFile(path.join(shared, 'ssh_config'), shared, true, 0);
  }

  settings(): ReadonlyMap<string, readonly string[]> {
    const { system, localUser } = this.#deps;
    const home = (name: string) => `"${path.join(system.home, '.ssh', name)}"`;
    const defaults: readonly (readonly [string, string])[] = [
      ['user', localUser],
      ['port', '22'],
      ['userknownhostsfile', `${home('known_hosts')} ${home('known_hosts2')}`],
      ['globalknownhostsfile', '/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2'],
    ];
    for (const [key, value] of defaults) if (!this.#found.has(key)) this.#found.set(key, [value]);
    this.#found.set('hostname', [this.#hostname.toLowerCase()]);
    return this.#found;
  }

  get #hostname(): string {
    const [name] = this.#found.get('hostname') ?? [];
    return name?.replace(/%([%hn])/g, (_whole, letter) => (letter === '%' ? '%' : this.#alias)) ?? this.#alias;
  }

  async #readFile(file: string, base: string, parentHolds: boolean, depth: number): Promise<void> {
    if (depth > MAX_DEPTH) {
      throw new HumanError(`${file} is included by what it includes. Correct Include in ~/.ssh/config.`, {
        code: 'ssh-config',
      });
    }
    const text = await this.#deps.files.readText(file);
    let holds = parentHolds;
    for (const raw of text?.split(/\r?\n/) ?? []) {
      const line = parseLine(raw);
      if (!line) continue;
      // A block inside a file that is included under a condition holds only where that does.
      if (line.key === 'host')
        holds = parentHolds && listMatches(line.args, this.#final ? this.#hostname : this.#alias);
      else if (line.key === 'match') holds = this.#matches(line.args) && parentHolds;
      else if (line.key === 'include') {
        for (const name of line.args) {
          for (const found of await this.#expand(name, base)) await this.#readFile(found, base, holds, depth + 1);
        }
      } else if (holds) this.#set(line);
    }
  }

  #matches(args: readonly string[]): boolean {
    const words = args.flatMap((arg) => arg.split('='));
    let matches = words.length > 0;
    for (let at = 0; at < words.length; at += 1) {
      const word = words[at] ?? '';
      const negated = word.startsWith('!');
      const criterion = word.slice(negated ? 1 : 0).toLowerCase();
      const takesValue = !['all', 'canonical', 'final'].includes(criterion);
      if (takesValue) at += 1;
      const holds = this.#criterion(criterion, (words[at] ?? '').split(','));
      if (holds === undefined || holds === negated) matches = false;
    }
    return matches;
  }

  /** Undefined: what we do not look at, which matches neither way. */
  #criterion(criterion: string, patterns: readonly string[]): boolean | undefined {
    const lower = patterns.map((pattern) => pattern.toLowerCase());
    const { localUser } = this.#deps;
    switch (criterion) {
      case 'all':
        return true;
      case 'final':
      case 'canonical':
        if (criterion === 'final') this.wantsFinalPass = true;
        return this.#final;
      case 'host':
        return listMatches(lower, this.#hostname.toLowerCase());
      case 'originalhost':
        return listMatches(lower, this.#alias.toLowerCase());
      case 'user':
        return listMatches(patterns, this.#found.get('user')?.[0] ?? localUser);
      case 'localuser':
        return listMatches(patterns, localUser);
      case 'tagged':
        return listMatches(patterns, this.#found.get('tag')?.[0] ?? '');
      default:
        return undefined;
    }
  }

  #set({ key, args, rest }: Line): void {
    const value = WHOLE.has(key) ? rest : key.endsWith('knownhostsfile') ? args.map(quoted).join(' ') : args[0];
    if (value === undefined || value === '') return;
    if (LISTS.has(key)) {
      const list = this.#found.get(key) ?? [];
      if (!list.includes(value)) this.#found.set(key, [...list, value]);
      return;
    }
    // Of a jump and a command the first one named wins over both.
    const rivals = key === 'proxyjump' || key === 'proxycommand' ? ['proxyjump', 'proxycommand'] : [key];
    if (!rivals.some((one) => this.#found.has(one))) this.#found.set(key, [value]);
  }

  /** The files an Include names: `~`, relative to the folder of the configuration, `*` and `?` in any part. */
  async #expand(name: string, base: string): Promise<readonly string[]> {
    const whole = name === '~' || name.startsWith('~/') ? path.join(this.#deps.system.home, name.slice(1)) : name;
    const full = path.resolve(base, whole);
    const { root } = path.parse(full);
    let found = [root];
    for (const part of full.slice(root.length).split(path.sep)) {
      if (!/[*?]/.test(part)) {
        found = found.map((folder) => path.join(folder, part));
        continue;
      }
      const listed = await Promise.all(
        found.map(async (folder) => {
          const names = await this.#deps.files.list(folder);
          const fit = names.filter((one) => one.startsWith('.') === part.startsWith('.') && globMatches(part, one));
          return fit.map((one) => path.join(folder, one));
        }),
      );
      found = listed.flat();
    }
    return found;
  }
}

function quoted(file: string): string {
  return `"${file}"`;
}
