import type { Summary } from '../core/domain/index.ts';

const DIGITS = 5;

function isEveryday(value: number): boolean {
  const size = Math.abs(value);
  return Number.isFinite(value) && (size === 0 || (size >= 1e-4 && size < 1e6));
}

/** Five significant digits, without an exponent for everyday sizes and without trailing zeros. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return isEveryday(value) ? String(Number(value.toPrecision(DIGITS))) : value.toExponential(3);
}

/** How many decimals five significant digits of a value have. */
function decimalsOf(value: number): number {
  if (value === 0) return 0;
  return Math.min(8, Math.max(0, DIGITS - 1 - Math.floor(Math.log10(Math.abs(value)))));
}

/** `2.8548 ± 0.0066 (3)`: the spread with the decimals of the mean; only the value where there is one run. */
export function formatSummary({ mean, std, n }: Summary): string {
  if (!isEveryday(mean)) return n > 1 ? `${formatNumber(mean)} ± ${formatNumber(std)} (${n})` : formatNumber(mean);
  const decimals = decimalsOf(mean);
  const spread = std !== 0 && std < 0.5 * 10 ** -decimals ? std.toExponential(1) : std.toFixed(decimals);
  return n > 1 ? `${mean.toFixed(decimals)} ± ${spread} (${n})` : mean.toFixed(decimals);
}

/** A difference with its sign, to the decimals of the value that it belongs to. */
export function formatDelta(delta: number, value: number | undefined): string {
  const everyday = value !== undefined && isEveryday(value) && Number.isFinite(delta);
  const shown = everyday ? delta.toFixed(decimalsOf(value)) : formatNumber(delta);
  if (Number(shown) === 0) return everyday ? (0).toFixed(decimalsOf(value)) : '0';
  return delta > 0 ? `+${shown}` : shown;
}

/** `1.5 MB`: bytes for a person, in decimal units. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** `1 run`, `3 runs`. */
export function count(many: number, one: string, more = `${one}s`): string {
  return `${many} ${many === 1 ? one : more}`;
}

/** `1st`, `2nd`, `3rd`, `11th`. */
export function ordinal(place: number): string {
  const tens = place % 100;
  const ending = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][place % 10] ?? 'th');
  return `${place}${ending}`;
}

/** Milliseconds as `45s`, `3m 20s`, `2h 5m`. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  const [large, small, units] =
    minutes < 60 ? [minutes, seconds % 60, 'ms'] : [Math.floor(minutes / 60), minutes % 60, 'hm'];
  return small === 0 ? `${large}${units[0]}` : `${large}${units[0]} ${small}${units[1]}`;
}
