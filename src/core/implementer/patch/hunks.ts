import { diffArrays, structuredPatch } from 'diff';

/** A stretch that differs, with the lines around it. */
export interface Hunk {
  /** 1-based; of a range without lines, the line behind it. */
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
  /** With their sign in front, and git's remark behind a last line that does not end. */
  readonly lines: readonly string[];
}

/** The time for a difference grows with the square of it. */
const MOST_EDITS = 1000;
const MOST_EDITS_OF_SHARED = 2000;

/**
 * Where two texts differ, line by line. Always ends soon: of texts that differ in thousands of lines, those that only one
 * of both has are set aside first, which loses nothing; where what is left differs as much, all of it counts as changed.
 * @param context how many lines that are the same stand around a difference
 * @param most lines that differ, up to which the shortest difference of all is looked for
 */
export function hunksOf(before: string, after: string, context: number, most = MOST_EDITS): readonly Hunk[] {
  const patch = structuredPatch('a', 'b', before, after, '', '', { context, maxEditLength: most });
  if (patch) return patch.hunks;
  const [old, now] = [linesOf(before), linesOf(after)];
  return together(changesIn(old, now), context).map((changes) => hunk(old, now, changes, context));
}

/** Lines with the breaks at their ends. */
function linesOf(text: string): readonly string[] {
  return text.split(/(?<=\n)/).filter((line) => line !== '');
}

/** 0-based, the ends not included. */
interface Change {
  readonly old: readonly [from: number, to: number];
  readonly now: readonly [from: number, to: number];
}

function changesIn(old: readonly string[], now: readonly string[]): readonly Change[] {
  const changes: Change[] = [];
  let [oldFrom, nowFrom] = [0, 0];
  const upTo = (oldTo: number, nowTo: number) => {
    if (oldTo > oldFrom || nowTo > nowFrom) changes.push({ old: [oldFrom, oldTo], now: [nowFrom, nowTo] });
    [oldFrom, nowFrom] = [oldTo + 1, nowTo + 1];
  };
  for (const [oldAt, nowAt] of sameIn(old, now)) upTo(oldAt, nowAt);
  upTo(old.length, now.length);
  return changes;
}

/** The places of lines that stay, in both texts. */
function sameIn(old: readonly string[], now: readonly string[]): readonly (readonly [number, number])[] {
  let start = 0;
  while (start < Math.min(old.length, now.length) && old[start] === now[start]) start += 1;
  let end = 0;
  const most = Math.min(old.length, now.length) - start;
  while (end < most && old[old.length - 1 - end] === now[now.length - 1 - end]) end += 1;
  const shared = (lines: readonly string[], others: readonly string[]) => {
    const known = new Set(others);
    return lines.flatMap((line, at) =>
      at >= start && at < lines.length - end && known.has(line) ? [{ line, at }] : [],
    );
  };
  const [oldShared, nowShared] = [shared(old, now), shared(now, old)];
  const parts =
    diffArrays(
      oldShared.map((one) => one.line),
      nowShared.map((one) => one.line),
      { maxEditLength: MOST_EDITS_OF_SHARED },
    ) ?? [];
  const same: (readonly [number, number])[] = Array.from({ length: start }, (_, at) => [at, at]);
  let [oldAt, nowAt] = [0, 0];
  for (const { added, removed, count } of parts) {
    for (let one = 0; !added && !removed && one < count; one += 1) {
      same.push([oldShared[oldAt + one]?.at ?? 0, nowShared[nowAt + one]?.at ?? 0]);
    }
    if (!added) oldAt += count;
    if (!removed) nowAt += count;
  }
  for (let back = end; back > 0; back -= 1) same.push([old.length - back, now.length - back]);
  return same;
}

/** Changes whose surroundings meet are one hunk. */
function together(changes: readonly Change[], context: number): readonly (readonly Change[])[] {
  const groups: Change[][] = [];
  for (const change of changes) {
    const last = groups.at(-1);
    const before = last?.at(-1);
    if (last && before && change.old[0] - before.old[1] <= 2 * context) last.push(change);
    else groups.push([change]);
  }
  return groups;
}

function hunk(old: readonly string[], now: readonly string[], changes: readonly Change[], context: number): Hunk {
  const [first, last] = [changes[0], changes.at(-1)];
  const before = Math.min(context, first?.old[0] ?? 0);
  const oldFrom = (first?.old[0] ?? 0) - before;
  const oldTo = Math.min(old.length, (last?.old[1] ?? 0) + context);
  const lines: string[] = [];
  const put = (sign: string, rows: readonly string[]) => {
    for (const row of rows) {
      lines.push(`${sign}${row.replace(/\n$/, '')}`);
      if (!row.endsWith('\n')) lines.push('\\ No newline at end of file');
    }
  };
  let at = oldFrom;
  for (const change of changes) {
    put(' ', old.slice(at, change.old[0]));
    put('-', old.slice(...change.old));
    put('+', now.slice(...change.now));
    [, at] = change.old;
  }
  put(' ', old.slice(at, oldTo));
  const added = changes.reduce((sum, one) => sum + one.now[1] - one.now[0] - (one.old[1] - one.old[0]), 0);
  const oldLines = oldTo - oldFrom;
  return {
    oldStart: oldFrom + 1,
    oldLines,
    newStart: (first?.now[0] ?? 0) - before + 1,
    newLines: oldLines + added,
    lines,
  };
}
