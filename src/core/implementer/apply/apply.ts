import { placeholdersIn } from '../answer/elision.ts';
import { type CreateOp, isBlank, type Op, type WholeOp } from '../answer/ops.ts';
import type { BlockReport, Refusal } from '../refusal.ts';
import type { Texts } from '../types.ts';
import { editFile, type Placed } from './edits.ts';
import { readLines, writeLines } from './lines.ts';
import { type FilePlan, planOps } from './plan.ts';
import { conflictIn, rewrite, withoutPath } from './whole.ts';

export type { Placed } from './edits.ts';

export interface Applied {
  /** New text by path; null for a file that goes, also where it only moves. */
  readonly changes: ReadonlyMap<string, string | null>;
  /** The old path by the new one. */
  readonly renames: ReadonlyMap<string, string>;
  readonly placed: readonly Placed[];
  readonly report: readonly BlockReport[];
  readonly refusals: readonly Refusal[];
  /** The edits that the refusals are about; empty where they are about the answer as a whole. */
  readonly refused: ReadonlySet<Op>;
}

/** An answer with more edits than this is not one idea, and each costs a look through a file. */
const MOST_OPS = 2000;

/**
 * Applies what an answer asks for to texts in memory, all or nothing: with any refusal there are no changes. Paths that
 * leave the repository are told first.
 */
export function applyOps(files: Texts, ops: readonly Op[]): Applied {
  if (ops.length > MOST_OPS) {
    const message = `The answer has ${ops.length} edits; more than ${MOST_OPS} are not taken. Send fewer, larger ones.`;
    return none([], [{ code: 'too-large', message }]);
  }
  const work = new Work(files);
  const plan = planOps(files, ops);
  for (const [op, refusal] of plan.refused) work.refuse(op, refusal);
  for (const file of plan.files) work.take(file, plan.refused);
  const report = ops.map((op) =>
    plan.repeated.has(op) ? { path: op.path, outcome: 'repeated', detail: '' } : work.reportOf(op),
  );
  const first = (one: Refusal) => (one.code === 'path-escape' ? 0 : 1);
  const refusals = work.refusals.toSorted((a, b) => first(a) - first(b));
  if (refusals.length > 0) return { ...none(report, refusals), refused: work.refused };
  if (work.changes.size === 0) {
    if (ops.length > 0 && work.quotes === ops.length) {
      const message = 'The answer only quotes the files as they stand: it holds no edit.';
      return none(report, [{ code: 'no-edits', message }]);
    }
    const message = 'The answer changes nothing: every new text equals what is there.';
    return none(report, [{ code: 'no-op', message }]);
  }
  return { changes: work.changes, renames: work.renames, placed: work.placed, report, refusals, refused: work.refused };
}

function none(report: readonly BlockReport[], refusals: readonly Refusal[]): Applied {
  return { changes: new Map(), renames: new Map(), placed: [], report, refusals, refused: new Set() };
}

class Work {
  readonly changes = new Map<string, string | null>();
  readonly renames = new Map<string, string>();
  readonly placed: Placed[] = [];
  readonly refusals: Refusal[] = [];
  readonly refused = new Set<Op>();
  /** Fences that turned out to be quotations of a file. */
  quotes = 0;
  readonly #files: Texts;
  readonly #outcomes = new Map<Op, BlockReport>();

  constructor(files: Texts) {
    this.#files = files;
  }

  reportOf(op: Op): BlockReport {
    return this.#outcomes.get(op) ?? { path: op.path, outcome: 'exact', detail: '' };
  }

  refuse(op: Op, refusal: Refusal): void {
    this.refusals.push(refusal);
    this.refused.add(op);
    this.#outcomes.set(op, { path: refusal.path ?? op.path, outcome: refusal.code, detail: refusal.message });
  }

  #done(op: Op, path: string, outcome: string): void {
    if (!this.#outcomes.has(op)) this.#outcomes.set(op, { path, outcome, detail: '' });
  }

