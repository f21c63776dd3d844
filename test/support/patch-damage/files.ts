import type { Pick as PickNumber } from './edits.ts';
import { FORMATS, type Format } from './render.ts';

/** Damage after which the whole answer must be refused, its good parts too. */
const FATAL = [
  'there-already',
  'not-there',
  'name-taken',
  'leaves-the-repository',
  'one-part-fails',
  'cut-off',
] as const;
export const FILE_DAMAGES = [
  'none',
  'crlf',
  'draft-in-reasoning',
  'as-json',
  'repeated',
  'only-names',
  'wrong-counts',
  ...FATAL,
] as const;
export type FileDamage = (typeof FILE_DAMAGES)[number];
export const FATAL_FOR_FILES: ReadonlySet<FileDamage> = new Set(FATAL);

export interface FilesAnswer {
  readonly files: ReadonlyMap<string, string>;
  readonly answer: string;
  readonly changes: ReadonlyMap<string, string | null>;
  readonly renames: ReadonlyMap<string, string>;
}

/** What an answer does to one file; `at` is the line that changes. */
type Part =
  | { readonly kind: 'new'; readonly path: string; readonly lines: readonly string[]; readonly newline: boolean }
  | { readonly kind: 'delete'; readonly path: string; readonly lines: readonly string[] }
  | {
      readonly kind: 'move';
      readonly path: string;
      readonly to: string;
      readonly lines: readonly string[];
      readonly at?: number;
    }
  | { readonly kind: 'edit'; readonly path: string; readonly lines: readonly string[]; readonly at: number };
type Kind = Part['kind'];

const PATHS: Readonly<Record<Kind, readonly string[]>> = {
  new: ['lib/ema.py', 'größe/neu.txt', 'Makefile'],
  delete: ['old/unused.py', 'old/two words.txt'],
  move: ['data/load.py', 'data/größe.txt'],
  edit: ['train.py', 'conf/run.yaml'],
};
const TARGETS = ['lib/loader.py', 'größe/lader.py', 'data/a load.py'];
const OUTSIDE = ['../out.py', '/etc/out.py', '.git/hooks/out', 'a/../../out.py'];

/** An answer that makes, deletes, moves and edits files, each part in a format that can say it, with one kind of damage. */
export function filesAnswer(damage: FileDamage, pick: PickNumber): FilesAnswer {
  const kinds = (Object.keys(PATHS) as Kind[]).filter((kind) => pick(2) === 0 || kind === needed(damage));
  if (kinds.length === 0) return filesAnswer(damage, pick);
  const parts = shuffled(kinds, pick).map((kind) => randomPart(kind, pick));
  const last = parts.at(-1);
  if (damage === 'cut-off' && last?.kind !== 'new' && last?.kind !== 'edit') return filesAnswer(damage, pick);
  const files = new Map<string, string>([['other.py', 'x = 1\n']]);
  for (const part of parts) if (part.kind !== 'new') files.set(part.path, text(part.lines));
  const shown = parts.map((part) => damaged(part, damage, files, pick));
  const blocks = shown.map((part) => write(part, formatFor(part, damage, pick), damage));
  let answer = (damage === 'repeated' ? [...blocks, ...blocks] : blocks).join('\nAnd:\n\n');
  if (damage === 'draft-in-reasoning') answer = `<think>\n${answer.replaceAll('= ', '= 9')}</think>\n\n${answer}`;
  if (damage === 'cut-off') answer = cut(answer, blocks.at(-1) ?? '', pick);
  if (damage === 'as-json') answer = JSON.stringify({ patch: answer });
  if (damage === 'crlf') answer = answer.replaceAll('\n', '\r\n');
  return { files, answer, ...meaning(parts) };
}

/** The part that a kind of damage is about. */
function needed(damage: FileDamage): Kind | undefined {
  if (damage === 'there-already' || damage === 'leaves-the-repository') return 'new';
  if (damage === 'not-there' || damage === 'name-taken') return 'move';
  return damage === 'one-part-fails' ? 'edit' : undefined;
}

function randomPart(kind: Kind, pick: PickNumber): Part {
  const path = one(PATHS[kind], pick);
  const lines = Array.from({ length: 4 + pick(12) }, (_, at) => (at % 5 === 3 ? '' : `${kind}_${at} = ${pick(100)}`));
  if (lines.at(-1) === '') lines.push('last = 0');
  if (kind === 'new') return { kind, path, lines, newline: pick(4) > 0 };
  if (kind === 'delete') return { kind, path, lines };
  const at = 1 + pick(lines.length - 2);
  if (kind === 'edit') return { kind, path, lines, at };
  return { kind, path, to: one(TARGETS, pick), lines, ...(pick(2) === 0 ? { at } : {}) };
}

/** The part as the damaged answer asks for it. */
function damaged(part: Part, damage: FileDamage, files: Map<string, string>, pick: PickNumber): Part {
  if (part.kind === 'new' && damage === 'there-already') files.set(part.path, 'mine = 1\n');
  if (part.kind === 'move' && damage === 'name-taken') files.set(part.to, 'mine = 1\n');
  if (part.kind === 'move' && damage === 'not-there') files.delete(part.path);
  if (part.kind === 'new' && damage === 'leaves-the-repository') return { ...part, path: one(OUTSIDE, pick) };
  if (part.kind === 'edit' && damage === 'one-part-fails') {
    return { ...part, lines: part.lines.map((line) => `${line}97`) };
  }
  return part;
}

