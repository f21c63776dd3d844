import type { IdeaKind } from '../../domain/index.ts';
import { codeLines, fileKind, inCall } from '../gate/changed.ts';
import { RUNS_TEXT } from '../gate/texts.ts';
import type { Texts } from '../types.ts';
import { hunksOf } from './hunks.ts';

/** Texts, numbers and the words of languages. */
const LITERAL =
  /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?<![\w.)\]])[+-]?(?:0[xX][\da-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)(?![\w.])|\b(?:True|False|None|true|false|null)\b/g;
const F_STRING = /(?<!\w)(?:[fF][rR]?|[rR][fF])$/;
/** What a text names something by: the key of a mapping, or in a subscript. */
const KEY_BEFORE = /[\w\])]\[$/;
const KEY_AFTER = /^\s*:/;
/** Where a bare word is a value and no name of anything: by kind of file. */
const WORD_VALUES: readonly (readonly [file: RegExp, value: RegExp])[] = [
  // `key: value`, also within braces, and items of a list.
  [/\.ya?ml$/, /((?:^|[\s{,])[\w.-]+\s*:\s+|^\s*-\s+)([^\s,{}[\]#&*!|>"'][^,{}[\]#]*?)(?=\s*(?:[,}\]]|#|$))/g],
  [/\.(?:ini|cfg)$/, /^(\s*[\w.-]+\s*[=:]\s*)([^\s#;][^#;]*?)(?=\s*(?:[#;]|$))/g],
  // `--name value`, `--name=value`, `name=value`; no value that the shell computes.
  [/\.sh$/, /((?:^|\s)(?:--?[\w.-]+[= ]|[\w.-]+=))([^\s\\$`"'-][^\s\\$`]*)(?=\s|\\|$)/g],
];

/** Of a line that is longer, the rest has to be the same. */
const MOST = 2000;
/** A text that may be code, a place or a command, and no choice among names. */
const NO_NAME = /[/\\\s;$`(]/;
/** A part of the data: which one is taken is no setting. */
const DATA = /(?<![A-Za-z])(?:train|val|valid|validation|test|eval|dev)(?![A-Za-z])/i;
/** What an option is said to be for; more of it may stand in the lines below, in quotes alone. */
const HELP = /\b(?:help|metavar)\s{0,4}=\s{0,4}f?$/;
/** What runs a command of a shell script by, and what it starts others with. */
const SHELL_RUNS =
  /(?:^|\s)-[cm]\s|\b(?:eval|exec|source|xargs)\s|\b[A-Z_]{0,40}(?:VISIBLE_DEVICES|PATH|PRELOAD|OPTIONS)=/;

interface Line {
  readonly text: string;
  readonly path: string;
  /** What it says is run, or is handed to other programs. */
  readonly runs: boolean;
}

/**
 * A line with each value replaced by one sign, without its comment and the blanks around it. A text that may be code stays
 * as it is, and of an f-string what it computes.
 */
function shape({ text, path, runs }: Line): string {
  const line = text.slice(0, MOST);
  const keeps = (value: string) => runs || NO_NAME.test(value) || DATA.test(value);
  const [, value] = WORD_VALUES.find(([file]) => file.test(path)) ?? [];
  const words = value
    ? line.replace(value, (all: string, name: string, word: string) => (keeps(word) ? all : `${name}§`))
    : line;
  const plain = words.replace(LITERAL, (literal: string, at: number) => {
    const before = words.slice(Math.max(0, at - 3), at);
    if (!/^["']/.test(literal)) return '§';
    const names = KEY_AFTER.test(words.slice(at + literal.length)) || KEY_BEFORE.test(before);
    const inside = literal.slice(1, -1);
    if (names) return kept(literal);
    if (path.endsWith('.py') && !runs && HELP.test(words.slice(Math.max(0, at - 30), at))) return '§';
    if (path.endsWith('.py') && F_STRING.test(before) && inside.includes('{')) return kept(computed(inside, keeps));
    return keeps(inside) ? kept(`"${inside}"`) : '§';
  });
  return plain.replace(/\s*#.*$/, '').trim() + text.slice(MOST);
}

/** A text within a line's shape, where `#` begins no comment. */
function kept(text: string): string {
  return text.replaceAll('#', '\u0001');
}

/** Of an f-string what stands in its braces, its numbers as one sign; the text around it where that is no plain word. */
function computed(inside: string, keeps: (text: string) => boolean): string {
  let depth = 0;
  let [code, text] = ['', ''];
  for (let at = 0; at < inside.length; at += 1) {
    const sign = inside[at] ?? '';
    const twice = inside[at + 1] === sign && depth === 0;
    if (twice && (sign === '{' || sign === '}')) {
      text += sign;
      at += 1;
    } else {
      if (sign === '{') depth += 1;
      if (depth > 0) code += sign;
      else text += sign;
      if (sign === '}') depth -= 1;
    }
  }
  const around = keeps(text) ? text : '';
  return `${around}${code.replaceAll(LITERAL, (found) => (/^["']/.test(found) ? found : '§'))}`;
}

/** Whether what a line says is run, in one line or in a call over several. */
function runs(path: string, text: string): (line: string, at: number) => boolean {
  const kind = fileKind(path);
  const code = kind.python && RUNS_TEXT.test(text) ? codeLines(text, kind) : [];
  return (line, at) =>
    RUNS_TEXT.test(line.slice(0, MOST)) ||
    (kind.shell && SHELL_RUNS.test(line.slice(0, MOST))) ||
    inCall(code, at, RUNS_TEXT);
}

/** `hyperparameter` when a patch changes nothing but literals on lines that are otherwise the same. */
export function kindOf(before: Texts, changes: ReadonlyMap<string, string | null>): IdeaKind {
  for (const [path, after] of changes) {
    const old = before.get(path);
    if (old === undefined || after === null) return 'algorithmic';
    const [oldRuns, newRuns] = [runs(path, old), runs(path, after)];
    for (const hunk of hunksOf(old, after, 0)) {
      const side = (mark: string, start: number, run: ReturnType<typeof runs>) =>
        hunk.lines
          .filter((line) => line.startsWith(mark))
          .map((line, index) => shape({ text: line.slice(1), path, runs: run(line.slice(1), start + index) }));
      const removed = side('-', hunk.oldStart, oldRuns);
      const added = side('+', hunk.newStart, newRuns);
      if (removed.length !== added.length) return 'algorithmic';
      if (removed.some((line, index) => line !== added[index])) return 'algorithmic';
    }
  }
  return 'hyperparameter';
}
