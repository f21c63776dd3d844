import { type Edit, type Hunk, type Pick, quoted } from './edits.ts';
import { damageLines, LINE_DAMAGES } from './quoting.ts';

export const FORMATS = ['search-replace', 'unified', 'v4a', 'whole'] as const;
export type Format = (typeof FORMATS)[number];

export const DAMAGES = [
  'none',
  'trailing-blanks',
  'crlf',
  'draft-in-reasoning',
  'out-of-order',
  'wrong-counts',
  'wrong-lines',
  'wrong-section',
  'no-numbers',
  'no-fence',
  'other-fence',
  'odd-markers',
  'path-by-its-end',
  'as-json',
  'bare-blank-context',
  'context-without-marker',
  'forgotten-plus',
  'same-twice',
  'cut-off',
  ...LINE_DAMAGES,
] as const;
export type Damage = (typeof DAMAGES)[number];

/** Damage after which an edit has no right reading left, or may have lost a part: only a refusal or all of it will do. */
export const FATAL: ReadonlySet<Damage> = new Set(['cut-off', 'wrong-literal', 'elided']);

const ONLY: Partial<Record<Damage, readonly Format[]>> = {
  'wrong-counts': ['unified'],
  'wrong-lines': ['unified'],
  'wrong-section': ['unified'],
  'no-numbers': ['unified'],
  'no-fence': ['search-replace', 'unified'],
  'odd-markers': ['search-replace'],
  'line-numbers': ['search-replace'],
  'paired-dots': ['search-replace'],
  'bare-blank-context': ['unified', 'v4a'],
  'context-without-marker': ['unified', 'v4a'],
  'forgotten-plus': ['unified', 'v4a'],
};
const ANY_FORMAT: ReadonlySet<Damage> = new Set([
  'none',
  'crlf',
  'draft-in-reasoning',
  'cut-off',
  'elided',
  'other-fence',
  'path-by-its-end',
  'as-json',
]);

/** Whether an answer of the format can have the damage. */
export function fits(format: Format, damage: Damage): boolean {
  return ONLY[damage]?.includes(format) ?? (ANY_FORMAT.has(damage) || format !== 'whole');
}

/** The answer that asks for an edit in a format, with one kind of damage where the format can have it. */
export function render(edit: Edit, format: Format, damage: Damage, pick: Pick): string {
  const hunks = damage === 'out-of-order' ? [...edit.hunks].reverse() : edit.hunks;
  const line = LINE_DAMAGES.find((one) => one === damage);
  const damaged = line === undefined ? hunks : hunks.map((hunk) => damageLines(hunk, line));
  const shown = damage === 'path-by-its-end' ? { ...edit, path: edit.path.replace(/^.*\//, '') } : edit;
  let text = body(shown, damaged, format, damage, pick);
  if (damage === 'trailing-blanks' && format !== 'whole') text = text.replace(/^(.*own_\d+ = \d+)$/gm, '$1  ');
  if (damage === 'draft-in-reasoning') {
    const draft = body({ ...edit, wanted: 'draft\n' }, damaged, format, 'none', pick).replaceAll('fresh_', 'draft_');
    text = `<think>\n${draft}\nNo, rather so.\n</think>\n\n${text}`;
  }
  if (damage === 'same-twice' && format !== 'search-replace') text = `${text}\nOnce more:\n\n${text}`;
  if (damage === 'no-fence') text = text.replace(/^```.*\n/gm, '');
  if (damage === 'other-fence') text = text.replace(/^```/gm, '~~~~');
  if (damage === 'odd-markers') text = text.replace(/^([<=>])\1{6}/gm, (mark) => mark.slice(2));
  if (damage === 'as-json') text = JSON.stringify({ patch: text });
  if (damage === 'cut-off') text = cut(text, pick);
  return damage === 'crlf' ? text.replaceAll('\n', '\r\n') : text;
}

/** Cuts inside the last block: a cut between two blocks leaves a good answer, and only the server can tell. */
function cut(text: string, pick: Pick): string {
  const end = Math.max(...['>>>>>>> REPLACE', '\n```\n', '*** End Patch'].map((mark) => text.lastIndexOf(mark)));
  const found = Math.max(...['<<<<<<< SEARCH', '\n@@', '```\n'].map((mark) => text.lastIndexOf(mark, end - 1)));
  const start = Math.max(0, found) + 8;
  return text.slice(0, start + pick(Math.max(1, end - start)));
}

function body(edit: Edit, hunks: readonly Hunk[], format: Format, damage: Damage, pick: Pick): string {
  if (format === 'whole') {
    const rows = edit.wanted
      .replace(/^\ufeff/, '')
      .replaceAll('\r\n', '\n')
      .replace(/\n$/, '');
    const all = damage === 'elided' ? rows.replace(/\n.*\n/, '\n# ... existing code ...\n') : rows;
    return `The whole file:\n\n\`${edit.path}\`\n\`\`\`\n${all}\n\`\`\`\n`;
  }
  if (format === 'search-replace') {
    const blocks = hunks.map((hunk) => {
      const fresh = [...hunk.before, ...hunk.fresh, ...hunk.after].join('\n');
      return `\`${edit.path}\`\n\`\`\`\n<<<<<<< SEARCH\n${quoted(hunk).join('\n')}\n=======\n${fresh}\n>>>>>>> REPLACE\n\`\`\`\n`;
    });
    return (damage === 'same-twice' ? [...blocks, blocks[0]] : blocks).join('\n');
  }
  const marked = (hunk: Hunk) =>
    [
      ...hunk.before.map((line) => context(line, damage)),
      ...hunk.old.map((line) => `-${line}`),
      ...hunk.fresh.map(
        (line, at) => `${damage === 'forgotten-plus' && at === 1 && hunk.fresh.length > 2 ? '' : '+'}${line}`,
      ),
      ...hunk.after.map((line) => context(line, damage)),
    ].join('\n');
  if (format === 'v4a') {
    const chunks = hunks.map((hunk) => `@@\n${marked(hunk)}\n`).join('');
    return `*** Begin Patch\n*** Update File: ${edit.path}\n${chunks}*** End Patch\n`;
  }
  const diff = hunks.map((hunk) => `${header(edit, hunk, damage, pick)}\n${marked(hunk)}\n`).join('');
  return `So:\n\n\`\`\`diff\n--- a/${edit.path}\n+++ b/${edit.path}\n${diff}\`\`\`\n`;
}

function context(line: string, damage: Damage): string {
  const bare = damage === 'context-without-marker' || (line === '' && damage === 'bare-blank-context');
  return bare ? line : ` ${line}`;
}

function header(edit: Edit, hunk: Hunk, damage: Damage, pick: Pick): string {
  if (damage === 'no-numbers') return '@@ ... @@';
  const above = edit.hunks.filter((one) => one.from < hunk.from);
  const moved = above.reduce((sum, one) => sum + one.fresh.length - one.old.length, 0);
  const wrong = damage === 'wrong-lines' ? 1 + pick(9) : 0;
  const more = damage === 'wrong-counts' ? 1 + pick(3) : 0;
  const kept = hunk.before.length + hunk.after.length;
  const start = hunk.from + 1 + wrong;
  return `@@ -${start},${kept + hunk.old.length + more} +${start + moved},${kept + hunk.fresh.length} @@${damage === 'wrong-section' ? ' class Nowhere:' : ''}`;
}
