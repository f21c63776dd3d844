import { type FileChange, inCall, MOST_LINE } from './changed.ts';
import { isProse, RUNS_TEXT, type Side, textSpans } from './texts.ts';
import type { Touched } from './touched.ts';

/** A name that is given a value on a line: `val_split = 0.1`, `--val_split 0.1`, `"val_split": 0.1`. */
interface Setting {
  readonly name: string;
  /** The name with its value: what is said twice in other lines is the same. */
  readonly key: string;
}

/** Lines whose texts are told to people. */
const TELLS =
  /^\s{0,200}(?:print|raise|assert|warn(?:ings)?\b|(?:self\.)?_?log(?:ger|ging)?\.(?:debug|info|warning|error|exception)\b)/;
/** The head of a block, whose names are asked and not set. */
const ASKS = /^\s{0,200}(?:if|elif|else|while|for|with|lambda|match|case)\b/;
const HEAD_ENDS = /:\s{0,20}$/;

/**
 * Which of the touched lines change what such a name is set to. A value that stands among what was taken away and among
 * what was written is the same as before, whatever else its line says.
 * @param pattern global, the name in its first group, the sign between name and value at the end of the match
 */
export function changedSettings(
  change: FileChange,
  sides: { readonly old: Side; readonly now: Side },
  lines: readonly Touched[],
  pattern: RegExp,
): ReadonlyMap<Touched, string> {
  const found = lines.map((one) => ({
    one,
    settings: settingsIn(change, one.gone ? sides.old : sides.now, one, pattern),
  }));
  const keys = (gone: boolean) =>
    found.flatMap(({ one, settings }) => (one.gone === gone ? settings.map((s) => s.key) : []));
  const rest = { gone: counted(keys(false)), now: counted(keys(true)) };
  const changed = new Map<Touched, string>();
  for (const { one, settings } of found) {
    const other = one.gone ? rest.gone : rest.now;
    for (const { name, key } of settings) {
      const left = other.get(key) ?? 0;
      if (left > 0) other.set(key, left - 1);
      else if (!changed.has(one)) changed.set(one, name);
    }
  }
  return changed;
}

function counted(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

function settingsIn(change: FileChange, side: Side, { line }: Touched, pattern: RegExp): readonly Setting[] {
  const code = (side.code[line - 1] ?? '').slice(0, MOST_LINE);
  const said = change.python ? withoutProse(side, line) : (side.said[line - 1] ?? '').slice(0, MOST_LINE);
  return [...said.matchAll(pattern)].flatMap((match) => {
    const [all, name = ''] = match;
    const sign = match.index + all.length - 1;
    const value = valueAt(said, said[sign] === ':' || said[sign] === '=' ? sign + 1 : sign, change.shell);
    const at = match.index + all.indexOf(name);
    const isCode = change.python && (code[at] ?? ' ') !== ' ';
    // `name: type` in a list of parameters, `[name:]` and `if name: …` set nothing.
    if (isCode && said[sign] === ':' && (ASKS.test(code) || !/=(?!=)/.test(value))) return [];
    return [{ name, key: `${name.toLowerCase()} ${value.replaceAll(/[\s"']/g, '')}` }];
  });
}

/** A line of Python without what it tells people, and without the colon that opens a block. */
function withoutProse(side: Side, line: number): string {
  const code = (side.code[line - 1] ?? '').slice(0, MOST_LINE);
  let said = (side.said[line - 1] ?? '').slice(0, MOST_LINE);
  if (HEAD_ENDS.test(code)) said = said.replace(HEAD_ENDS, '');
  if (RUNS_TEXT.test(said) || inCall(side.code, line, RUNS_TEXT)) return said;
  const tells = TELLS.test(code) || inCall(side.code, line, TELLS);
  for (const { start, end } of textSpans(said, code)) {
    if (!tells && !isProse(said.slice(start, end))) continue;
    said = `${said.slice(0, start)}${' '.repeat(end - start)}${said.slice(end)}`;
  }
  return said;
}

/** What stands from here to the next comma, or to the bracket that closes around it; in a shell to the next blank. */
function valueAt(text: string, from: number, shell: boolean): string {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const sign = text[at] ?? '';
    if (shell && /\s/.test(sign)) return text.slice(from, at);
    if ('([{'.includes(sign)) depth += 1;
    if (depth === 0 && ',;)]}'.includes(sign)) return text.slice(from, at);
    if (')]}'.includes(sign)) depth -= 1;
  }
  return text.slice(from);
}
