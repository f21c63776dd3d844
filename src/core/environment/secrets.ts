import {
  ASSIGNS,
  BLANK,
  COMMA,
  DEFAULT,
  FIELD,
  type Found,
  foundAs,
  GIVEN,
  isBlank,
  isOption,
  isVariable,
  MADE,
  NAME,
  QUOTE,
  TYPED,
  wordsOf,
} from './named-values.ts';
import { passwordsIn } from './passwords.ts';

/** The head line of a private key, of any kind. */
export const PRIVATE_KEY = /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY-----/;

/** The shapes that services give their keys. */
const SHAPES: readonly (readonly [name: string, shape: RegExp])[] = [
  ['a private key', new RegExp(PRIVATE_KEY, 'g')],
  ['an AWS access key', /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g],
  ['a GitHub token', /\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{50,255})\b/g],
  ['a GitLab token', /\bglpat-[A-Za-z0-9_-]{20,200}/g],
  ['an API key', /\bsk-(?:proj-|ant-|or-)?(?=[A-Za-z_-]{0,200}\d)[A-Za-z0-9_-]{20,200}/g],
  ['a Hugging Face token', /\bhf_[A-Za-z0-9]{30,100}\b/g],
  ['a Slack token', /\bxox[abeprs]-[A-Za-z0-9-]{10,200}/g],
  ['a Google key', /\bAIza[0-9A-Za-z_-]{35}\b/g],
  ['a signed token', /\beyJ[A-Za-z0-9_-]{8,1500}\.eyJ[A-Za-z0-9_-]{8,1500}(?:\.[A-Za-z0-9_-]{8,1500})?/g],
  ['a webhook', /\bhooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9_/-]{20,200}/g],
  ['a webhook', /\bdiscord(?:app)?\.com\/api\/webhooks\/\d{10,30}\/[A-Za-z0-9_-]{30,200}/g],
  ['a Telegram token', /(?<!\w)\d{8,10}:AA[A-Za-z0-9_-]{32,33}(?![\w-])/g],
];
/** Where keys go without a name before them. */
const HANDED = [
  /\b[Bb]earer[ \t]{1,4}([A-Za-z0-9+/=_-]{20,1000})(?![\w+/=.-])/g,
  /\blogin[ \t]{1,4}(?:--?[A-Za-z][\w-]{0,30}[ \t]{1,4}){0,3}["']?([A-Za-z0-9+/=_-]{20,1000})(?![\w+/=.-])/g,
];
/** A line without any of these words names no secret: most lines are told by it. */
const NAMES_ONE = /key|token|secret|pass|pwd|credential|auth|bearer|login/i;
const SECRET_WORD =
  /^(?:key|apikey|token|secret|password|passwd|pwd|passphrase|credentials?|bearer|auth|authorization|login)$/i;

/** Only the name is taken, so that what follows may be a name itself: `ARGS=--token=…`. */
const ASSIGNED = new RegExp(
  String.raw`${NAME}(?=(?<gap>${[ASSIGNS, TYPED, FIELD, MADE, GIVEN, COMMA, DEFAULT, BLANK].join('|')})(?:${QUOTE})?(?:(?:Bearer|Basic|Token|bearer|basic|token)[ \t]{1,4})?(?<value>[A-Za-z0-9+/=_-]{20,1000})(?![\w+/=.(-]))`,
  'dg',
);

/** What looks like a key, a token or a password in a line; the first of them. */
export function secretIn(text: string): { readonly name: string; readonly value: string } | undefined {
  return secretsIn(text)[0];
}

function secretsIn(text: string): Found[] {
  const found: Found[] = [];
  for (const [name, shape] of SHAPES) {
    for (const { 0: value, index } of text.matchAll(shape)) found.push({ name, value, at: index });
  }
  found.push(...passwordsIn(text));
  if (!NAMES_ONE.test(text)) return found;
  for (const shape of HANDED) {
    for (const { 0: whole, 1: value = '', index } of text.matchAll(shape)) {
      if (random(value)) found.push({ name: 'a token', value, at: index + whole.lastIndexOf(value) });
    }
  }
  for (const match of text.matchAll(ASSIGNED)) {
    const { name = '', gap = '', value = '' } = match.groups ?? {};
    if (!wordsOf(name).some((word) => SECRET_WORD.test(word)) || !random(value)) continue;
    // `self.token_reader = token_reader`
    if (name.endsWith(value)) continue;
    // In words a hash may follow the word `key`; no option and no variable stands there.
    if (isBlank(gap) && !isOption(match) && !isVariable(name)) continue;
    found.push(foundAs(match));
  }
  return found;
}

/** Letters and digits mixed as only chance does: no words between the separators, nearly no character twice. */
function random(value: string): boolean {
  if (!/\d/.test(value) || !/[A-Za-z]/.test(value)) return false;
  if (value.split(/[_/+=-]/).filter(isWord).length >= 2) return false;
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  return bits >= 3.3;
}

/** Letters alone are no word yet: `EleutherAI` is one, `wJalrXUtnFEMI` is not. */
function isWord(part: string): boolean {
  if (!/^[A-Za-z]{3,}$/.test(part)) return false;
  const humps = part.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? [];
  return humps.every((hump) => hump.length >= 3 || /^[A-Z]+$/.test(hump));
}

/** A long line is looked through in pieces, which overlap by more than a secret with its name is long. */
const PIECE = 8000;
const OVERLAP = 2000;

/** The text with what looks like a secret taken out of its lines, and the lines (1-based) that held one. */
export function withoutSecrets(text: string): { readonly text: string; readonly lines: readonly number[] } {
  const lines: number[] = [];
  const rows = text.split('\n');
  const ofKeys = keyRows(rows);
  const clean = rows.map((row, index) => {
    const now = ofKeys.has(index) ? '[secret]' : cleanRow(row);
    if (now !== row) lines.push(index + 1);
    return now;
  });
  return { text: lines.length === 0 ? text : clean.join('\n'), lines };
}

function cleanRow(row: string): string {
  const found: Found[] = [];
  for (let from = 0; from === 0 || from + OVERLAP < row.length; from += PIECE - OVERLAP) {
    const piece = secretsIn(row.slice(from, from + PIECE));
    found.push(...piece.map((one) => ({ ...one, at: from + one.at })));
  }
  if (found.length === 0) return row;
  let clean = '';
  let end = 0;
  for (const { at, value } of found.sort((a, b) => a.at - b.at)) {
    if (at >= end) clean += `${row.slice(end, at)}[secret]`;
    end = Math.max(end, at + value.length);
  }
  clean += row.slice(end);
  // The same once more in its line, where nothing says what it is. What is short may be part of a word.
  for (const { value } of found) if (value.length >= 12) clean = clean.replaceAll(value, '[secret]');
  return clean;
}

const KEY_END = /-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY-----/;
/** A line of a key's body, also one that is quoted; or a line of its head. */
const KEY_BODY = /^[\s|>"'+]*(?:[A-Za-z0-9+/=]{1,200}|[A-Za-z-]{1,40}: [\w,. -]{1,200})?[\\n"',\s]*$/;
const MOST_KEY_ROWS = 400;

/** The rows of private keys, also of one whose beginning or end is not there. */
function keyRows(rows: readonly string[]): ReadonlySet<number> {
  const found = new Set<number>();
  const walk = (from: number, step: number, last: RegExp) => {
    found.add(from);
    for (let at = from + step; at >= 0 && at < rows.length && Math.abs(at - from) < MOST_KEY_ROWS; at += step) {
      const row = rows[at] ?? '';
      const ends = last.test(row);
      if (!ends && (row.length > PIECE || !KEY_BODY.test(row))) break;
      found.add(at);
      if (ends) break;
    }
  };
  rows.forEach((row, index) => {
    const [begins, ends] = [PRIVATE_KEY.test(row), KEY_END.test(row)];
    if (begins) found.add(index);
    if (begins && !ends) walk(index, 1, KEY_END);
    if (ends && !found.has(index)) walk(index, -1, PRIVATE_KEY);
  });
  return found;
}
