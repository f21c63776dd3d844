import type { MetricPoint } from '../domain/index.ts';

/** A number as trainers print it, NaN and infinities included; to be used with the flag `i`. */
export const NUMBER = String.raw`[-+]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:e[-+]?\d{1,4})?|nan|[-+]?inf(?:inity)?`;

const WHOLE = new RegExp(`^(?:${NUMBER})$`, 'i');

/** The number a text stands for, or undefined where it is none. `nan`, `inf` and `-Infinity` are numbers. */
export function parseNumber(text: string): number | undefined {
  const trimmed = text.trim();
  if (!WHOLE.test(trimmed)) return undefined;
  if (/nan/i.test(trimmed)) return Number.NaN;
  if (/inf/i.test(trimmed)) return trimmed.startsWith('-') ? -Infinity : Infinity;
  return Number(trimmed);
}

/** A point whose state says where NaN and infinities went. */
export function pointOf(name: string, step: number | null, value: number): MetricPoint {
  const state = Number.isNaN(value) ? 'nan' : value === Infinity ? 'inf' : value === -Infinity ? '-inf' : 'ok';
  return { name, step, value, state };
}
