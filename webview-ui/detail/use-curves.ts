import { useEffect, useState } from 'preact/hooks';
import type { RunCell } from '../../src/core/research/leaderboard-types.ts';
import type { Page } from '../app/page.ts';
import { ordered, type Series } from '../model/curve.ts';

export interface Curves {
  readonly byRun: ReadonlyMap<string, Series>;
  readonly loading: boolean;
  readonly error: string | undefined;
  readonly retry: () => void;
}

/**
 * The curves of a metric for each run, asked for again as runs grow: one question per run at a time, however often
 * it grows meanwhile.
 */
export function useCurves(page: Page, runs: readonly RunCell[], metric: string | undefined): Curves {
  const [byRun, setByRun] = useState<ReadonlyMap<string, Series>>(new Map());
  const [error, setError] = useState<string | undefined>(undefined);
  const [loading, setLoading] = useState(true);
  const [round, setRound] = useState(0);
  const ids = runs.map((run) => run.id).join(' ');

  useEffect(() => {
    setByRun(new Map());
    setError(undefined);
    const list = ids === '' ? [] : ids.split(' ');
    setLoading(list.length > 0 && metric !== undefined);
    if (metric === undefined) return undefined;
    let stopped = false;
    let left = list.length;
    const busy = new Set<string>();
    const again = new Set<string>();
    const ask = async (run: string) => {
      if (busy.has(run)) {
        again.add(run);
        return;
      }
      busy.add(run);
      try {
        const answer = await page.host.ask<'curve'>({ type: 'curve', run, metric });
        if (stopped) return;
        setByRun((before) => new Map(before).set(run, ordered({ x: answer.x, y: answer.y })));
        setError(undefined);
      } catch (failure) {
        if (!stopped) setError(failure instanceof Error ? failure.message : String(failure));
      } finally {
        busy.delete(run);
        if (left > 0) left -= 1;
        if (!stopped && left === 0) setLoading(false);
        if (!stopped && again.delete(run)) void ask(run);
      }
    };
    for (const run of list) void ask(run);
    const stop = page.onGrowth((growth) => {
      if (growth.metrics && list.includes(growth.run)) void ask(growth.run);
    });
    return () => {
      stopped = true;
      stop();
    };
  }, [ids, metric, round]);

  return { byRun, loading, error, retry: () => setRound((before) => before + 1) };
}

/** The metrics the runs printed, the objective first. */
export function useMetricNames(page: Page, runs: readonly RunCell[]): readonly string[] {
  const [names, setNames] = useState<readonly string[]>([]);
  const first = runs.find((run) => run.logBytes > 0)?.id ?? runs[0]?.id;
  useEffect(() => {
    if (first === undefined) return undefined;
    let stopped = false;
    let busy = false;
    const ask = async () => {
      if (busy) return;
      busy = true;
      try {
        const answer = await page.host.ask<'metrics'>({ type: 'metrics', run: first });
        if (!stopped) setNames((before) => (before.join('\n') === answer.names.join('\n') ? before : answer.names));
      } catch {
        // The objective's own curve is still there, and its question says what is wrong.
      } finally {
        busy = false;
      }
    };
    void ask();
    const stop = page.onGrowth((growth) => {
      if (growth.metrics && growth.run === first && !stopped) void ask();
    });
    return () => {
      stopped = true;
      stop();
    };
  }, [first]);
  const objective = page.board.value.header?.metric;
  const rest = names.filter((name) => name !== objective);
  return objective === undefined ? rest : [objective, ...rest];
}
