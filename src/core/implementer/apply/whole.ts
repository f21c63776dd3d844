import { diffArrays } from 'diff';
import { placeholdersIn } from '../answer/elision.ts';
import type { WholeOp } from '../answer/ops.ts';
import type { Refusal } from '../refusal.ts';
import { type FileLines, type Line, usualEnd, writeLines } from './lines.ts';

/** Below this share of its lines a file of this many lines was not given whole: the rest would be lost. */
const LEAST_KEPT = 0.5;
const SHORT_FILE = 8;
/** A text about as long as the file may well be another text for all of it. */
const LEAST_LENGTH = 0.7;

export type Rewritten =
  | { readonly ok: true; readonly text: string; readonly firstLine: number }
  /** The lines are a stretch of the file as it stands: a quotation, no edit. */
  | { readonly ok: false; readonly quotes: true }
  | { readonly ok: false; readonly quotes: false; readonly refusal: Refusal };

/** A file's text given whole: lines that are the same keep the file's own bytes. */
export function rewrite(path: string, before: FileLines, op: WholeOp): Rewritten {
  const old = before.lines.map((line) => line.text.trimEnd());
  const given = op.lines.map((line, index) => (index === 0 ? line.replace(/^\ufeff/, '') : line));
  const now = given.map((line) => line.trimEnd());
  const known = new Set(old.map((line) => line.trim()));
  const elided = placeholdersIn(path, now, old).find((line) => !known.has(line.trim()));
  if (elided !== undefined) {
    const message = `The text of ${path} leaves code out (${JSON.stringify(elided.trim())}). Write every line that shall stand there.`;
    return { ok: false, quotes: false, refusal: { code: 'elided-code', path, message } };
  }
  if (now.length < old.length && holds(old, now)) return { ok: false, quotes: true };
  const parts = diffArrays(old, now, { maxEditLength: 4000 });
  const kept = parts?.reduce((sum, part) => sum + (part.added || part.removed ? 0 : part.value.length), 0) ?? 0;
  const shrinks = now.length < old.length * LEAST_LENGTH;
  if (old.length >= SHORT_FILE && shrinks && kept < old.length * LEAST_KEPT) {
    const message = `The answer's text of ${path} has ${now.length} lines and keeps only ${kept} of the ${old.length} that stand there: part of a file cannot be told from a whole one. Send search/replace blocks.`;
    return { ok: false, quotes: false, refusal: { code: 'elided-code', path, message } };
  }
  const lines: Line[] = [];
  const usual = usualEnd(before.lines);
  let [from, to] = [0, 0];
  let firstLine: number | undefined;
  for (const { added, removed, value } of parts ?? []) {
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

function holds(old: readonly string[], now: readonly string[]): boolean {
  for (let at = 0; at + now.length <= old.length; at += 1) {
    if (now.every((line, index) => line === old[at + index])) return true;
  }
  return false;
}
