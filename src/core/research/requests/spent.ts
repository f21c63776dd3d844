import type { Base, Budgets, Run, Search } from '../../domain/index.ts';
import { budgetUsedUp, type Spent } from '../../search/index.ts';
import { pricedCalls } from '../calls.ts';
import { gpusOf } from '../fleet-rules.ts';
import { loadedBoxes, type Parts } from '../parts.ts';

/** Why a search may begin nothing more, in words; `runs` are those about to begin. Reads only what a budget was set for. */
export async function whyUsedUp(
  parts: Parts,
  base: Base,
  search: Search,
  budgets: Budgets,
  runs = 1,
): Promise<string | undefined> {
  if (Object.values(budgets).every((limit) => limit === undefined)) return undefined;
  const spentSoFar = await spent(parts, base, search, budgets);
  return budgetUsedUp(budgets, { ...spentSoFar, runs: spentSoFar.runs + runs - 1 });
}

async function spent(parts: Parts, base: Base, search: Search, budgets: Budgets): Promise<Spent> {
  const { store } = parts;
  const since = (created: number) => created >= search.startedAt;
  const ideas = budgets.ideas === undefined ? [] : await store.ideas(base.id);
  const runs = (await store.runs({ base: base.id })).filter((run) => since(run.queuedAt));
  const paid = budgets.money !== undefined;
  const calls = paid ? await pricedCalls(parts, { base: base.id, since: search.startedAt }) : [];
  const boxes = paid ? (await loadedBoxes(parts)).boxes : [];
  const now = parts.system.clock.now();
  const hours = (run: Run) => (run.startedAt === undefined ? 0 : ((run.endedAt ?? now) - run.startedAt) / 3_600_000);
  const gpus = (run: Run) => gpusOf(run, base);
  const price = (run: Run) => boxes.find((box) => box.name === run.box)?.price_per_gpu_hour ?? 0;
  return {
    ideas: ideas.filter((idea) => since(idea.createdAt)).length,
    runs: runs.filter((run) => run.purpose !== 'smoke').length,
    gpuHours: runs.reduce((sum, run) => sum + hours(run) * gpus(run), 0),
    money:
      runs.reduce((sum, run) => sum + hours(run) * gpus(run) * price(run), 0) +
      calls.reduce((sum, call) => sum + (call.cost ?? 0), 0),
    wallHours: (now - search.startedAt) / 3_600_000,
  };
}
