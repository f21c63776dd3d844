import type { Run } from '../domain/index.ts';
import type { Context } from './context.ts';
import { toRun } from './rows.ts';

/**
 * Which attempts count. Runs of one (base, candidate, purpose, seed) are attempts at the same number; of those
 * of one comparison class exactly one counts: the latest that succeeded, else the latest that nobody cancelled, else the
 * latest. A run whose class is not known yet belongs with the run it retries, or with the only class there is.
 *
 * A run that another one stands in for (a retry of a lost run, a copy of one that moved to another box) counts only once
 * it has succeeded itself. So of two copies that both finish one counts, whichever box was quicker or spoke first; and
 * a copy that waits on a box which is gone holds up nobody's result.
 */
export function counted(attempts: readonly Run[]): Set<string> {
  const byId = new Map(attempts.map((run) => [run.id, run]));
  const classes = new Set(attempts.flatMap((run) => run.comparisonClass ?? []));
  const only = classes.size === 1 ? [...classes][0] : undefined;
  const standIns = standInsOf(attempts, byId);

  const classOf = (run: Run): string => {
    const seen = new Set<string>();
    for (let at: Run | undefined = run; at && !seen.has(at.id); at = at.retries ? byId.get(at.retries) : undefined) {
      if (at.comparisonClass !== undefined) return at.comparisonClass;
      seen.add(at.id);
    }
    return only ?? '';
  };

  const winners = new Map<string, Run>();
  const latestFirst = attempts
    .filter((run) => run.state === 'succeeded' || !standIns.has(run.id))
    .sort((a, b) => b.attempt - a.attempt || b.queuedAt - a.queuedAt || (a.id < b.id ? 1 : -1));
  for (const run of latestFirst) {
    const group = classOf(run);
    const winner = winners.get(group);
    if (!winner || worth(run) > worth(winner)) winners.set(group, run);
  }
  return new Set([...winners.values()].map((run) => run.id));
}

function worth(run: Run): number {
  return run.state === 'succeeded' ? 2 : run.state === 'cancelled' ? 0 : 1;
}

/** The runs that a later try stands in for: one, or one of its own later tries, that was not cancelled. */
function standInsOf(attempts: readonly Run[], byId: ReadonlyMap<string, Run>): Set<string> {
  const replaced = new Set<string>();
  for (const later of attempts) {
    if (later.state === 'cancelled') continue;
    for (let id = later.retries; id !== undefined && !replaced.has(id); id = byId.get(id)?.retries) replaced.add(id);
  }
  return replaced;
}

/** Brings `counts` of a run and its fellow attempts in line with the rule. */
export function recount(context: Context, { base, candidate, purpose, seed }: Run): void {
  const attempts = context.sql
    .all(
      'SELECT * FROM run WHERE base = ? AND candidate IS ? AND purpose = ? AND seed = ?',
      base,
      candidate,
      purpose,
      seed,
    )
    .map(toRun);
  const winners = counted(attempts);
  for (const run of attempts) {
    if (run.counts === winners.has(run.id)) continue;
    context.sql.update('run', 'id', run.id, { counts: winners.has(run.id) });
    context.changed('run', run.id);
  }
}
