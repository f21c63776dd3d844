import type { Op } from './ops.ts';

/**
 * Whether a diff without a header only shows what other edits of the answer do: all that it takes away and all that it
 * adds is in them. What it alone says is never dropped.
 */
export function isOnlyShown(op: Op, others: readonly Op[]): boolean {
  if (op.op !== 'edit' || others.length === 0) return false;
  const [old, now] = [new Set<string>(), new Set<string>()];
  for (const other of others) {
    if (other.op === 'edit') for (const line of other.search) old.add(line.trim());
    const lines = other.op === 'edit' ? other.replace : 'lines' in other ? other.lines : [];
    for (const line of lines) now.add(line.trim());
  }
  const whole = others.some((other) => other.op === 'whole');
  const marked = (mark: string) =>
    (op.hunk ?? []).filter((line) => line.startsWith(mark)).map((line) => line.slice(1).trim());
  return (
    marked('+').every((line) => now.has(line)) &&
    marked('-').every((line) => old.has(line) || (whole && !now.has(line)))
  );
}

/** The edits without those of diffs that only show what others do in the same file. */
export function withoutShown(ops: readonly Op[], headless: ReadonlySet<Op>): readonly Op[] {
  if (headless.size === 0) return ops;
  const firm = ops.filter((op) => !headless.has(op));
  return ops.filter(
    (op) =>
      !headless.has(op) ||
      !isOnlyShown(
        op,
        firm.filter((other) => other.path === op.path),
      ),
  );
}
