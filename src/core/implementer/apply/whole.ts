import { diffArrays } from 'diff';
import { placeholdersIn } from '../answer/elision.ts';
import type { WholeOp } from '../answer/ops.ts';
import type { Refusal } from '../refusal.ts';
import { type FileLines, type Line, usualEnd, writeLines } from './lines.ts';

/** Below this share of its lines a file of this many lines was not given whole: the rest would be lost. */
const LEAST_KEPT = 0.5;
/** A text about as long as the file may well be another text for all of it. */
const LEAST_LENGTH = 0.7;
/** A file of fewer lines was not given whole by a text that is shorter at all and keeps less than that share. */
const SHORT_FILE = 8;
/** Lines lost at the file's ends, and their share of it: a text that begins or stops further inside may be an excerpt. */
const MOST_LOST = 2;
const MOST_LOST_SHARE = 0.15;

export type Rewritten =
  | { readonly ok: true; readonly text: string; readonly firstLine: number }
  /** The lines are a stretch of the file as it stands: a quotation, no edit. */
  | { readonly ok: false; readonly quotes: true }
  | { readonly ok: false; readonly quotes: false; readonly refusal: Refusal };

/** A file's text given whole: lines that are the same keep the file's own bytes. */
export function rewrite(path: string, before: FileLines, op: WholeOp): Rewritten {
  const old = before.lines.map((line) => line.text.trimEnd());
  const given = withoutPath(path, op, old[0]).map((line, index) => (index === 0 ? line.replace(/^\ufeff/, '') : line));
  const now = given.map((line) => line.trimEnd());
  const known = new Set(old.map((line) => line.trim()));
  const elided = placeholdersIn(path, now, old).find((line) => !known.has(line.trim()));
  if (elided !== undefined) {
    const message = `The text of ${path} leaves code out (${JSON.stringify(elided.trim())}). Write every line that shall stand there.`;
    return { ok: false, quotes: false, refusal: { code: 'elided-code', path, message } };
  }
  const conflict = conflictIn(path, op.lines, old);
  if (conflict) return { ok: false, quotes: false, refusal: conflict };
  const refuse = (what: string): Rewritten => {
    const message = `The answer's text of ${path} ${what}: part of a file cannot be told from a whole one. Send search/replace blocks.`;
    return { ok: false, quotes: false, refusal: { code: 'elided-code', path, message } };
  };
  const stands = now.length < old.length ? placesOf(old, now) : [];
  if (stands.some((at) => isAllBut(old, now, at))) return refuse(`is what stands there without its one end`);
  if (stands.length > 0) return { ok: false, quotes: true };
  const parts = diffArrays(old, now, { maxEditLength: 4000 }) ?? [
    { added: false, removed: true, value: old },
    { added: true, removed: false, value: now },
  ];
  const kept = parts.reduce((sum, part) => sum + (part.added || part.removed ? 0 : part.value.length), 0);
  const least = old.length < SHORT_FILE ? 1 : LEAST_LENGTH;
  if (now.length < old.length * least && kept < old.length * LEAST_KEPT) {
    return refuse(`has ${now.length} lines and keeps only ${kept} of the ${old.length} that stand there`);
  }
  const lost = lostAtEnds(parts);
  if (lost > MOST_LOST || (lost === MOST_LOST && lost > old.length * MOST_LOST_SHARE)) {
    return refuse(`leaves out ${lost} lines at the ends of the ${old.length} that stand there`);
  }
  const lines: Line[] = [];
  const usual = usualEnd(before.lines);
  let [from, to] = [0, 0];
  let firstLine: number | undefined;
  for (const { added, removed, value } of parts) {
    if (!added && !removed) lines.push(...before.lines.slice(from, from + value.length));
    else firstLine ??= lines.length + 1;
    if (added) {
      const end = (lines.at(-1)?.end || before.lines[from]?.end || usual) as string;
      lines.push(...given.slice(to, to + value.length).map((text) => ({ text, end })));
    }
    if (!added) from += value.length;
    if (!removed) to += value.length;
  }
  return { ok: true, text: writeLines(before, lines), firstLine: firstLine ?? 1 };
}

