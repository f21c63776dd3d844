import type { Environment } from '../../domain/index.ts';
import { type FileChange, MOST_LINE } from './changed.ts';
import { type Side, textSpans } from './texts.ts';
import type { Touched } from './touched.ts';

const PRINTS = /\b(?:print|log\w{0,20}|write|info|echo|report|emit|print0|add_scalar)\s*\(|\becho\b/i;
const OPENS_PRINT = /\b(?:print|log\w{0,20}|write|info|report|emit|print0|add_scalar)\s{0,4}$/i;
/** A call that is longer is read up to here. */
const MOST_CALL = 80;
/** Of calls around each other, the innermost are read. */
const MOST_AROUND = 4;
/** Right behind a name: its value. */
const VALUE = /^\s{0,8}[:=|]?\s{0,8}[{%$\d]/;
/** Behind a name nothing more in its text. */
const ENDS = /^\s{0,8}[:=|]?\s{0,8}["']/;
const PARTED = /^\s{0,8}[:=|]?\s{0,8}["']\s{0,8}["']/;
const ANY_VALUE = /[{%$\d]/;
const FORMATTED = /^\s{0,8}[:=]?\s{0,8}[{%]/;
/** A word before a name that makes it another name: `aux loss`, `z-loss`; and words that do not. */
const WORD_BEFORE = /([A-Za-z]\w{0,40})[ \t_-]{1,4}$/;
const NO_NAME =
  /^(?:final|best|last|current|mean|avg|average|overall|total|epoch|step|iter|iteration|eval|evaluation|val|valid|validation|test|dev|the|new|is|and|with)$/i;
/** Where a text becomes the name of a file. */
const NAMES_FILE = /\b(?:file_?name|fname|path|ckpt\w{0,20})\s{0,4}=|\b(?:save|join|open|Path)\s{0,4}\(/i;

export type Verdict = 'error' | 'warning' | undefined;

/** How the metric is found in a text. */
export interface Named {
  /** Global. */
  readonly pattern: RegExp;
  /** Whether what reads the log takes the name behind any other word too. */
  readonly anywhere: boolean;
}

/** `val_loss` is also printed as `val loss` and `val-loss`. */
export function namedAs({ objective, metrics = [] }: Pick<Environment, 'objective'> & Partial<Environment>): Named {
  const metric = objective.metric.slice(0, 100);
  const name = metric
    .split(/[\s_/-]+/)
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('[\\s_/-]');
  const group = metric.replaceAll(/\W/g, '_');
  const own = metrics.filter((one) => typeof one === 'string').find((one) => one.includes(`<${group}>`));
  const before = own?.slice(0, own.indexOf(`<${group}>`)) ?? '';
  return {
    pattern: new RegExp(`(?<![A-Za-z0-9_])${name}(?![A-Za-z0-9_])`, 'gi'),
    anywhere:
      own !== undefined &&
      !/[A-Za-z]{2,}[\s_-]{1,4}(?:\\s[+*]?)?[A-Za-z]/.test(before.replace(new RegExp(name, 'i'), '')),
  };
}

/** What a text says of the metric: its value right there or in what follows, something of it, or nothing. */
type Says = 'here' | 'next' | 'doubtful' | 'other' | undefined;

const ORDER: readonly Says[] = ['here', 'next', 'doubtful', 'other', undefined];

/**
 * Whether a touched line reports the metric: in a text that is printed or logged, in one line or in a call over several, or
 * that is printed later. Python that merely computes with a variable of that name reports nothing, and neither does prose.
 */
export function reporter(
  change: FileChange,
  sides: { readonly old: Side; readonly now: Side },
  named: Named,
): (one: Touched, touched: ReadonlySet<string>) => Verdict {
  const calls = new Map<Side, readonly Stretch[]>();
  return (one, touched) => {
    const side = one.gone ? sides.old : sides.now;
    if (!change.python) return inShell(side.said[one.line - 1] ?? '', named);
    if (!calls.has(side)) calls.set(side, printCalls(side.code));
    const all = calls.get(side)?.filter(({ from, to }) => one.line >= from && one.line <= to) ?? [];
    const around = all.slice(0, MOST_AROUND);
    const code = (side.code[one.line - 1] ?? '').slice(0, MOST_LINE);
    const says = saysOf(
      side,
      one.line,
      named,
      around.some(({ to }) => to > one.line),
    );
    if (says !== undefined) {
      if (around.length > 0 || PRINTS.test(code)) return printed(says, one.gone);
      return said(side, one, named);
    }
    return around.map((call) => besideName(side, call, one, named, touched)).find((verdict) => verdict !== undefined);
  };
}

function printed(says: Says, gone: boolean): Verdict {
  if (says === 'here' || says === 'next') return 'error';
  if (says === 'doubtful') return gone ? 'error' : 'warning';
  return gone && says === 'other' ? 'warning' : undefined;
}

/** A text with the metric's value in it that is not printed here. */
function said(side: Side, { line, gone }: Touched, { pattern }: Named): Verdict {
  const [text, code] = [side.said[line - 1] ?? '', side.code[line - 1] ?? ''];
  const formatted = textSpans(text, code).some(({ start, end }) =>
    [...text.slice(start, end).matchAll(pattern)].some((found) =>
      FORMATTED.test(text.slice(start + found.index + found[0].length, end)),
    ),
  );
  if (!formatted) return undefined;
  if (gone) return 'error';
  return NAMES_FILE.test(code.slice(0, MOST_LINE)) ? undefined : 'warning';
}

/** Another line of a call that prints the metric: it may hold the value, or change it. */
function besideName(side: Side, call: Stretch, one: Touched, named: Named, touched: ReadonlySet<string>): Verdict {
  let verdict: Verdict;
  for (let line = call.from; line <= Math.min(call.to, call.from + MOST_CALL); line += 1) {
    const says = saysOf(side, line, named, line < call.to);
    // Where that line is touched too, it is told of itself.
    if ((says !== 'here' && says !== 'next') || touched.has(keyOf({ line, gone: one.gone }))) continue;
    if (says === 'next' && one.line > line) return 'error';
    const ends = (side.code[line - 1] ?? '').trimEnd().endsWith(',');
    if (!ends && /[^\s()[\]{},fFrRbB]/.test(side.code[one.line - 1] ?? '')) verdict = 'warning';
  }
  return verdict;
}

export function keyOf({ line, gone }: Pick<Touched, 'line' | 'gone'>): string {
  return `${gone ? '-' : '+'}${line}`;
}

/** What a line of Python says of the metric in its texts. */
function saysOf(side: Side, line: number, named: Named, goesOn: boolean): Says {
  const text = (side.said[line - 1] ?? '').slice(0, MOST_LINE);
  const code = (side.code[line - 1] ?? '').slice(0, MOST_LINE);
  const all = textSpans(text, code).flatMap(({ start, end }) => {
    const behind = text.slice(end).trimStart();
    const ends = /^[,:+%]?\s*$/.test(behind);
    const more = ends ? goesOn && ('next' as const) : !/^[)\]};]/.test(behind) && ('here' as const);
    return saysIn(text.slice(start, end), named, more);
  });
  return ORDER.find((one) => all.includes(one));
}

/** @param more where something follows the text that can be a value: in its line, or in the next */
function saysIn(text: string, { pattern, anywhere }: Named, more: 'here' | 'next' | false): readonly Says[] {
  return [...text.matchAll(pattern)].map((found) => {
    const rest = text.slice(found.index + found[0].length);
    const [, word] = WORD_BEFORE.exec(text.slice(Math.max(0, found.index - 60), found.index)) ?? [];
    const other = word !== undefined && !anywhere && !NO_NAME.test(word);
    if (VALUE.test(rest)) return other ? 'other' : 'here';
    if (ENDS.test(rest)) {
      // Two texts side by side are one.
      const follows = PARTED.test(rest) ? 'here' : more;
      if (follows === false) return 'doubtful';
      return other ? 'other' : follows;
    }
    if (!ANY_VALUE.test(rest) && !more) return undefined;
    return other ? 'other' : 'doubtful';
  });
}

function inShell(line: string, named: Named): Verdict {
  const short = line.slice(0, MOST_LINE);
  if (!PRINTS.test(short)) return undefined;
  const says = saysIn(short, named, /["']\s{1,8}["']?[$\d]/.test(short) && 'here');
  return says.includes('here') || says.includes('next') ? 'error' : says.includes('doubtful') ? 'warning' : undefined;
}

interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** The lines, 1-based, of every call that prints or logs. */
function printCalls(code: readonly string[]): readonly Stretch[] {
  const found: Stretch[] = [];
  const open: (number | undefined)[] = [];
  for (const [index, line] of code.entries()) {
    const short = line.slice(0, MOST_LINE);
    for (const { index: at, 0: sign } of short.matchAll(/[()[\]{}]/g)) {
      if ('([{'.includes(sign)) {
        const prints = sign === '(' && OPENS_PRINT.test(short.slice(Math.max(0, at - 60), at));
        open.push(prints ? index + 1 : undefined);
        continue;
      }
      const from = open.pop();
      if (from !== undefined) found.push({ from, to: index + 1 });
    }
  }
  return found;
}
