import { createTwoFilesPatch } from 'diff';
import { applyAnswer } from '../../src/core/implementer/index.ts';
import { median, printRatio } from '../fleet/measure.ts';
import { missingRivals, OURS, RIVALS } from './appliers.ts';

const LINES = 5_000;
const EVERY = 250;
const ROUNDS = 15;
const PATH = 'train.py';
const REPEATED = ['        x = self.norm(x)', '        x = x + self.mlp(x)', '', '        return x'];

/** A long file in which most lines stand hundreds of times, and the same with a change at 20 places. */
function longFile(): { readonly before: string; readonly after: string } {
  const lines = Array.from({ length: LINES }, (_, at) =>
    at % 5 === 0 ? `    def forward_${at}(self, x):` : (REPEATED[(at % 5) - 1] ?? ''),
  );
  const changed = lines.map((line, at) => (at % EVERY === 12 ? line.replace('x', 'residual') : line));
  return { before: `${lines.join('\n')}\n`, after: `${changed.join('\n')}\n` };
}

function timed(work: () => boolean): number {
  const start = performance.now();
  if (!work()) throw new Error('A side of the comparison did not come to its bytes.');
  return performance.now() - start;
}

/** Applies one diff with all sides in turn, round after round, and prints the ratios of the middle times. */
export function timeAppliers(): void {
  const { before, after } = longFile();
  const files = new Map([[PATH, before]]);
  const exact = createTwoFilesPatch(`a/${PATH}`, `b/${PATH}`, before, after, '', '').replace(/^=+\n/m, '');
  const moved = exact.replace(/^@@ -(\d+)(,\d+) \+(\d+)/gm, (_, from: string, count: string, to: string) => {
    return `@@ -${Number(from) + 7}${count} +${Number(to) + 7}`;
  });
  const applies = (diff: string) => {
    const applied = applyAnswer(files, diff);
    return applied.ok && applied.changes.get(PATH) === after;
  };
  const refuses = (diff: string) => !applyAnswer(files, diff).ok;
  const missing = missingRivals();
  const rivals = RIVALS.filter((one) => !missing.includes(one));
  const own: readonly (readonly [string, () => boolean])[] = [
    ['with every line number 7 too high', () => applies(moved)],
    ['without line numbers', () => applies(exact.replace(/^@@.*$/gm, '@@ ... @@'))],
    ['with blanks at the ends of lines', () => applies(exact.replace(/^( .*\w.*)$/gm, '$1  '))],
    ['refused, with the nearest lines', () => refuses(exact.replaceAll('self.norm', 'self.batch_norm'))],
  ];
  const sides: readonly (readonly [string, () => boolean])[] = [
    [OURS, () => applies(exact)],
    ...rivals.map(({ name, apply }) => [name, () => apply(files, exact, 1)?.get(PATH) === after] as const),
    ...own,
  ];
  const times = new Map(sides.map(([name]) => [name, [] as number[]]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, work] of sides) times.get(name)?.push(timed(work));
  }
  const middle = (name: string) => median(times.get(name) ?? []);
  console.log(
    `\n  A file of ${LINES} lines and a diff of ${LINES / EVERY} hunks, ${ROUNDS} rounds of all sides in turn; a program's`,
  );
  console.log('  time has its start in it, and the writing and reading of the file.');
  for (const { name } of rivals) {
    printRatio('as fast', middle(OURS), { name, value: middle(name) }, 'ms');
  }
  for (const [name] of own) {
    const ratio = middle(name) / middle(OURS);
    console.log(
      `  ${name}: ${ratio.toFixed(1)} times the time of the diff as it should be (${middle(name).toPrecision(3)} ms)`,
    );
  }
}
