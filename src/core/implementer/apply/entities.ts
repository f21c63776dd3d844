import type { EditOp, Op } from '../answer/ops.ts';
import { decodeEntities } from '../answer/unwrap.ts';
import type { Refusal } from '../refusal.ts';
import type { Texts } from '../types.ts';
import { resolvePath } from './resolve.ts';

export type Unescaped =
  | { readonly ok: true; readonly ops: readonly Op[] }
  | { readonly ok: false; readonly refusal: Refusal };

const ENTITY = /&(?:lt|gt|quot|#39|#x27|amp);/;
const ENTITIES = /&(?:lt|gt|quot|#39|#x27|amp);/g;
/** Files whose language itself writes signs so. */
const MARKUP =
  /\.(?:x?html?|xml|xsl|xslt|svg|md|mdx|markdown|rst|adoc|jsx|tsx|vue|svelte|astro|php|ejs|erb|hbs|j2|jinja2?|mustache|tmpl|tpl|plist|rss|ipynb|resx|xaml)$/i;
const LITERAL = /(["'`])(?:\\.|(?!\1)[^\\])*\1/g;

/**
 * The edits without the HTML escape that they went through, where only their new lines have one: what is to be found in
 * the file is decoded where it is looked for, and shows that the whole answer was escaped. Where nothing shows it, and the
 * file's language has no such escapes, the answer is refused: never are they written into code.
 */
export function unescapedOps(files: Texts, ops: readonly Op[]): Unescaped {
  const suspects = ops.filter((op) => newLines(op).some((line) => ENTITY.test(line)));
  if (suspects.length === 0) return { ok: true, ops };
  const paths = new Set(files.keys());
  const textOf = (op: Op) => {
    const path = resolvePath(op.path, paths, false);
    return path.ok ? (files.get(path.path) ?? '') : '';
  };
  const escaped = ops.some((op) => op.op === 'edit' && wasEscaped(op, textOf(op)));
  for (const op of suspects) {
    if (quotesEscape(op)) continue;
    const text = textOf(op);
    const meant = MARKUP.test(op.path) || ENTITY.test(text) || areMeant(newLines(op));
    if (!escaped && !meant) return { ok: false, refusal: entities(op) };
  }
  return { ok: true, ops: escaped ? ops.map(decoded) : ops };
}

function newLines(op: Op): readonly string[] {
  if (op.op === 'edit') return op.replace;
  return op.op === 'create' || op.op === 'whole' ? op.lines : [];
}

/** What an edit quotes decides for itself what its own escapes are. */
function quotesEscape(op: Op): boolean {
  return op.op === 'edit' && op.search.some((line) => ENTITY.test(line));
}

/** Whether the file has a line that the edit quotes only without its escapes. */
function wasEscaped({ search }: EditOp, text: string): boolean {
  const quoted = search.filter((line) => ENTITY.test(line)).map((line) => line.trim());
  if (quoted.length === 0) return false;
  const lines = new Set(text.split('\n').map((line) => line.trim()));
  return quoted.some((line) => !lines.has(line) && lines.has(decodeEntities(line)));
}

/** Whether each escape stands in a tag's line or in a text of the code, with plain signs beside it or on its own. */
function areMeant(lines: readonly string[]): boolean {
  const plain = lines.some((line) => /[<>&]/.test(line.replace(ENTITIES, '')));
  return lines.every((line) => {
    // Documentation in comments of Java, C# and their like is markup.
    if (!ENTITY.test(line) || /<\/?[a-z]/i.test(line) || /^\s*(?:\*|\/\*\*|\/\/\/)\s/.test(line)) return true;
    const alone = (literal: string) => literal.slice(1, -1).replace(ENTITIES, '') === '';
    return !ENTITY.test(line.replace(LITERAL, (literal) => (plain || alone(literal) ? '' : literal)));
  });
}

function decoded(op: Op): Op {
  // An answer that writes a plain < in the same edit did not escape this one.
  if (quotesEscape(op) || newLines(op).some((line) => line.includes('<'))) return op;
  const decode = (lines: readonly string[]) => lines.map(decodeEntities);
  if (op.op === 'edit') {
    return { ...op, replace: decode(op.replace), ...(op.hunk ? { hunk: decode(op.hunk) } : {}) };
  }
  return op.op === 'create' || op.op === 'whole' ? { ...op, lines: decode(op.lines) } : op;
}

function entities(op: Op): Refusal {
  const found = newLines(op).find((line) => ENTITY.test(line)) ?? '';
  const message = `The new text for ${op.path} has HTML entities where code is (${JSON.stringify(found.trim().slice(0, 120))}). Send the whole change again with the signs themselves: <, >, &, quotes.`;
  return { code: 'malformed', path: op.path, message };
}