/** A whole text without the comment that only repeats its path: it is the file's where the file itself begins so. */
export function withoutPath(path: string, op: WholeOp, first: string | undefined): readonly string[] {
  const [line = '', ...rest] = op.lines;
  const comment = /^\s*(?:#|\/\/)\s?(?:file(?:name)?:\s?|path:\s?)?(\S.{0,300})$/i.exec(line.trimEnd())?.[1];
  const named = comment?.replace(/^\.\//, '');
  const repeats = named !== undefined && (named === path || named === op.path.replace(/^\.\//, ''));
  return repeats && first?.trim() !== line.trim() ? rest : op.lines;
}

/** Where lines stand in others, at any place. */
function placesOf(old: readonly string[], now: readonly string[]): readonly number[] {
  const last = old.length - now.length;
  const at = Array.from({ length: last + 1 }, (_, index) => index);
  return at.filter((start) => now.every((line, index) => line === old[start + index]));
}

/**
 * Whether a stretch of a file is most of it from its first line on or up to its last. A quotation could look so, and so
 * does the whole file of which one end shall go.
 */
function isAllBut(old: readonly string[], now: readonly string[], at: number): boolean {
  const end = at + now.length;
  const lost = [...old.slice(0, at), ...old.slice(end)];
  const most = now.length >= old.length * (old.length < SHORT_FILE ? LEAST_KEPT : LEAST_LENGTH);
  return most && (at === 0 || end === old.length) && lost.some((line) => line !== '');
}

interface Part {
  readonly added: boolean;
  readonly removed: boolean;
  readonly value: readonly string[];
}

/** How many lines go before the first and behind the last line of the new text, where those are lines of the old one. */
function lostAtEnds(parts: readonly Part[]): number {
  const backwards = parts.map((part) => ({ ...part, value: part.value.toReversed() })).reverse();
  return lostAtStart(parts, parts) + lostAtStart(backwards, parts);
}

function lostAtStart([first, second, third]: readonly Part[], all: readonly Part[]): number {
  if (all.length < 2 || !first || !second) return 0;
  const [gone, fresh] = first.removed ? [first, second] : [second, first];
  if (!gone.removed) return 0;
  const count = (lines: readonly string[]) => lines.filter((line) => line !== '').length;
  if (!fresh.added) return gone === first ? count(gone.value) : 0;
  if (!third || fresh.value.length >= gone.value.length) return 0;
  // The new text begins with a line that differs from an inner one in its values only.
  const from = gone.value.length - fresh.value.length;
  const alike = fresh.value.every((line, at) => shapeOf(line) === shapeOf(gone.value[from + at] ?? ''));
  return alike ? count(gone.value.slice(0, from)) : 0;
}

/** A line without its numbers and texts. */
function shapeOf(line: string): string {
  return line.replace(/\d[\w.]*(?:-\d+)?|"[^"]*"|'[^']*'/g, '0');
}

/** The marks of a merge around two texts: they say that one shall become the other, and are no text of a file. */
export function conflictIn(path: string, lines: readonly string[], old: readonly string[]): Refusal | undefined {
  const from = lines.findIndex((line) => /^<{5,9}(?: \S|$)/.test(line));
  const to = lines.findLastIndex((line) => /^>{5,9}(?: \S|$)/.test(line));
  if (from < 0 || to < from || old.some((line) => /^<{5,9}(?: \S|$)/.test(line))) return undefined;
  const message = `The answer's text of ${path} has a mark of a merge (${JSON.stringify(lines[from]?.slice(0, 80))}). Send search/replace blocks: <<<<<<< SEARCH, =======, >>>>>>> REPLACE.`;
  return { code: 'malformed', path, message };
}
