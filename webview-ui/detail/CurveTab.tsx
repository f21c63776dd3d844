import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { LeaderboardRow } from '../../src/core/research/leaderboard-types.ts';
import type { Page } from '../app/page.ts';
import { hiddenByLog, smooth, valueAt } from '../model/curve.ts';
import { count, NONE, number, plural } from '../model/format.ts';
import { plain } from '../model/plain.ts';
import { isLive } from '../model/status.ts';
import { IconButton, Select } from '../ui/index.tsx';
import { Empty, Failed } from './Empty.tsx';
import { LOOKS, Plot, type PlotSeries } from './Plot.tsx';
import { useCurves, useMetricNames } from './use-curves.ts';

/** The curves of a row's seeds over each other, growing while they run. */
export function CurveTab({ page, row }: { readonly page: Page; readonly row: LeaderboardRow }): JSX.Element {
  const runs = row.runs;
  const { log, smoothing } = page.settings.value;
  const names = useMetricNames(page, runs);
  const [picked, setPicked] = useState<string | undefined>(undefined);
  const metric = picked !== undefined && names.includes(picked) ? picked : names[0];
  const curves = useCurves(page, runs, metric);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [cursor, setCursor] = useState<number | undefined>(undefined);

  const series: readonly PlotSeries[] = useMemo(
    () =>
      runs.flatMap((run, index) => {
        const raw = curves.byRun.get(run.id);
        if (!raw || raw.x.length === 0) return [];
        const attempt = run.attempt > 1 ? `, attempt ${run.attempt}` : '';
        const label = `seed ${run.seed}${attempt}`;
        const smoothed = { x: raw.x, y: smooth(raw.y, smoothing) };
        return [{ id: run.id, label, look: index % LOOKS.length, raw, smoothed, shown: !hidden.has(run.id) }];
      }),
    [curves.byRun, runs.map((run) => run.id).join(' '), smoothing, hidden],
  );

  if (runs.length === 0) return <Empty icon="graph-line">A curve grows here once it runs.</Empty>;
  if (curves.error !== undefined && series.length === 0) {
    return <Failed message={curves.error} onRetry={curves.retry} />;
  }
  const live = runs.some((run) => isLive(run.state));
  const points = series.reduce((sum, each) => sum + each.raw.x.length, 0);
  const lost = log ? series.reduce((sum, each) => sum + hiddenByLog(each.raw.y), 0) : 0;
  return (
    <div class="curve">
      <div class="curve-bar">
        <Select
          label="Metric"
          class="metric"
          value={metric ?? ''}
          options={names.map((name) => ({ value: name, label: plain(name, 80) }))}
          onPick={setPicked}
        />
        <label class="smoothing">
          <span>Smoothing</span>
          <input
            type="range"
            min="0"
            max="0.99"
            step="0.01"
            value={smoothing}
            onInput={(event) => page.set({ smoothing: Number(event.currentTarget.value) })}
          />
          <output>{smoothing === 0 ? 'off' : smoothing.toFixed(2)}</output>
        </label>
        <IconButton
          icon="graph-scatter"
          label={log ? 'Linear scale' : 'Logarithmic scale'}
          pressed={log}
          onPress={() => page.set({ log: !log })}
        />
      </div>
      {series.length === 0 ? (
        curves.loading ? (
          <Empty icon="loading" spin>
            Loading the curve
          </Empty>
        ) : (
          <Empty icon="graph-line">
            {live
              ? `No value of ${plain(metric ?? 'the metric', 80)} yet.`
              : `It printed no ${plain(metric ?? 'metric', 80)}.`}
          </Empty>
        )
      ) : (
        <Plot
          series={series}
          log={log}
          smoothed={smoothing > 0}
          theme={page.theme.value}
          label={`${plain(metric ?? 'metric', 80)} by step, ${plural(series.length, 'seed')}`}
          decimals={page.decimals.value}
          onCursor={setCursor}
        />
      )}
      <ul class="legend" aria-label="Seeds">
        {series.map((each) => {
          const at = cursor ?? each.raw.x.at(-1) ?? 0;
          const value = valueAt(each.smoothed, at);
          const run = runs.find((other) => other.id === each.id);
          return (
            <li key={each.id}>
              <button
                type="button"
                class="legend-entry"
                aria-pressed={each.shown}
                title={each.shown ? 'Hide this seed' : 'Show this seed'}
                onClick={() => setHidden(toggled(hidden, each.id))}
              >
                <svg width="22" height="8" aria-hidden="true" class={`swatch look-${each.look}`}>
                  <line x1="1" y1="4" x2="21" y2="4" stroke-dasharray={LOOKS[each.look]?.dash.join(' ')} />
                </svg>
                <span>{each.label}</span>
                <span class="legend-box">
                  <bdi>{plain(run?.box ?? '', 40)}</bdi>
                </span>
                <span class="legend-value">{value === undefined ? NONE : number(value, page.decimals.value)}</span>
                <span class="legend-step">{cursor === undefined ? `at ${count(at)}` : ''}</span>
              </button>
            </li>
          );
        })}
      </ul>
      {series.length === 0 ? null : (
        <p class="curve-note">
          {cursor === undefined ? plural(points, 'point') : `Step ${count(cursor)}`}
          {smoothing > 0 ? `; smoothed over all points (EMA ${smoothing.toFixed(2)}), as measured behind it` : ''}
          {lost > 0 ? `; ${plural(lost, 'value')} at or below zero not on a logarithmic scale` : ''}
          {curves.error === undefined ? '' : `; not up to date: ${curves.error}`}
        </p>
      )}
    </div>
  );
}

function toggled(set: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(id)) next.add(id);
  return next;
}
