import { type Edit, type Hunk, type Pick, quoted } from './edits.ts';

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
  'no-numbers',
  'bare-blank-context',
  'same-twice',
  'cut-off',
  'wrong-literal',
] as const;
export type Damage = (typeof DAMAGES)[number];

/** Damage after which an edit has no right reading left, or may have lost a part: only a refusal or all of it will do. */
export const FATAL: ReadonlySet<Damage> = new Set(['cut-off', 'wrong-literal']);

const UNIFIED_ONLY: ReadonlySet<Damage> = new Set(['wrong-counts', 'wrong-lines', 'no-numbers']);
const ANY_FORMAT: ReadonlySet<Damage> = new Set(['none', 'crlf', 'draft-in-reasoning', 'cut-off']);

/** Whether an answer of the format can have the damage. */
export function fits(format: Format, damage: Damage): boolean {
  if (ANY_FORMAT.has(damage)) return true;
  if (UNIFIED_ONLY.has(damage)) return format === 'unified';
  if (damage === 'same-twice') return format === 'search-replace';
  if (damage === 'bare-blank-context') return format === 'unified' || format === 'v4a';
  return format !== 'whole';
}

/** The answer that asks for an edit in a format, with one kind of damage where the format can have it. */
export function render(edit: Edit, format: Format, damage: Damage, pick: Pick): string {
  const hunks = damage === 'out-of-order' ? [...edit.hunks].reverse() : edit.hunks;
  const damaged = damage === 'wrong-literal' ? hunks.map(misquote) : hunks;
  let text = body(edit, damaged, format, damage, pick);
  if (damage === 'trailing-blanks' && format !== 'whole') text = text.replace(/^(.*own_\d+ = \d+)$/gm, '$1  ');
  if (damage === 'draft-in-reasoning') {
    const draft = body({ ...edit, wanted: 'draft\n' }, damaged, format, 'none', pick).replaceAll('fresh_', 'draft_');
    text = `<think>\n${draft}\nNo, rather so.\n</think>\n\n${text}`;
  }
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

function misquote(hunk: Hunk): Hunk {
  return { ...hunk, before: hunk.before.map((line) => `${line}${/\d$/.test(line) ? '' : ' '}97`) };
}

function body(edit: Edit, hunks: readonly Hunk[], format: Format, damage: Damage, pick: Pick): string {
  if (format === 'whole') {
    const rows = edit.wanted
      .replace(/^\ufeff/, '')
      .replaceAll('\r\n', '\n')
      .replace(/\n$/, '');
    return `The whole file:\n\n\`${edit.path}\`\n\`\`\`\n${rows}\n\`\`\`\n`;
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
      ...hunk.fresh.map((line) => `+${line}`),
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
  return line === '' && damage === 'bare-blank-context' ? '' : ` ${line}`;
}

function header(edit: Edit, hunk: Hunk, damage: Damage, pick: Pick): string {
  if (damage === 'no-numbers') return '@@ ... @@';
  const above = edit.hunks.filter((one) => one.from < hunk.from);
  const moved = above.reduce((sum, one) => sum + one.fresh.length - one.old.length, 0);
  const wrong = damage === 'wrong-lines' ? 1 + pick(9) : 0;
  const more = damage === 'wrong-counts' ? 1 + pick(3) : 0;
  const kept = hunk.before.length + hunk.after.length;
  const start = hunk.from + 1 + wrong;
  return `@@ -${start},${kept + hunk.old.length + more} +${start + moved},${kept + hunk.fresh.length} @@`;
}
