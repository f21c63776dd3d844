import { structuredPatch } from 'diff';
import type { IdeaKind } from '../../domain/index.ts';
import type { Texts } from '../types.ts';

const LITERAL =
  /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?<![\w.)\]])[+-]?(?:0[xX][\da-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)(?![\w.])|\b(?:True|False|None|true|false|null)\b/g;
const YAML_VALUE = /^(\s*(?:- )?[\w.-]+\s*:\s+)([^\s[{&*!|>#"'][^#]*?)(\s*(?:#.*)?)$/;

/** A line with each literal replaced by one sign, without its comment and the blanks around it. */
function shape(line: string, yaml: boolean): string {
  const value = yaml ? YAML_VALUE.exec(line) : null;
  if (value) return `${value[1]}§`.trim();
  const plain = line.replace(LITERAL, '§');
  return plain.replace(/\s*#.*$/, '').trim();
}

/** `hyperparameter` when a patch changes nothing but literals on lines that are otherwise the same. */
export function kindOf(before: Texts, changes: ReadonlyMap<string, string | null>): IdeaKind {
  for (const [path, after] of changes) {
    const old = before.get(path);
    if (old === undefined || after === null) return 'algorithmic';
    const yaml = /\.ya?ml$/.test(path);
    for (const hunk of structuredPatch('a', 'b', old, after, '', '', { context: 0 }).hunks) {
      const side = (mark: string) =>
        hunk.lines.filter((line) => line.startsWith(mark)).map((line) => shape(line.slice(1), yaml));
      const removed = side('-');
      const added = side('+');
      if (removed.length !== added.length) return 'algorithmic';
      if (removed.some((line, index) => line !== added[index])) return 'algorithmic';
    }
  }
  return 'hyperparameter';
}
