import type { RunState } from '../core/domain/index.ts';

/** A measured value with as many digits as a person compares: four significant ones, integers whole. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential(3);
  return value.toFixed(size >= 1000 ? 1 : size >= 100 ? 2 : size >= 10 ? 3 : 4);
}

/** A difference with its sign, a real minus included. */
export function formatDelta(delta: number): string {
  const text = formatValue(Math.abs(delta));
  if (delta === 0 || /^0(\.0+)?$/.test(text)) return `±${text}`;
  return `${delta < 0 ? '−' : '+'}${text}`;
}

/** Milliseconds as `45s`, `3m 20s`, `2h 5m`. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m ${seconds % 60}s`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${hours}h` : `${hours}h ${minutes % 60}m`;
}

/** Bytes as `1.2 MB`, powers of ten. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = -1;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ${units[unit]}`;
}

/** `3 ideas`, `1 idea`, `2 patches`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** The local time of day of a moment, `HH:MM`. */
export function clockTime(millis: number): string {
  const date = new Date(millis);
  return `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`;
}

/**
 * Text of a repo, a model or a box as Markdown that shows it and does nothing: no links, images, HTML, icons.
 * Control characters other than line ends go.
 */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/\p{Cc}/gu, (control) => (control === '\n' || control === '\t' ? control : ''))
    .replace(/[\\`*_{}[\]()#+\-.!|<>~$&:@/]/g, (mark) => `&#${mark.charCodeAt(0)};`)
    .replace(/\n/g, '  \n');
}

/** Text of somebody else's where VS Code makes pictures of `$(name)`: labels, and what one picks from. */
export function withoutIcons(text: string): string {
  return text.replaceAll('$(', '$ (');
}

/**
 * Text for a message, a progress or the prompt of an input box. VS Code makes links of `[words](address)` there, and one
 * with a `command:` runs it: what a model, a box or a repository says must not become one. Control and invisible
 * characters go.
 */
export function messageText(text: string): string {
  return text.replace(/[^\P{C}\n\t]/gu, '').replaceAll('](', '] (');
}

/** One line of at most `length` characters, without control and invisible characters, and without icons. */
export function oneLine(text: string, length = 80): string {
  const line = withoutIcons(text.replace(/\s+/g, ' ').replace(/\p{C}/gu, '').trim());
  return line.length <= length ? line : `${line.slice(0, length - 1).trimEnd()}…`;
}

const STATE_WORDS: Partial<Record<RunState, string>> = { 'timed-out': 'timed out' };

export function stateWord(state: string): string {
  return STATE_WORDS[state as RunState] ?? state.replaceAll('-', ' ');
}

/** `1st`, `2nd`, `3rd`, `11th`. */
export function ordinal(place: number): string {
  const tens = place % 100;
  const ending = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][place % 10] ?? 'th');
  return `${place}${ending}`;
}
