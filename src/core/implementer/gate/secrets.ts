import type { Finding } from '../../domain/index.ts';
import type { Texts } from '../types.ts';
import type { FileChange } from './changed.ts';

/** The shapes that services give their keys. */
const SHAPES: readonly (readonly [name: string, shape: RegExp])[] = [
  ['a private key', /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY-----/],
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
const MOST_LINE = 4000;

/** Keys, tokens and passwords on lines that a patch wrote: they would stand in a commit, and on every box. */
export function checkSecrets(files: Texts, changed: readonly FileChange[]): Finding[] {
  const findings: Finding[] = [];
  for (const { path, added } of changed) {
    for (const { line, text } of added) {
      const found = secretIn(text.slice(0, MOST_LINE));
      // One that the base holds is not ours to find: the line was moved.
      if (!found || [...files.values()].some((one) => one.includes(found.value))) continue;
      const message = `This line holds what looks like ${found.name} (${found.value.slice(0, 4)}…). Read it from the environment; name it under secrets in research.yaml.`;
      findings.push({ gate: 'secrets', code: 'secret-added', path, line, message, severity: 'error' });
    }
  }
  return findings;
}

function secretIn(text: string): { readonly name: string; readonly value: string } | undefined {
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
