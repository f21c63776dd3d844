import type { LeaderboardRow } from '../../src/core/research/leaderboard-types.ts';

export const MINUS = '\u2212';
export const NONE = '\u2013';

/**
 * How many decimals the board's values are shown with, one answer for all rows so that a column lines up: about
 * five significant digits of the median value.
 */
export function decimalsFor(values: readonly number[]): number {
  const sizes = values.filter((value) => Number.isFinite(value) && value !== 0).map(Math.abs);
  if (sizes.length === 0) return 4;
  sizes.sort((a, b) => a - b);
  const median = sizes[Math.floor(sizes.length / 2)] ?? 1;
  return Math.max(0, Math.min(6, 4 - Math.floor(Math.log10(median))));
}

export function decimalsOf(rows: Iterable<LeaderboardRow>): number {
  const values: number[] = [];
  for (const row of rows) if (row.objective) values.push(row.objective.mean);
  return decimalsFor(values);
}

/** A number with a true minus sign; very large and very small ones in scientific notation; NaN and Inf in words. */
export function number(value: number, decimals: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : `${MINUS}∞`;
  const size = Math.abs(value);
  const text =
    size !== 0 && (size >= 1e9 || size < 10 ** -(decimals + 2)) ? size.toExponential(3) : size.toFixed(decimals);
  return value < 0 ? MINUS + text : text;
}

/** With its sign always: a difference. */
export function signed(value: number, decimals: number): string {
  return value > 0 ? `+${number(value, decimals)}` : number(value, decimals);
}

/** `2.2 s`, `45 s`, `3 m 05 s`, `1 h 02 m`, `2 d 3 h` of a time in milliseconds. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return NONE;
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (value: number) => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${two(whole % 60)} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} m`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

/** The time of day, as the reader's machine writes it; with the date where it is not today's. */
export function clock(at: number, now: number): string {
  const day = new Date(at).toDateString() === new Date(now).toDateString();
  const time: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' };
  return new Intl.DateTimeFormat('en-GB', day ? time : { day: 'numeric', month: 'short', ...time }).format(at);
}

export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  if (count < 1e6) return `${(count / 1e3).toFixed(1)} kB`;
  return count < 1e9 ? `${(count / 1e6).toFixed(1)} MB` : `${(count / 1e9).toFixed(2)} GB`;
}

const grouped = new Intl.NumberFormat('en-US');

export function count(value: number): string {
  return grouped.format(value);
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
