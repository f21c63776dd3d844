import type { Finding } from '../../domain/index.ts';
import { codeLines, type FileChange, MOST_LINE } from './changed.ts';

/** Characters that let a line read otherwise than it runs (CVE-2021-42574), or that nobody sees. */
const HIDDEN =
  /[\u00ad\u115f\u1160\u180e\u200b\u202a-\u202e\u2060-\u2064\u2066-\u2069\u3164\ufeff\uffa0\u{e0000}-\u{e007f}]/u;
/** Python ends a line there, an editor and the other gates do not. */
const LONE_RETURN = /\r[^\r]/;
/** How PEP 263 finds in which encoding a file is written. */
const CODING = /^[ \t\f]*#.{0,200}?coding[:=][ \t]*([-\w.]{1,80})/;
/** Those in which what is read here is what Python reads. */
const PLAIN_CODING = /^(?:utf-?8(?:-.*)?|(?:us-)?ascii|latin-?1(?:-.*)?|iso-?8859-1(?:-.*)?|iso-latin-1(?:-.*)?)$/;
const NAME = /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{M}\p{Nd}\p{Pc}]{0,200}/gu;

/**
 * What a person who reads the patch could miss, and every other gate too: characters that turn the direction of a line
 * or cannot be seen, lines, encodings and names that Python reads otherwise than they are written, and lines so long
 * that their end is off the screen.
 */
export function checkHidden(changed: readonly FileChange[]): Finding[] {
  const findings: Finding[] = [];
  for (const change of changed) {
    const { path, added, after, python, shell } = change;
    const code = python && after !== null ? codeLines(after, change) : [];
    for (const { line, text } of added) {
      const message = hiddenIn(change, line, text, code[line - 1] ?? '');
      if (message !== undefined) {
        findings.push({ gate: 'size', code: 'hidden-text', path, line, message, severity: 'error' });
      } else if ((python || shell) && text.length > MOST_LINE) {
        const told = `This line has ${text.length} characters; the gates read the first ${MOST_LINE} of a line. Read it to its end.`;
        findings.push({ gate: 'size', code: 'not-checked', path, line, message: told, severity: 'warning' });
      }
    }
  }
  return findings;
}

/** What is wrong with an added line. @param code what of it is neither text nor comment */
function hiddenIn(change: FileChange, line: number, text: string, code: string): string | undefined {
  const { before, python, shell } = change;
  const found = HIDDEN.exec(line === 1 ? text.replace(/^\ufeff/, '') : text)?.[0];
  if (found !== undefined && !before?.includes(found)) {
    const number = found.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
    return `This line holds U+${number}, a character that cannot be seen: it can make a line read otherwise than it runs. Write it as an escape, or leave it out.`;
  }
  if (LONE_RETURN.test(text) && (python || shell || !LONE_RETURN.test(before ?? ''))) {
    return 'This line holds a carriage return, behind which Python begins a new line and most editors do not. Break the line there.';
  }
  if (!python) return undefined;
  const coding = line <= 2 ? strangeCoding(text) : undefined;
  if (coding !== undefined && !before?.split('\n', 2).some((one) => strangeCoding(one) === coding)) {
    return `This line says that the file is written in ${coding}: Python would read other code than stands here. Write it in UTF-8, and leave this line out.`;
  }
  const name = disguised(code.slice(0, MOST_LINE));
  if (name === undefined || before?.includes(name)) return undefined;
  return `Python reads the name ${name} on this line as ${name.normalize('NFKC')}. Write it in plain letters.`;
}

function strangeCoding(line: string): string | undefined {
  const coding = CODING.exec(line.slice(0, MOST_LINE))?.[1];
  return coding === undefined || PLAIN_CODING.test(coding.toLowerCase().replaceAll('_', '-')) ? undefined : coding;
}

/** A name that is another one, in plain letters, to Python. That `µ` is `μ` hides nothing. */
function disguised(code: string): string | undefined {
  const plain = /^[\x00-\x7f]+$/;
  if (plain.test(code)) return undefined;
  return code.match(NAME)?.find((name) => !plain.test(name) && plain.test(name.normalize('NFKC')));
}
