import type { LeaderboardRow, RunCell } from '../../src/core/research/leaderboard-types.ts';
import { plain } from './plain.ts';
import { countedRuns } from './status.ts';

/** What is said about a number that was too strange to be believed at once. */
export interface Doubt {
  /** `unconfirmed`: nothing of the row ranks. `confirmed`: it ranks. `left-out`: it ranks by its other seeds. */
  readonly state: 'unconfirmed' | 'confirmed' | 'left-out';
  /** Who or what stands for it, in a few words. */
  readonly words: string;
  /** What the number is flagged for, each reason once; to be shown as text. */
  readonly reasons: readonly string[];
}

/** Whether nobody has vouched for a run's number yet. */
export function isDoubted({ flags = [], confirmed }: RunCell): boolean {
  return flags.length > 0 && confirmed === undefined;
}

/** A number that a person may vouch for: of a changed seed alone nobody can. */
export function canConfirm(run: RunCell): boolean {
  return isDoubted(run) && !run.flags?.some(({ code }) => code === 'seed-only');
}

/**
 * The doubts about a row's number, from its runs and not from its state: a flagged result whose replicate is still
 * running is as doubtful as before. Undefined where there are none.
 */
export function doubtOf(row: LeaderboardRow): Doubt | undefined {
  return doubtOfRuns(countedRuns(row).filter((run) => run.value !== undefined));
}

/** The same about one run, whether or not it is the attempt that counts. */
export function doubtOfRun(run: RunCell): Doubt | undefined {
  return doubtOfRuns([run]);
}

function doubtOfRuns(valued: readonly RunCell[]): Doubt | undefined {
  const doubted = valued.filter(isDoubted);
  if (doubted.length > 0 && doubted.length === valued.length) {
    const words = doubted.some(canConfirm) ? 'Not confirmed, so not ranked' : 'Not ranked, and nobody can confirm it';
    return { state: 'unconfirmed', words, reasons: reasonsOf(doubted) };
  }
  if (doubted.length > 0) {
    const seeds = doubted.length === 1 ? 'One seed is' : `${doubted.length} seeds are`;
    return { state: 'left-out', words: `${seeds} not confirmed and left out`, reasons: reasonsOf(doubted) };
  }
  const vouched = valued.filter((run) => run.confirmed !== undefined);
  if (vouched.length === 0) return undefined;
  const by = vouched.some((run) => run.confirmed === 'person') ? 'a person' : 'another seed';
  return { state: 'confirmed', words: `Confirmed by ${by}`, reasons: reasonsOf(vouched) };
}

/** A doubt as one text, for a tooltip and for the screen reader. */
export function doubtText({ words, reasons }: Doubt): string {
  return `${words}: ${reasons.join(' ')}`;
}

function reasonsOf(runs: readonly RunCell[]): readonly string[] {
  return [...new Set(runs.flatMap((run) => (run.flags ?? []).map(({ message }) => plain(message, 500))))];
}