  take(plan: FilePlan, refused: ReadonlyMap<Op, Refusal>): void {
    const { path, make, remove, move } = plan;
    if ([make, remove, move].some((op) => op && refused.has(op))) return;
    const old = this.#files.get(path);
    let text = old;
    if (make) {
      text =
        make.op === 'whole'
          ? this.#whole(path, make, remove ? undefined : old)
          : this.#create(path, make, remove ? undefined : old);
      if (text === undefined) return;
    } else if (remove) {
      this.#done(remove, path, 'deleted');
      this.#set(path, null);
      return;
    }
    if (text === undefined) return;
    text = this.#edit(plan, text, refused);
    if (move && plan.to !== undefined) {
      this.#done(move, plan.to, 'renamed');
      this.renames.set(plan.to, path);
      this.placed.push({ path: plan.to, line: 1, prose: move.prose });
      // The old name may be another file's new one.
      if (!this.changes.has(path)) this.changes.set(path, null);
      this.changes.set(plan.to, text);
    } else if (text !== old) this.#set(path, text);
  }

  #set(path: string, text: string | null): void {
    // A file that moved here has its text already.
    if (text === null && this.renames.has(path)) return;
    this.changes.set(path, text);
  }

  #edit(plan: FilePlan, text: string, refused: ReadonlyMap<Op, Refusal>): string {
    const edits = plan.edits.filter((op) => !refused.has(op));
    if (edits.length === 0) return text;
    const before = readLines(text);
    const old = before.lines.map((line) => line.text);
    const known = new Set(old.map((line) => line.trim()));
    const whole = edits.filter((op) => {
      const own = new Set(op.search.map((line) => line.trim()));
      const elided = placeholdersIn(plan.path, op.replace, old).find(
        (line) => !own.has(line.trim()) && !known.has(line.trim()),
      );
      if (elided !== undefined) this.refuse(op, elidedCode(plan.path, elided, op.search));
      return elided === undefined;
    });
    const result = editFile(plan.path, before, whole);
    for (const [op, refusal] of result.refused) this.refuse(op, refusal);
    const path = plan.to ?? plan.path;
    for (const [op, rung] of result.rungs) this.#done(op, path, rung);
    this.placed.push(...result.placed.map((one) => ({ ...one, path })));
    return result.text;
  }

  #create(path: string, op: CreateOp | WholeOp, old: string | undefined): string | undefined {
    if (old !== undefined && old.replace(/^\ufeff/, '').trim() !== '') {
      this.refuse(op, op.op === 'whole' || op.how === 'diff' ? fileExists(path) : emptySearch(path));
      return undefined;
    }
    const conflict = op.op === 'whole' ? conflictIn(path, op.lines, []) : undefined;
    if (conflict) {
      this.refuse(op, conflict);
      return undefined;
    }
    const [elided] = placeholdersIn(path, op.lines);
    if (elided !== undefined) {
      this.refuse(op, elidedCode(path, elided, []));
      return undefined;
    }
    this.#done(op, path, 'new-file');
    this.placed.push({ path, line: 1, prose: op.prose });
    const before = readLines(old ?? '');
    const given = op.op === 'whole' ? withoutPath(path, op, undefined) : op.lines;
    const lines = isBlank(given) && given.length < 2 ? [] : given;
    if (before.lines.length > 0 && lines.length > 0)
      return writeLines(
        before,
        lines.map((text) => ({ text, end: '\n' })),
      );
    return before.mark + lines.join('\n') + (lines.length > 0 && (op.op === 'whole' || op.newline) ? '\n' : '');
  }

  #whole(path: string, op: WholeOp, old: string | undefined): string | undefined {
    if (old === undefined || old.trim() === '') {
      return this.#create(path, op, old);
    }
    const result = rewrite(path, readLines(old), op);
    if (result.ok) {
      this.#done(op, path, 'whole');
      if (result.text !== old) this.placed.push({ path, line: result.firstLine, prose: op.prose });
      return result.text;
    }
    if (!result.quotes) {
      this.refuse(op, result.refusal);
      return undefined;
    }
    this.quotes += 1;
    this.#done(op, path, 'quotation');
    return old;
  }
}

function elidedCode(path: string, line: string, search: readonly string[]): Refusal {
  const message = `The new text for ${path} leaves code out (${JSON.stringify(line.trim())}). Write every line that shall stand there.`;
  return { code: 'elided-code', path, message, search };
}

function fileExists(path: string): Refusal {
  const message = `${path} is there already, so it cannot be added as a new file. Change the lines it has, or choose another path.`;
  return { code: 'file-exists', path, message };
}

function emptySearch(path: string): Refusal {
  const message = `${path} exists and is not empty, so an empty SEARCH says nothing about the place. Quote the lines to change.`;
  return { code: 'empty-search', path, message };
}
