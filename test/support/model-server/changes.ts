import { functionLines, indentOf, knobsOf } from './code.ts';

/** One change as an idea's details spell it, and as a patch makes it. */
export type Change =
  | { readonly kind: 'set'; readonly path: string; readonly name: string; readonly from: string; readonly to: string }
  | { readonly kind: 'line'; readonly path: string; readonly old: string; readonly code: string }
  | { readonly kind: 'function'; readonly path: string; readonly name: string; readonly code: string };

/** A change in words that a person can read and `readChanges` can read back. */
export function tell(change: Change): string {
  switch (change.kind) {
    case 'set':
      return `In \`${change.path}\`, change \`${change.name}\` from ${change.from} to ${change.to}.`;
    case 'line':
      return `In \`${change.path}\`, replace the line \`${change.old}\` with:\n\`\`\`python\n${change.code}\n\`\`\``;
    case 'function':
      return `In \`${change.path}\`, replace the function \`${change.name}\` with:\n\`\`\`python\n${change.code}\n\`\`\``;
  }
}

/** The changes a text spells, in order. A person may have edited the numbers. */
export function readChanges(words: string): Change[] {
  const found: (Change & { readonly at: number })[] = [];
  const set = /In `([^`\n]+)`, change `([^`\n]+)` from (\S+) to (-?\d[\w.-]*?)\.?(?=\s|$)/g;
  for (const { index, 1: path = '', 2: name = '', 3: from = '', 4: to = '' } of words.matchAll(set)) {
    found.push({ kind: 'set', path, name, from, to, at: index });
  }
  const code = /In `([^`\n]+)`, replace the (line|function) `([^\n]+?)` with:\n```python\n([\s\S]*?)\n```/g;
  for (const { index, 1: path = '', 2: kind, 3: what = '', 4: text = '' } of words.matchAll(code)) {
    found.push(
      kind === 'line'
        ? { kind, path, old: what, code: text, at: index }
        : { kind: 'function', path, name: what, code: text, at: index },
    );
  }
  const unique = new Map(
    found.toSorted((a, b) => a.at - b.at).map(({ at: _, ...change }) => [JSON.stringify(change), change]),
  );
  return [...unique.values()];
}

/** Lines to replace in a file, 0-based, and what stands there instead. */
export interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly lines: readonly string[];
}

/** Where a change falls in the text a prompt shows; undefined where it is not there, or there already. */
export function place(change: Change, files: ReadonlyMap<string, string>): Replacement | undefined {
  const text = files.get(change.path);
  if (text === undefined) return undefined;
  const lines = text.split('\n');
  switch (change.kind) {
    case 'set': {
      const knob = knobsOf(files).find((one) => one.path === change.path && one.name === change.name);
      if (!knob || knob.literal === change.to) return undefined;
      const line = lines[knob.line] ?? '';
      const edited = line.slice(0, knob.column) + change.to + line.slice(knob.column + knob.literal.length);
      return { start: knob.line, end: knob.line + 1, lines: [edited] };
    }
    case 'line': {
      const at = lines.findIndex((line) => line.trim() === change.old.trim());
      return at < 0 ? undefined : { start: at, end: at + 1, lines: indented(change.code, indentOf(lines[at] ?? '')) };
    }
    case 'function': {
      const span = functionLines(text, change.name);
      if (!span) return undefined;
      const code = indented(change.code, indentOf(lines[span.start] ?? ''));
      return code.join('\n') === lines.slice(span.start, span.end).join('\n') ? undefined : { ...span, lines: code };
    }
  }
}

function indented(code: string, indent: number): string[] {
  return code.split('\n').map((line) => (line.trim() === '' ? '' : ' '.repeat(indent) + line));
}
