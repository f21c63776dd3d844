import type { HunkReason } from '../../core/domain/index.ts';
import type { FileDiff, Hunk } from '../../core/git/index.ts';

/** A hunk still to be decided, with its file. */
export interface HunkPlace {
  readonly path: string;
  readonly hunk: Hunk;
}

/**
 * The lines of the new file that a hunk covers, 0-based, both inclusive. A hunk that only removes lines stands on the
 * line that follows them, within `lineCount` lines.
 */
export function linesOf(hunk: Hunk, lineCount: number): { readonly first: number; readonly last: number } {
  const end = Math.max(0, lineCount - 1);
  if (hunk.newCount === 0) {
    const line = Math.min(hunk.newStart, end);
    return { first: line, last: line };
  }
  const first = Math.min(Math.max(0, hunk.newStart - 1), end);
  return { first, last: Math.min(Math.max(first, hunk.newStart + hunk.newCount - 2), end) };
}

/** Every undecided hunk in reading order. */
export function inOrder(files: readonly FileDiff[]): readonly HunkPlace[] {
  return files.flatMap((file) => file.hunks.map((hunk) => ({ path: file.path, hunk })));
}

/** The hunk at a line (0-based) of a file, else the nearest one of that file. */
export function hunkAt(file: FileDiff | undefined, line: number, lineCount: number): Hunk | undefined {
  let nearest: Hunk | undefined;
  let best = Number.POSITIVE_INFINITY;
  for (const hunk of file?.hunks ?? []) {
    const { first, last } = linesOf(hunk, lineCount);
    const distance = line < first ? first - line : line > last ? line - last : 0;
    if (distance < best) {
      best = distance;
      nearest = hunk;
    }
  }
  return nearest;
}

/**
 * The hunk to show after (`step` 1) or before (`step` -1) a place, going round at the ends. Without a place the first
 * or last one.
 */
export function nextPlace(
  files: readonly FileDiff[],
  from: { readonly path: string; readonly line: number } | undefined,
  step: 1 | -1,
): HunkPlace | undefined {
  const all = inOrder(files);
  if (all.length === 0) return undefined;
  const ordered = step === 1 ? all : all.toReversed();
  if (!from) return ordered[0];
  const order = [...new Set(files.map((file) => file.path))];
  // A file with no hunk left is no longer listed: then the round begins anew.
  const at = order.indexOf(from.path);
  if (at === -1) return ordered[0];
  const beyond = ordered.find(({ path, hunk }) => {
    const file = order.indexOf(path) - at;
    const line = linesOf(hunk, Number.MAX_SAFE_INTEGER).first - from.line;
    return (file === 0 ? line : file) * step > 0;
  });
  return beyond ?? ordered[0];
}

/**
 * Which reason belongs to which undecided hunk. Reasons name lines of the whole proposal, and lines move as hunks are
 * rejected; so a reason follows the changed lines of the proposal's hunk that it names.
 * @param proposal HEAD against the proposal, with any context
 */
export function reasonsOf(
  reasons: readonly HunkReason[],
  proposal: readonly FileDiff[],
  undecided: readonly FileDiff[],
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const reason of reasons) {
    const wanted = changedLinesAt(
      proposal.find((file) => file.path === reason.path),
      reason.line,
    );
    const file = undecided.find((one) => one.path === reason.path);
    const sharing = file?.hunks.filter((hunk) => changedLines(hunk.lines).some((line) => wanted.has(line))) ?? [];
    const exact = sharing.find((hunk) => covers(hunk, reason.line));
    const hunk = exact ?? sharing[0];
    if (hunk) found.set(hunk.id, [...(found.get(hunk.id) ?? []), reason.text]);
  }
  return found;
}

function covers(hunk: Hunk, line: number): boolean {
  return line >= hunk.newStart && line < hunk.newStart + Math.max(1, hunk.newCount);
}

/** The block of changed lines around a line (1-based) of the new text, with their `+` and `-`. */
function changedLinesAt(file: FileDiff | undefined, line: number): ReadonlySet<string> {
  const hunk = file?.hunks.find((one) => covers(one, line)) ?? nearestHunk(file, line);
  if (!hunk) return new Set();
  const blocks: { readonly lines: string[]; distance: number }[] = [];
  let current: { readonly lines: string[]; distance: number } | undefined;
  let number = hunk.newStart;
  for (const text of hunk.lines) {
    if (text.startsWith('\\')) continue;
    if (text.startsWith(' ')) {
      current = undefined;
      number += 1;
      continue;
    }
    if (!current) {
      current = { lines: [], distance: Number.POSITIVE_INFINITY };
      blocks.push(current);
    }
    current.lines.push(text);
    current.distance = Math.min(current.distance, Math.abs(number - line));
    if (text.startsWith('+')) number += 1;
  }
  blocks.sort((a, b) => a.distance - b.distance);
  return new Set(blocks[0]?.lines ?? []);
}

function nearestHunk(file: FileDiff | undefined, line: number): Hunk | undefined {
  return [...(file?.hunks ?? [])].sort((a, b) => Math.abs(a.newStart - line) - Math.abs(b.newStart - line))[0];
}

function changedLines(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => line.startsWith('+') || line.startsWith('-'));
}
