import { existsSync, readFileSync } from 'node:fs';

/** The middle value; NaN of none. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** The value that a share of `at` of the others do not pass; NaN of none. */
export function quantile(values: readonly number[], at: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * at))] ?? Number.NaN;
}

/**
 * Prints one ratio with both sides: how many times as good ours is as the rival's.
 * @param best `low` where less is better (milliseconds), `high` where more is (lines a second)
 */
export function printRatio(
  what: string,
  ours: number,
  rival: { readonly name: string; readonly value: number },
  unit: string,
  best: 'low' | 'high' = 'low',
): void {
  const ratio = best === 'low' ? rival.value / ours : ours / rival.value;
  const shown = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
  console.log(
    `  ${what}: ${ratio.toFixed(2)} times ${rival.name} (${shown(ours)} ${unit} against ${shown(rival.value)} ${unit})`,
  );
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Resolves when the file is there, with at least so many lines. */
export async function untilLines(file: string, lines: number, limitMs = 120_000): Promise<string[]> {
  const until = performance.now() + limitMs;
  for (;;) {
    const found = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
    if (found.length >= lines) return found;
    if (performance.now() > until) throw new Error(`${file} has ${found.length} of ${lines} lines after ${limitMs} ms`);
    await pause(2);
  }
}
