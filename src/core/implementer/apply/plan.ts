import type { CreateOp, DeleteOp, EditOp, MoveOp, Op, WholeOp } from '../answer/ops.ts';
import type { Refusal } from '../refusal.ts';
import type { Texts } from '../types.ts';
import { outerFolder, type Resolved, resolvePath } from './resolve.ts';

/** All that an answer does to one file. */
export interface FilePlan {
  readonly path: string;
  readonly edits: EditOp[];
  make?: CreateOp | WholeOp;
  remove?: DeleteOp;
  /** The resolved path the file moves to. */
  to?: string;
  move?: MoveOp;
}

export interface Plan {
  readonly files: readonly FilePlan[];
  readonly refused: ReadonlyMap<Op, Refusal>;
  /** Edits that say what another one says already, or nothing at all. */
  readonly repeated: ReadonlySet<Op>;
}

type Resolve = (...args: Parameters<typeof resolvePath>) => Resolved;

/** Sorts what an answer asks for by the file it is about, and refuses what contradicts itself or the repository. */
export function planOps(files: Texts, ops: readonly Op[]): Plan {
  const refused = new Map<Op, Refusal>();
  const repeated = new Set<Op>();
  const plans = new Map<string, FilePlan>();
  const planOf = (path: string) => {
    const plan = plans.get(path) ?? { path, edits: [] };
    plans.set(path, plan);
    return plan;
  };
  const there = new Set(files.keys());
  const seen = new Set<string>();
  // Nothing but its path says which file is deleted: that is no evidence.
  const written = ops.flatMap((op) => (op.op === 'delete' ? [] : op.op === 'move' ? [op.path, op.to] : [op.path]));
  const outer = outerFolder(written, there);
  const resolve: Resolve = (path, ...how) =>
    resolvePath(outer !== '' && path.startsWith(outer) ? path.slice(outer.length) : path, ...how);
  // New names first: an edit may quote a file that the answer itself makes or moves, in any order.
  const names = newNames(ops, files, resolve);
  const known = new Set([...there, ...names.keys()]);
  for (const op of ops) {
    const resolved = resolve(op.path, known, op.op === 'create' || op.op === 'whole', op.op === 'delete');
    if (!resolved.ok) {
      refused.set(op, resolved.refusal);
      continue;
    }
    const path = placeOf(op, resolved.path, files, names);
    const { prose: _, line: __, ...meant } = op;
    const key = JSON.stringify({ ...meant, path, hint: undefined, at: 'hint' in op ? op.hint : undefined });
    const nothing = op.op === 'edit' && !op.end && op.search.join('\n') === op.replace.join('\n');
    if (seen.has(key) || nothing) repeated.add(op);
    else {
      seen.add(key);
      const refusal = add(planOf(path), op, there, resolve);
      if (refusal) refused.set(op, refusal);
    }
  }
  for (const plan of plans.values()) checkPlan(plan, plans, there, refused);
  return { files: [...plans.values()], refused, repeated };
}

/** Paths that the answer makes: of a moved file with the path it has now, of a new one with none. */
function newNames(ops: readonly Op[], files: Texts, resolve: Resolve): ReadonlyMap<string, string | undefined> {
  const there = new Set(files.keys());
  const names = new Map<string, string | undefined>();
  for (const op of ops) {
    if (op.op === 'move') {
      const [from, to] = [resolve(op.path, there, false), resolve(op.to, there, true)];
      if (from.ok && to.ok && !there.has(to.path)) names.set(to.path, from.path);
    } else if (op.op === 'create' || op.op === 'whole') {
      const made = resolve(op.path, there, true);
      if (made.ok && !there.has(made.path)) names.set(made.path, undefined);
    }
  }
  return names;
}

/** The one file that ends so and has most of its lines in the text: else the text is a new file's. */
function endingOf(op: WholeOp, path: string, files: Texts): string | undefined {
  const ends = [...files.keys()].filter((file) => path.endsWith(`/${file}`) || file.endsWith(`/${path}`));
  const [file] = ends;
  if (file === undefined || ends.length > 1) return undefined;
  const given = new Set(op.lines.map((line) => line.trimEnd()));
  const own = (files.get(file) ?? '').split('\n').filter((line) => line.trim() !== '');
  const kept = own.filter((line) => given.has(line.trimEnd())).length;
  return kept > 0 && kept * 2 >= own.length ? file : undefined;
}

/** A whole text may name its file by the end of its path; an edit of a moved file by its new one. */
function placeOf(op: Op, path: string, files: Texts, names: ReadonlyMap<string, string | undefined>): string {
  if (op.op === 'create') return path;
  if (op.op === 'whole') return files.has(path) ? path : (endingOf(op, path, files) ?? path);
  return names.get(path) ?? path;
}

function add(plan: FilePlan, op: Op, there: ReadonlySet<string>, resolve: Resolve): Refusal | undefined {
  const { path } = plan;
  if (op.op === 'edit') {
    plan.edits.push(op);
    return undefined;
  }
  if (op.op === 'delete') {
    plan.remove ??= op;
    return undefined;
  }
  if (op.op === 'move') {
    const to = resolve(op.to, there, true);
    if (!to.ok) return to.refusal;
    if (plan.to !== undefined && plan.to !== to.path)
      return contradiction(path, `is moved to ${plan.to} and to ${to.path}`);
    if (to.path !== path) {
      plan.to = to.path;
      plan.move = op;
    }
    return undefined;
  }
  if (plan.make) return contradiction(path, 'is written as a whole twice, with different text');
  plan.make = op;
  return undefined;
}

function checkPlan(
  plan: FilePlan,
  plans: ReadonlyMap<string, FilePlan>,
  there: ReadonlySet<string>,
  refused: Map<Op, Refusal>,
): void {
  const { path, edits, make, remove, move, to } = plan;
  const [edit] = edits;
  if (remove && (edit || move)) refused.set(remove, contradiction(path, 'is deleted and changed'));
  if (make && there.has(path) && edit) refused.set(edit, contradiction(path, 'is written as a whole and edited'));
  if (make && move) refused.set(move, contradiction(path, 'is written as a whole and moved'));
  if (!move || to === undefined) return;
  const target = plans.get(to);
  const leaves = target?.remove !== undefined || target?.to !== undefined;
  if (there.has(to) && !leaves) {
    const message = `${path} cannot become ${to}: there is a file of that name. Choose another name, or delete that file in the same answer.`;
    refused.set(move, { code: 'file-exists', path: to, message });
  } else if (target?.make || [...plans.values()].some((one) => one !== plan && one.to === to)) {
    refused.set(move, contradiction(to, 'gets its text from two sides'));
  }
}

function contradiction(path: string, what: string): Refusal {
  return { code: 'overlap', path, message: `${path} ${what}. Say one thing about it.` };
}
