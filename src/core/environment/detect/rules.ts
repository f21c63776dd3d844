import type { Texts } from './evidence.ts';

/** A file that a document says something of. */
export interface Rule {
  readonly file: string;
  readonly where: string;
}

/** What may be edited, and what may not. */
export interface Rules {
  readonly only: readonly Rule[];
  readonly never: readonly Rule[];
}

const ONLY = [
  /\b(?:only|single|sole|one)\b.{0,80}\b(?:edit|modif|chang|touch|file you)/i,
  /\b(?:edit|modify|change|touch)\w*\b.{0,80}\bonly\b/i,
  /\bonly\s+`[^`]+`/i,
  /`[^`]+`\s*(?:only|—|-|:)?.{0,40}\b(?:the file (?:you|the agent)|agent (?:edits|modifies)|you (?:edit|modify))/i,
];
const NEVER =
  /\b(?:do not|don't|never|must not|may not|cannot|can't|not to|no changes? to|not be)\b.{0,80}\b(?:edit|modif|chang|touch|alter)|\b(?:read[- ]only|fixed, do not|is fixed|off[- ]limits|frozen)\b/i;

/** What `program.md` and the README say may or may not be edited. */
export function rulesOf(files: Texts): Rules {
  const only: Rule[] = [];
  const never: Rule[] = [];
  for (const [document, text] of files) {
    if (!/^(program|readme|agents|claude|task|rules|contributing)[\w-]*(\.(md|rst|txt))?$/i.test(document)) continue;
    text
      .slice(0, 100_000)
      .split('\n')
      .forEach((row, index) => {
        if (row.length > 2000) return;
        let before: readonly string[] = [];
        for (const sentence of row.split(/(?<=[.;!])\s+/)) {
          const own = [...sentence.matchAll(/[\w./-]+\.(?:py|sh|ya?ml|toml|json|cu|jl)\b/g)]
            .map(([name]) => name.replace(/^\.\//, ''))
            .filter((name) => files.has(name));
          // "You improve `solver.py`. It is the only file you may edit."
          const named = own.length === 0 && before.length === 1 && /^(it|this|that)\b/i.test(sentence) ? before : own;
          before = own;
          const rules = named.map((file) => ({ file, where: `${document}:${index + 1}` }));
          if (NEVER.test(sentence)) never.push(...rules);
          else if (ONLY.some((expression) => expression.test(sentence))) only.push(...rules);
        }
      });
  }
  const once = (rules: readonly Rule[]) =>
    rules.filter((rule, index) => rules.findIndex(({ file }) => file === rule.file) === index);
  const kept = once(only).filter(({ file }) => !never.some((rule) => rule.file === file));
  // A rule for one file is a promise; a list of many is a description.
  return { only: kept.length <= 2 ? kept : [], never: once(never) };
}
