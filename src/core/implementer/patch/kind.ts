import { structuredPatch } from 'diff';
import type { IdeaKind } from '../../domain/index.ts';
import type { Texts } from '../types.ts';

/** Texts, numbers and the words of languages. */
const LITERAL =
  /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?<![\w.)\]])[+-]?(?:0[xX][\da-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)(?![\w.])|\b(?:True|False|None|true|false|null)\b/g;
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

/** A line with each literal replaced by one sign, without its comment and the blanks around it. */
function shape(line: string, path: string): string {
  const [, value] = WORD_VALUES.find(([file]) => file.test(path)) ?? [];
  const words = value ? line.replace(value, '$1§') : line;
  const plain = words.replace(LITERAL, (literal: string, at: number) => {
    const names =
      KEY_AFTER.test(words.slice(at + literal.length)) || KEY_BEFORE.test(words.slice(Math.max(0, at - 2), at));
    return /^["']/.test(literal) && names ? literal : '§';
  });
  return plain.replace(/\s*#.*$/, '').trim();
}

/** `hyperparameter` when a patch changes nothing but literals on lines that are otherwise the same. */
export function kindOf(before: Texts, changes: ReadonlyMap<string, string | null>): IdeaKind {
  for (const [path, after] of changes) {
    const old = before.get(path);
    if (old === undefined || after === null) return 'algorithmic';
    for (const hunk of structuredPatch('a', 'b', old, after, '', '', { context: 0 }).hunks) {
      const side = (mark: string) =>
        hunk.lines.filter((line) => line.startsWith(mark)).map((line) => shape(line.slice(1), path));
      const removed = side('-');
      const added = side('+');
      if (removed.length !== added.length) return 'algorithmic';
      if (removed.some((line, index) => line !== added[index])) return 'algorithmic';
    }
  }
  return 'hyperparameter';
}
