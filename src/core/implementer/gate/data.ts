import type { FileChange } from './changed.ts';
import { isProse, replacedIn, type Side, textsOf } from './texts.ts';

/** What data is told apart by, as a word or in a file's name: `val`, `val.bin`, `train_set`. */
const PART = /(?<![A-Za-z])(?:train|val|valid|validation|test|eval|dev)(?![A-Za-z])/gi;
const SETTINGS = /\.(?:ya?ml|toml|json|ini|cfg)$/;

export interface Swap {
  /** 1-based in the new text. */
  readonly line: number;
  readonly was: string;
  readonly is: string;
}

/** Where a text that names a part of the data now names another one: `'train.bin'` that became `'val.bin'`. */
export function swapsIn(change: FileChange, old: Side, now: Side): readonly Swap[] {
  if (!change.python && !change.shell && !SETTINGS.test(change.path)) return [];
  const swaps: Swap[] = [];
  const parts = (side: Side, line: number) => partsOf(change, side, line);
  const all = (side: Side) => side.said.flatMap((_, index) => parts(side, index + 1)).join();
  let whole: boolean | undefined;
  const moved = () => {
    whole ??= all(old) === all(now);
    return whole;
  };
  for (const hunk of replacedIn(change)) {
    if (hunk.old.length === hunk.now.length) {
      for (const [index, { line, text }] of hunk.now.entries()) {
        const before = hunk.old[index];
        const [was, is] = [parts(old, before?.line ?? 0), parts(now, line)];
        // Where only one of both names any, the other may be another statement altogether.
        const same = (was.length > 0 && is.length > 0) || headOf(before?.text ?? '') === headOf(text);
        if (same && was.join() !== is.join()) swaps.push({ line, was: words(was), is: words(is) });
      }
      continue;
    }
    // Lines that only moved in or were parted name the same in the same order.
    if (moved()) continue;
    // Lines that are written anew are told from lines that only came by whether all that was named still is.
    const was = hunk.old.flatMap(({ line }) => parts(old, line));
    const is = hunk.now.flatMap(({ line }) => parts(now, line));
    const first = hunk.now.find(({ line }) => parts(now, line).length > 0) ?? hunk.now[0];
    if (first && !holdsInOrder(is, was)) swaps.push({ line: first.line, was: words(was), is: words(is) });
  }
  return swaps;
}

function partsOf(change: FileChange, side: Side, line: number): readonly string[] {
  const [said = '', code = ''] = [side.said[line - 1], side.code[line - 1]];
  const texts = change.python ? textsOf(said, code).filter((text) => !isProse(text)) : [said.slice(0, 2000)];
  const found = texts.flatMap((text) => text.replaceAll(/(?<![\w.])\/dev\//g, '/').match(PART) ?? []);
  const lower = found.map((word) => word.toLowerCase());
  return lower.filter((word, index) => word !== lower[index - 1]);
}

/** What a line begins with: what it sets, calls or names. */
function headOf(line: string): string {
  return (
    line
      .trim()
      .slice(0, 200)
      .split(/[=([:]/, 1)[0]
      ?.trim() ?? ''
  );
}

function holdsInOrder(all: readonly string[], some: readonly string[]): boolean {
  let at = 0;
  for (const one of all) if (one === some[at]) at += 1;
  return at === some.length;
}

function words(parts: readonly string[]): string {
  return parts.length > 0 ? parts.slice(0, 6).join(', ') : 'none';
}
