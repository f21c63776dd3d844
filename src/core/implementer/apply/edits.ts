import type { EditOp } from '../answer/ops.ts';
import type { Refusal } from '../refusal.ts';
import { placings } from './evidence.ts';
import { type FileLines, type Line, usualEnd, writeLines } from './lines.ts';
import { notFound, Place, type Splice } from './place.ts';

/** Where an edit ended up in the new text, and the words that stood before it in the answer. */
export interface Placed {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  readonly prose: string;
}

export interface FileResult {
  readonly text: string;
  readonly placed: readonly Placed[];
  readonly rungs: ReadonlyMap<EditOp, string>;
  readonly refused: ReadonlyMap<EditOp, Refusal>;
}

/**
 * Applies all edits of one file. Each is looked for in the whole file as it was, whatever their order; only what is
 * not there may stand in the result of the others.
 */
export function editFile(path: string, before: FileLines, edits: readonly EditOp[]): FileResult {
  const rungs = new Map<EditOp, string>();
  const refused = new Map<EditOp, Refusal>();
  const usual = usualEnd(before.lines);
  const place = new Place(path, before.lines, usual);
  let splices: Splice[] = [];
  const later: EditOp[] = [];
  const bare = edits.map(withoutMark);
  const found = placings(place, bare);
  for (const [index, edit] of edits.entries()) {
    const placing = found.get(bare[index] ?? edit);
    if (!placing) later.push(edit);
    else if (!placing.ok) refused.set(edit, placing.refusal);
    else if (
      placing.splices.some((one) =>
        splices.some((other) => clash(core(one, before.lines), one, core(other, before.lines), other)),
      )
    ) {
      refused.set(edit, overlap(path));
    } else {
      splices.push(...placing.splices);
      rungs.set(edit, placing.rung);
    }
  }
  splices = splices.map((one) => core(one, before.lines)).toSorted((a, b) => a.from - b.from || a.to - b.to);
  let { lines, placed } = join(path, before.lines, splices);
  for (const edit of later) {
    // Edits meant one after the other: this one quotes what an earlier one wrote.
    const placing = splices.length > 0 ? new Place(path, lines, usual).find(withoutMark(edit)) : undefined;
    if (!placing?.ok) {
      refused.set(edit, placing?.refusal ?? notFound(place, edit));
      continue;
    }
    rungs.set(edit, placing.rung);
    for (const splice of placing.splices.toSorted((a, b) => b.from - a.from)) {
      const grown = splice.lines.length - (splice.to - splice.from);
      const moved = placed.map((one) => (one.line > splice.to ? { ...one, line: one.line + grown } : one));
      const next = join(path, lines, [splice]);
      lines = next.lines;
      placed = [...moved, ...next.placed];
    }
  }
  return { text: endOf(before, lines, edits), placed, rungs, refused };
}

/** The file's last line ends as it did, unless a diff's own mark says otherwise and is about that line. */
function endOf(before: FileLines, lines: readonly Line[], edits: readonly EditOp[]): string {
  const text = writeLines(before, lines);
  const end = edits.find((edit) => edit.end !== undefined);
  const open = before.lines.at(-1)?.end === '';
  const last = lines.at(-1)?.text;
  if (!end || last === undefined || last !== end.replace.at(-1)) return text;
  if (end.end === 'gains-newline' && open) return text + usualEnd(before.lines);
  if (end.end === 'loses-newline' && !open) return text.replace(/\r?\n$/, '');
  return text;
}

/** A file's mark is no part of its first line; an answer may hold it all the same. */
function withoutMark(edit: EditOp): EditOp {
  const bare = (lines: readonly string[]) =>
    lines[0]?.startsWith('\ufeff') ? [lines[0].slice(1), ...lines.slice(1)] : lines;
  return { ...edit, search: bare(edit.search), replace: bare(edit.replace) };
}

/** What a splice really changes: without the lines at its edges that it only quotes. */
function core(splice: Splice, file: readonly Line[]): Splice {
  let { from, to } = splice;
  let [start, end] = [0, splice.lines.length];
  // Lines that stay are the file's own objects.
  for (; from < to && start < end && splice.lines[start] === file[from]; start += 1) from += 1;
  for (; from < to && start < end && splice.lines[end - 1] === file[to - 1]; end -= 1) to -= 1;
  const firstChange = Math.max(0, splice.firstChange - start);
  return { ...splice, from, to, firstChange, lines: splice.lines.slice(start, end) };
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * Whether two edits contradict each other: one changes lines that the other quotes or changes, or both put lines at one
 * place. Lines that both only quote are no contradiction.
 */
function clash(a: Span, aQuotes: Span, b: Span, bQuotes: Span): boolean {
  const meets = (one: Span, other: Span) => one.from < one.to && one.from < other.to && other.from < one.to;
  const inside = (one: Span, other: Span) => one.from === one.to && other.from < one.from && one.from < other.to;
  const same = a.from === a.to && b.from === b.to && a.from === b.from;
  return same || meets(a, bQuotes) || meets(b, aQuotes) || inside(a, b) || inside(b, a);
}

export function overlap(path: string): Refusal {
  return { code: 'overlap', path, message: `Two edits change the same lines of ${path}. Join them into one.` };
}

function join(path: string, before: readonly Line[], splices: readonly Splice[]): { lines: Line[]; placed: Placed[] } {
  const lines: Line[] = [];
  const placed: Placed[] = [];
  let at = 0;
  for (const splice of splices) {
    lines.push(...before.slice(at, splice.from));
    placed.push({ path, line: lines.length + splice.firstChange + 1, prose: splice.edit.prose });
    lines.push(...splice.lines);
    at = splice.to;
  }
  lines.push(...before.slice(at));
  return { lines, placed };
}