function formatFor(part: Part, damage: FileDamage, pick: PickNumber): Format {
  const moves = part.kind === 'delete' || part.kind === 'move';
  const can = FORMATS.filter((format) => {
    if (format === 'whole') return part.kind === 'new' && part.newline && damage !== 'there-already';
    if (format === 'search-replace') return !moves && (part.kind !== 'new' || part.newline);
    return format !== 'v4a' || part.kind !== 'new' || part.newline;
  });
  return one(can, pick);
}

function meaning(parts: readonly Part[]): Pick<FilesAnswer, 'changes' | 'renames'> {
  const changes = new Map<string, string | null>();
  const renames = new Map<string, string>();
  for (const part of parts) {
    if (part.kind === 'new') changes.set(part.path, text(part.lines, part.newline));
    else if (part.kind === 'edit') changes.set(part.path, text(changed(part.lines, part.at)));
    else changes.set(part.path, null);
    if (part.kind !== 'move') continue;
    changes.set(part.to, text(changed(part.lines, part.at)));
    renames.set(part.to, part.path);
  }
  return { changes, renames };
}

function write(part: Part, format: Format, damage: FileDamage): string {
  if (format === 'unified') return `\`\`\`diff\n${unified(part, damage)}\`\`\`\n`;
  if (format === 'v4a') return `*** Begin Patch\n${v4a(part)}*** End Patch\n`;
  if (format === 'whole') return `\`${part.path}\`\n\`\`\`\n${text(part.lines)}\`\`\`\n`;
  const old = part.kind === 'edit' ? text(around(part.lines, part.at)) : '';
  const now = part.kind === 'edit' ? text(around(changed(part.lines, part.at), part.at)) : text(part.lines);
  return `\`${part.path}\`\n\`\`\`\n<<<<<<< SEARCH\n${old}=======\n${now}>>>>>>> REPLACE\n\`\`\`\n`;
}

function v4a(part: Part): string {
  if (part.kind === 'new') return `*** Add File: ${part.path}\n${marked('+', part.lines)}`;
  if (part.kind === 'delete') return `*** Delete File: ${part.path}\n`;
  const move = part.kind === 'move' ? `*** Move to: ${part.to}\n` : '';
  return `*** Update File: ${part.path}\n${move}${part.at === undefined ? '' : `@@\n${body(part.lines, part.at)}`}`;
}

function unified(part: Part, damage: FileDamage): string {
  const { path, lines } = part;
  const to = part.kind === 'move' ? part.to : path;
  const git = (extended: string) => `diff --git a/${path} b/${to}\n${extended}`;
  // Only a move needs git's own headers to be understood.
  const head = (mode: string) => (damage === 'only-names' ? '' : git(mode));
  const count = lines.length + (damage === 'wrong-counts' ? 3 : 0);
  if (part.kind === 'new') {
    const end = part.newline ? '' : '\\ No newline at end of file\n';
    return `${head('new file mode 100644\n')}--- /dev/null\n+++ b/${path}\n@@ -0,0 +1,${count} @@\n${marked('+', lines)}${end}`;
  }
  if (part.kind === 'delete') {
    return `${head('deleted file mode 100644\n')}--- a/${path}\n+++ /dev/null\n@@ -1,${count} +0,0 @@\n${marked('-', lines)}`;
  }
  const move = `similarity index 90%\nrename from ${path}\nrename to ${to}\n`;
  const names = part.kind === 'move' ? git(move) : head('');
  if (part.at === undefined) return names;
  const shown = around(lines, part.at).length + (damage === 'wrong-counts' ? 2 : 0);
  return `${names}--- a/${path}\n+++ b/${to}\n@@ -${part.at},${shown} +${part.at},${shown} @@\n${body(lines, part.at)}`;
}

function body(lines: readonly string[], at: number): string {
  const old = lines[at] ?? '';
  return (
    marked(' ', lines.slice(at - 1, at)) +
    marked('-', [old]) +
    marked('+', [fresh(at)]) +
    marked(' ', lines.slice(at + 1, at + 2))
  );
}

function around(lines: readonly string[], at: number): readonly string[] {
  return lines.slice(at - 1, at + 2);
}

function changed(lines: readonly string[], at: number | undefined): readonly string[] {
  return lines.map((line, index) => (index === at ? fresh(index) : line));
}

function fresh(at: number): string {
  return `fresh_${at} = 1`;
}

function marked(mark: string, lines: readonly string[]): string {
  return lines.map((line) => `${mark}${line}\n`).join('');
}

function text(lines: readonly string[], newline = true): string {
  return lines.join('\n') + (newline ? '\n' : '');
}

/** Ends the answer inside the lines of its last part. */
function cut(answer: string, block: string, pick: PickNumber): string {
  const inside = block.lastIndexOf('= ');
  const start = Math.max(block.indexOf(' = '), 0);
  return answer.slice(0, answer.length - block.length + start + pick(Math.max(1, inside - start)));
}

function one<T>(from: readonly T[], pick: PickNumber): T {
  const found = from[pick(from.length)];
  if (found === undefined) throw new Error('Nothing to pick from.');
  return found;
}

function shuffled<T>(items: readonly T[], pick: PickNumber): T[] {
  return items
    .map((item) => ({ item, order: pick(1000) }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}
