import type { Environment } from '../../domain/index.ts';
import { type Finding, isPython, list, type Texts } from './evidence.ts';
import type { Place } from './objective.ts';

type Region = Environment['protected_regions'][number];

const EVALUATES =
  /^(\s*)(?:async )?def ((?:evaluate|evaluation|validate|validation|estimate_loss|compute_metrics|eval|evaluate_\w+|eval_\w+|validate_\w+|validation_\w+|test_step|test_epoch|get_accuracy|compute_accuracy|accuracy|test)\s*\()/;
/** A region ends at a line of its own; more regions than this say that the file is an evaluation itself. */
const MOST_REGIONS = 6;

/** Functions that evaluate in files that a patch may change, each from its head to a line that stands there only. */
export function regionsOf(
  program: Texts,
  reported: Place | undefined,
  changeable: (file: string) => boolean,
): Finding<Environment['protected_regions']> | undefined {
  const found: Found[] = [];
  for (const [file, text] of program) {
    if (!isPython(file) || !changeable(file) || text.length > 400_000) continue;
    const rows = text.split('\n');
    rows.forEach((row, index) => {
      const head = EVALUATES.exec(row);
      const region = head && found.length < MOST_REGIONS ? regionAt(file, rows, index, head) : undefined;
      if (region) found.push({ region, line: index + 1 });
    });
  }
  const text = reported && changeable(reported.file) ? program.get(reported.file) : undefined;
  if (reported && text !== undefined) {
    const rows = text.split('\n');
    const around = reportingRegion(reported, rows);
    const guarded = found.map(({ region }) => /def (\w+)/.exec(region.from)?.[1] ?? '');
    // What a guarded function returns needs no guard of its own; a word of a region may stand there once only.
    const own = found.filter(({ region }) => region.file === reported.file);
    const within = rows.slice((around?.line ?? 1) - 1, reported.line).join('\n');
    const calls = guarded.some((name) => !MEASURE.test(name) && new RegExp(`\\b${name}\\(`).test(within));
    if (around && (own.length === 0 || (!calls && !own.some((one) => overlaps(one, around, rows))))) found.push(around);
  }
  const [first] = found;
  if (!first) return undefined;
  const where = found.map(({ region, line }) => `${region.file}:${line}`);
  return { value: found.map(({ region }) => region), reason: `${list(where)}: what a result is measured by` };
}

interface Found {
  readonly region: Region;
  readonly line: number;
}

/** Whether the lines of two regions of a file meet. */
function overlaps(a: Found, b: Found, rows: readonly string[]): boolean {
  const end = ({ region, line }: Found) =>
    rows.findIndex((row, index) => index >= line - 1 && row.includes(region.to)) + 1;
  return a.line <= end(b) && b.line <= end(a);
}

function regionAt(file: string, rows: readonly string[], start: number, head: RegExpExecArray): Region | undefined {
  const indent = head[1]?.length ?? 0;
  let end = start;
  for (let at = start + 1; at < rows.length; at += 1) {
    const row = rows[at] ?? '';
    if (row.trim() === '') continue;
    const own = /^\s*/.exec(row)?.[0].length ?? 0;
    if (own <= indent && !/^\s*[)\]}]/.test(row)) break;
    end = at;
  }
  const from = `def ${head[2]}`;
  const count = (mark: string) => rows.filter((row) => row.includes(mark)).length;
  // A closing bracket stands in many places: the last line that stands there only ends the region.
  const last = rows.slice(start + 1, end + 1).findLast((row) => row.trim().length > 3 && count(row.trim()) === 1);
  const to = (last ?? '').trim();
  return to !== '' && count(from) === 1 ? { file, from, to } : undefined;
}

/** What only computes a measure of what it is given. */
const MEASURE = /accuracy$|^compute_metrics$/;
const HEADER = /^\s*(?:el)?if\b.*(?:val|eval|valid|test|last_step)/i;
const MEASURES = /=.*(?:eval|valid|val_|test|metric|score|accuracy)/i;
/** A stretch longer than this holds more than measuring. */
const MOST_LINES = 60;

/**
 * Where no function evaluates: from the `if` that says when to evaluate, else from the statement that computes the
 * number, to the line that reports it.
 */
function reportingRegion({ file, line, value }: Place, rows: readonly string[]): Found | undefined {
  const last = rows[line - 1] ?? '';
  const count = (mark: string) => rows.filter((row) => row.includes(mark)).length;
  const call = rows.slice(line - 1, endOfCall(rows, line - 1));
  const to = call.findLast((row) => row.trim().length > 3 && count(row.trim()) === 1)?.trim();
  if (to === undefined) return undefined;
  const name = /^[A-Za-z_]\w*/.exec(value)?.[0];
  let indent = indentOf(last);
  let head: number | undefined;
  for (let at = line - 2; at >= Math.max(0, line - 1 - MOST_LINES); at -= 1) {
    const row = rows[at] ?? '';
    if (row.trim() === '' || /^\s*(#|\)|\])/.test(row)) continue;
    if (indentOf(row) < indent) {
      indent = indentOf(row);
      if (HEADER.test(row)) {
        head = at;
        break;
      }
      if (/^\s*(def|class|for|while)\b/.test(row)) break;
    }
    const computes =
      name !== undefined &&
      new RegExp(`^\\s*(?:[\\w, ]+, *)?${name}\\b[\\w, ]*=`).test(row) &&
      MEASURES.test(rows.slice(at, endOfCall(rows, at)).join(' '));
    if (computes) head ??= at;
  }
  if (head === undefined) return undefined;
  const from = (rows[head] ?? '').trim();
  return from.length > 6 && count(from) === 1 ? { region: { file, from, to }, line: head + 1 } : undefined;
}

/** The row behind a call that begins in a row, by its brackets; a few rows at most. */
function endOfCall(rows: readonly string[], start: number): number {
  let depth = 0;
  for (let at = start; at < Math.min(rows.length, start + 20); at += 1) {
    const row = (rows[at] ?? '').slice(0, 1000);
    depth += row.split('(').length - row.split(')').length;
    if (depth <= 0) return at + 1;
  }
  return start + 1;
}

function indentOf(row: string): number {
  return /^\s*/.exec(row)?.[0].length ?? 0;
}
