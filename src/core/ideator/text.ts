import { bounded } from '../domain/index.ts';

const ESCAPES = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** Untrusted text without terminal escapes, control and invisible formatting characters; newline and tab stay. */
export function cleanText(text: string): string {
  return text
    .replace(ESCAPES, '')
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(/[^\P{C}\n\t]/gu, '');
}

/** One line of at most `max` characters, an ellipsis where it was longer. */
export function oneLine(text: string, max: number): string {
  return bounded(cleanText(text).replace(/\s+/g, ' ').trim(), max);
}
