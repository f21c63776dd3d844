import { whyNoBox } from '../../support/sshd/box.ts';
import { type Outcome, runCell } from './cell.ts';
import { EXPECTED, FAULTS, type Fault, type HeldState, SAMPLE, STATES } from './expected.ts';

/** Cells under way at once: most of their time is waiting. */
const TOGETHER = 6;
const full = process.env.FULL === '1';
/** `CELLS` takes those whose title it matches, as `--grep` cannot: they are begun before their tests. */
const wanted = new RegExp(process.env.CELLS ?? '');

describe('The fault matrix', () => {
  const title = (fault: Fault, state: HeldState) =>
    `${fault} while ${state}: ${EXPECTED[fault][state].ends === 'done' ? 'ends as its process did' : 'is lost, and its next attempt ends as its process did'}`;
  const cells = FAULTS.flatMap((fault) => STATES.map((state) => ({ fault, state }))).filter(
    ({ fault, state }) => wanted.test(title(fault, state)) && (full || SAMPLE[fault] === state),
  );
  const outcomes = new Map<string, Promise<Outcome>>();
  const ended: Outcome[] = [];
  const key = (fault: Fault, state: HeldState) => `${fault}, ${state}`;

  before(function () {
    const why =
      whyNoBox() ??
      (process.getuid?.() === 0 ? undefined : 'the fault matrix makes accounts and a small disk, which needs root');
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    if (!full) console.log(`${cells.length} of ${FAULTS.length * STATES.length} cells; FULL=1 runs all.`);
    // They are independent of each other, so they run together; each test below waits for its own.
    let free = TOGETHER;
    const queue: (() => void)[] = [];
    for (const { fault, state } of cells) {
      const turn = free > 0 ? Promise.resolve() : new Promise<void>((resolve) => queue.push(resolve));
      free -= 1;
      const outcome = turn.then(() => runCell(fault, state)).finally(() => queue.shift()?.());
      outcomes.set(key(fault, state), outcome);
      outcome.then(
        (one) => ended.push(one),
        () => {},
      );
    }
  });

  after(() => {
    if (ended.length > 0) console.log(`\n${table(ended)}\n`);
  });

  for (const { fault, state } of cells) {
    it(title(fault, state), async () => {
      const outcome = await outcomes.get(key(fault, state));
      if (outcome?.error) throw outcome.error;
    });
  }
});

/** Rows faults, columns states: what each cell came to. */
function table(outcomes: readonly Outcome[]): string {
  const short = (one: Outcome | undefined) =>
    one === undefined ? '·' : `${one.attempts} ${one.error === undefined ? 'ok' : 'FAIL'}`;
  const rows = [
    ['', ...STATES],
    ...FAULTS.map((fault) => [
      fault,
      ...STATES.map((state) => short(outcomes.find((one) => one.fault === fault && one.state === state))),
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
