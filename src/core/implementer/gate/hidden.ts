import type { Finding } from '../../domain/index.ts';
import { type FileChange, MOST_LINE } from './changed.ts';

/** Characters that let a line read otherwise than it runs (CVE-2021-42574), or that nobody sees. */
const HIDDEN = /[\u202a-\u202e\u2066-\u2069\u200b\u2060\u180e\u{e0000}-\u{e007f}]/u;

/**
 * What a person who reads the patch could miss: characters that turn the direction of a line or cannot be seen, and
 * lines so long that their end is off the screen and past what the other gates read.
 */
export function checkHidden(changed: readonly FileChange[]): Finding[] {
  const findings: Finding[] = [];
  for (const { path, added, before, python, shell } of changed) {
    for (const { line, text } of added) {
      const found = HIDDEN.exec(text)?.[0];
      if (found !== undefined && !before?.includes(found)) {
        const code = found.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
        const message = `This line holds U+${code}, a character that cannot be seen: it can make a line read otherwise than it runs. Write it as an escape, or leave it out.`;
        findings.push({ gate: 'size', code: 'hidden-text', path, line, message, severity: 'error' });
      } else if ((python || shell) && text.length > MOST_LINE) {
        const message = `This line has ${text.length} characters; the gates read the first ${MOST_LINE} of a line. Read it to its end.`;
        findings.push({ gate: 'size', code: 'not-checked', path, line, message, severity: 'warning' });
      }
    }
  }
  return findings;
}
