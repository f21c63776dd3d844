/** The head line of a private key, of any kind. */
export const PRIVATE_KEY = /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY-----/;

/** The shapes that services give their keys. */
const SHAPES: readonly (readonly [name: string, shape: RegExp])[] = [
  ['a private key', PRIVATE_KEY],
  ['an AWS access key', /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/],
  ['a GitHub token', /\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{50,255})\b/],
  ['an API key', /\bsk-(?:proj-|ant-|or-)?(?=[A-Za-z_-]{0,200}\d)[A-Za-z0-9_-]{20,200}/],
  ['a Hugging Face token', /\bhf_[A-Za-z0-9]{30,100}\b/],
  ['a Slack token', /\bxox[abeprs]-[A-Za-z0-9-]{10,200}/],
  ['a Google key', /\bAIza[0-9A-Za-z_-]{35}\b/],
];
const ASSIGNED =
  /([A-Za-z_][\w.-]{0,80})["']?\]?[ \t]{0,20}[:=][ \t]{0,20}["']?([A-Za-z0-9+/=_-]{20,200})(?![\w+/=.-])/g;
const SECRET_WORD = /^(?:key|apikey|token|secret|password|passwd|credentials?)$/i;

/** What looks like a key, a token or a password in a line; the first of them. */
export function secretIn(text: string): { readonly name: string; readonly value: string } | undefined {
  for (const [name, shape] of SHAPES) {
    const value = shape.exec(text)?.[0];
    if (value !== undefined) return { name, value };
  }
  for (const [, name = '', value = ''] of text.matchAll(ASSIGNED)) {
    const words = name.replaceAll(/([a-z])([A-Z])/g, '$1_$2').split(/[_.-]/);
    if (words.some((word) => SECRET_WORD.test(word)) && random(value)) return { name: `a value of ${name}`, value };
  }
  return undefined;
}

/** Letters and digits mixed as only chance does: no words between the separators, nearly no character twice. */
function random(value: string): boolean {
  if (!/\d/.test(value) || !/[A-Za-z]/.test(value)) return false;
  if (value.split(/[_/+=-]/).filter((part) => /^[A-Za-z]{3,}$/.test(part)).length >= 2) return false;
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  return bits >= 3.3;
}

/** A long line is looked through in pieces, which overlap by more than a secret with its name is long. */
const PIECE = 4000;
const OVERLAP = 400;

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
  let clean = row;
  for (let at = 0; at === 0 || at + OVERLAP < row.length; at += PIECE - OVERLAP) {
    let piece = row.slice(at, at + PIECE);
    for (let found = secretIn(piece); found; found = secretIn(piece)) {
      piece = piece.replaceAll(found.value, '[secret]');
      clean = clean.replaceAll(found.value, '[secret]');
    }
  }
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
