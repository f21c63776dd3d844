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

const MOST_LINE = 4000;

/** The text with what looks like a secret taken out of its lines, and the lines (1-based) that held one. */
export function withoutSecrets(text: string): { readonly text: string; readonly lines: readonly number[] } {
  const lines: number[] = [];
  const rows = text.split('\n').map((row, index) => {
    let clean = row;
    for (let found = secretIn(clean.slice(0, MOST_LINE)); found; found = secretIn(clean.slice(0, MOST_LINE))) {
      clean = clean.replaceAll(found.value, '[secret]');
      if (lines.at(-1) !== index + 1) lines.push(index + 1);
    }
    return clean;
  });
  return { text: lines.length === 0 ? text : rows.join('\n'), lines };
}
