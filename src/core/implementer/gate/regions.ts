import type { Environment } from '../../domain/index.ts';
import { matcher } from '../../environment/index.ts';
import { lineChanges } from './added.ts';
import { depthOf, fileKind, MOST_LINE } from './changed.ts';
import { maskPython } from './mask.ts';

type Region = Environment['protected_regions'][number];

interface Found {
  readonly text: string;
  /** 1-based. */
  readonly line: number;
  readonly endLine: number;
}

interface Told {
  readonly message: string;
  readonly line: number;
}

/** Every stretch from a line that holds `from` to the next that holds `to`, both included; open to the file's end. */
function stretches(text: string, region: Region): Found[] {
  const lines = text.split('\n');
  const found: Found[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    if (!lines[at]?.includes(region.from)) continue;
    let end = at;
    while (end < lines.length && !(end > at && lines[end]?.includes(region.to))) end += 1;
    found.push({ text: lines.slice(at, end + 1).join('\n'), line: at + 1, endLine: Math.min(end + 1, lines.length) });
    at = end;
  }
  return found;
}

/** Whether one of the two lines that bound a region stands more or fewer times than it did. */
function ambiguous(before: string, after: string, region: Region): boolean {
  const count = (text: string, mark: string) => text.split('\n').filter((line) => line.includes(mark)).length;
  return [region.from, region.to].some((mark) => count(before, mark) !== count(after, mark));
}

/**
 * Whether any protected region of the file is not byte for byte what it was, or no longer does what it did: it became a
 * text, is never reached, or what it defines is defined again behind it.
 */
export function changedRegion(
  path: string,
  before: string | undefined,
  after: string | null,
  regions: readonly Region[],
): Told | undefined {
  for (const region of regions) {
    if (before === undefined || !matcher([region.file])(path)) continue;
    const old = stretches(before, region);
    const now = stretches(after ?? '', region);
    const doubled = ambiguous(before, after ?? '', region);
    const at = now.findIndex((one, index) => one.text !== old[index]?.text);
    const named = `the protected region from ${JSON.stringify(region.from)} to ${JSON.stringify(region.to)}`;
    if (at >= 0 || old.length !== now.length || doubled) {
      return { message: `${path} changes ${named}; it must stay as it is.`, line: now[at]?.line ?? 1 };
    }
    const off = fileKind(path).python && after !== null ? switchedOff(before, after, old, now) : undefined;
    if (off) return { message: `${path} switches off ${named}: ${off.message}`, line: off.line };
  }
  return undefined;
}

const LEAVES = /(?:^|;)\s{0,200}(?:return|raise|continue|break|(?:sys\.|os\.)?_?exit|quit)\b/;
const DEFINES = /^[ \t]{0,200}(?:async[ \t]+)?(?:def|class)[ \t]+(\w{1,100})/;
const SETS = /^[ \t]{0,200}(\w{1,100})[ \t]{0,20}(?::[^=\n]{0,100})?=(?!=)/;

function switchedOff(before: string, after: string, old: readonly Found[], now: readonly Found[]): Told | undefined {
  const [was, is] = [before, after].map((text) => maskPython(text).split('\n')) as [string[], string[]];
  const added = new Set(lineChanges(before, after).added.map((one) => one.line));
  const outside = (lines: readonly string[], regions: readonly Found[]) => {
    const own = new Set(regions.flatMap(({ line, endLine }) => range(line, endLine)));
    return range(1, lines.length).filter((line) => !own.has(line));
  };
  for (const [index, one] of now.entries()) {
    const then = old[index];
    const code = is.slice(one.line - 1, one.endLine);
    if (!then || code.join('\n') !== was.slice(then.line - 1, then.endLine).join('\n')) {
      return { message: 'it is a text now, and no code.', line: one.line };
    }
    const leaves = leftBefore(is, one, added);
    if (leaves !== undefined) return { message: 'it is never reached behind this line.', line: leaves };
    for (const { name, line, defined } of namesOf(is, one)) {
      const scope = scopeOf(is, line);
      const again = (lines: readonly string[], at: number) => binds(lines, at, name, scope);
      // A script computes `loss` in many places; what is set there already is not the region's own.
      if (!defined && outside(was, old).some((at) => again(was, at))) continue;
      const at = outside(is, now).find((place) => place > line && added.has(place) && again(is, place));
      if (at !== undefined) {
        return { message: `it defines ${name}, which this line defines again. Use another name.`, line: at };
      }
    }
  }
  return undefined;
}

/** The added line at the region's depth, in its block and before it, that always leaves the block. */
function leftBefore(code: readonly string[], region: Found, added: ReadonlySet<number>): number | undefined {
  const first = code.slice(region.line - 1, region.endLine).find((line) => line.trim() !== '');
  if (first === undefined) return undefined;
  const depth = depthOf(first);
  for (let line = region.line - 1; line >= 1; line -= 1) {
    const text = code[line - 1]?.slice(0, MOST_LINE) ?? '';
    if (text.trim() === '' || depthOf(text) > depth) continue;
    if (depthOf(text) < depth) return undefined;
    if (added.has(line) && LEAVES.test(text)) return line;
  }
  return undefined;
}

interface Name {
  readonly name: string;
  readonly line: number;
  /** By `def` or `class`, not by `=`. */
  readonly defined: boolean;
}

/** What a region defines for what stands around it: not what is local to its own functions. */
function namesOf(code: readonly string[], region: Found): readonly Name[] {
  return range(region.line, region.endLine).flatMap((line) => {
    const text = code[line - 1]?.slice(0, MOST_LINE) ?? '';
    const defined = DEFINES.exec(text)?.[1];
    const name = defined ?? SETS.exec(text)?.[1];
    const scope = scopeOf(code, line);
    const local = scope !== 0 && scope >= region.line;
    return name === undefined || local ? [] : [{ name, line, defined: defined !== undefined }];
  });
}

/** Whether a line gives a name of this scope a value: there, or in a function that says `global`. */
function binds(code: readonly string[], line: number, name: string, scope: number): boolean {
  const text = code[line - 1]?.slice(0, MOST_LINE) ?? '';
  if (!text.includes(name)) return false;
  const pattern = new RegExp(
    `(?:^|[;:])[ \\t]{0,200}(?:(?:async[ \\t]+)?(?:def|class)[ \\t]+${name}\\b|(?:[\\w.]{1,80}[ \\t]{0,4},[ \\t]{0,4}){0,8}${name}[ \\t]{0,20}(?:,[^=\\n]{0,200}|:[^=\\n]{0,100})?(?:[-+*/%@&|^]|//|\\*\\*)?=(?!=)|(?:from|import)[ \\t][^#\\n]{0,300}\\b${name}[ \\t]{0,4}(?:,|\\)|$|\\r))`,
  );
  if (!pattern.test(text)) return false;
  const own = scopeOf(code, line);
  if (own === scope) return true;
  return scope === 0 && code.slice(own, line - 1).some((one) => globals(one, name));
}

function globals(line: string, name: string): boolean {
  return new RegExp(`^\\s*global\\s[^;\\n]{0,300}\\b${name}\\b`).test(line.slice(0, MOST_LINE));
}

/** The line of the function or class in which a line stands; 0 for the file itself. */
function scopeOf(code: readonly string[], line: number): number {
  let depth = depthOf(code[line - 1] ?? '');
  for (let at = line - 1; at >= 1 && depth > 0; at -= 1) {
    const text = code[at - 1] ?? '';
    if (text.trim() === '' || depthOf(text) >= depth) continue;
    if (DEFINES.test(text)) return at;
    depth = depthOf(text);
  }
  return 0;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}
