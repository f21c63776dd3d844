/** Pairs of neighbouring characters, each counted. */
function pairs(line: string): Map<string, number> {
  const text = line.trim();
  const found = new Map<string, number>();
  for (let at = 0; at + 1 < text.length; at += 1) {
    const pair = text.slice(at, at + 2);
    found.set(pair, (found.get(pair) ?? 0) + 1);
  }
  return found;
}

/** How alike two lines are, 0 to 1 (Dice over character pairs). For messages only: nothing is ever matched by it. */
function likeness(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let shared = 0;
  let total = 0;
  for (const [pair, count] of a) shared += Math.min(count, b.get(pair) ?? 0);
  for (const count of a.values()) total += count;
  for (const count of b.values()) total += count;
  return total === 0 ? 1 : (2 * shared) / total;
}

const AROUND = 5;
const LEAST = 0.4;
const MOST_LINES = 60;

/** The file's own lines that look most like a SEARCH that was not found, five around it; none where nothing is near. */
export function nearestLines(text: string, search: readonly string[]): readonly string[] | undefined {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const wanted = search.slice(0, MOST_LINES).map(pairs);
  const have = lines.map(pairs);
  let best = { at: -1, score: 0 };
  for (let at = 0; at < lines.length; at += 1) {
    let sum = 0;
    for (const [offset, want] of wanted.entries()) {
      const other = have[at + offset];
      if (other) sum += likeness(want, other);
    }
    const score = sum / Math.max(1, wanted.length);
    if (score > best.score) best = { at, score };
  }
  if (best.score < LEAST) return undefined;
  return lines.slice(Math.max(0, best.at - AROUND), best.at + wanted.length + AROUND);
}
