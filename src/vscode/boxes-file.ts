import * as path from 'node:path';
import { HumanError } from '../core/domain/index.ts';
import { configFolder } from '../core/environment/index.ts';
import type { Files, System } from '../core/system/index.ts';

/** `boxes.yaml` in the user's config folder: the extension's and the terminal's. */
export function boxesFile(system: System): string {
  return path.join(configFolder(system), 'boxes.yaml');
}

export interface NewBox {
  readonly name: string;
  readonly kind: 'local' | 'ssh' | 'slurm';
  readonly host?: string;
}

/**
 * Adds a box at the end of the list, leaving every other line as a person wrote it. Gives its line, 0-based.
 * @throws HumanError `exists` for a name that is taken, `bad-boxes` where the file has another shape
 */
export async function appendBox(files: Pick<Files, 'readText' | 'write'>, file: string, box: NewBox): Promise<number> {
  const before = (await files.readText(file)) ?? '';
  const after = withBox(before, box, file);
  await files.write(file, after);
  return after.slice(0, after.lastIndexOf('- {')).split('\n').length - 1;
}

/** The line on which a box of boxes.yaml gets its name, 0-based; the first line where there is none. */
export function lineOfBox(text: string, name: string): number {
  return Math.max(
    0,
    text.split('\n').findIndex((line) => nameIs(name).test(line)),
  );
}

/** Where a YAML text names a box so. */
function nameIs(name: string): RegExp {
  return new RegExp(`\\bname:\\s*["']?${name.replaceAll('.', '\\.')}["']?\\s*(?:[,}#]|$)`, 'm');
}

/** The text of boxes.yaml with one more box. */
export function withBox(text: string, box: NewBox, file: string): string {
  const host = box.host === undefined ? '' : `, host: ${JSON.stringify(box.host)}`;
  const entry = (indent: string) => `${indent}- { name: ${box.name}, kind: ${box.kind}${host} }\n`;
  if (text.trim() === '') return `boxes:\n${entry('  ')}`;
  const actions = [{ title: 'Open boxes.yaml', file: { path: file } }];
  if (nameIs(box.name).test(text)) {
    throw new HumanError(`There is a box named ${box.name} in ${file} already.`, { code: 'exists', actions });
  }
  const whole = text.endsWith('\n') ? text : `${text}\n`;
  const empty = /^boxes:[ \t]*\[[ \t]*\][ \t]*$/m;
  if (empty.test(whole)) return whole.replace(empty, `boxes:\n${entry('  ').trimEnd()}`);
  // One list under `boxes:` to the end of the file: a line of the same indentation belongs to it.
  const [, list] = /^boxes:[ \t]*(?:#.*)?\n([\s\S]*)$/m.exec(whole) ?? [];
  const indent = list === undefined ? undefined : /^([ \t]*)- /m.exec(list)?.[1];
  const toTheEnd = list?.split('\n').every((line) => line === '' || /^(?:[ \t]|#|- )/.test(line));
  if (indent !== undefined && toTheEnd) return whole + entry(indent);
  throw new HumanError(
    `${file} is written in a way that cannot be added to safely. Add this line to its list yourself:\n${entry('  ')}`,
    { code: 'bad-boxes', actions },
  );
}

/** Host aliases of ~/.ssh/config, without patterns; what it includes is not followed. */
export async function sshAliases(system: Pick<System, 'files' | 'home'>): Promise<readonly string[]> {
  const text = (await system.files.readText(path.join(system.home, '.ssh', 'config'))) ?? '';
  const names = text
    .split('\n')
    .flatMap((line) => /^\s*host[\s=]+(.+)$/i.exec(line)?.[1]?.trim().split(/\s+/) ?? [])
    .filter((name) => !/[*?!]/.test(name) && !name.startsWith('-'));
  return [...new Set(names)];
}
