import type { JSX } from 'preact';
import type { LeaderboardRow } from '../../src/core/research/leaderboard-types.ts';
import { type CellContext, type ColumnId, cellText } from '../model/columns.ts';
import { number, signed } from '../model/format.ts';
import { plain } from '../model/plain.ts';
import { isBaseline, isLive, lookOf, seedsOf, unreachableSince } from '../model/status.ts';
import { Icon } from '../ui/index.tsx';
import { DoubtMark, HandMark, TrustMarks } from './Marks.tsx';
import { Sparkline } from './Sparkline.tsx';

export interface CellProps {
  readonly column: ColumnId;
  readonly row: LeaderboardRow;
  readonly context: CellContext;
  readonly best: boolean;
}

/** What stands in one cell; text nodes and our own marks only. */
export function CellContent({ column, row, context, best }: CellProps): JSX.Element | string {
  switch (column) {
    case 'title':
      return (
        <>
          {row.byHand ? <HandMark /> : null}
          <bdi>{cellText('title', row, context)}</bdi>
        </>
      );
    case 'status':
      return <Status row={row} />;
    case 'value':
      return <Value row={row} decimals={context.decimals} best={best} />;
    case 'delta':
      return <Delta row={row} decimals={context.decimals} />;
    case 'spark':
      return <Sparkline values={row.spark} />;
    case 'rank':
      return isBaseline(row) ? <Icon name="pinned" /> : cellText('rank', row, context);
    case 'seeds':
      return <Seeds row={row} text={cellText('seeds', row, context)} />;
    default:
      return cellText(column, row, context);
  }
}

export function Status({ row }: { readonly row: LeaderboardRow }): JSX.Element {
  const look = lookOf(row.status);
  const away = unreachableSince(row) !== undefined;
  return (
    <span class={`status tone-${away ? 'attention' : look.tone}`}>
      <Icon name={away ? 'debug-disconnect' : look.icon} spin={away ? false : look.spins} />
      <span class="status-words">{away ? `${look.words}?` : look.words}</span>
    </span>
  );
}

function Value(props: {
  readonly row: LeaderboardRow;
  readonly decimals: number;
  readonly best: boolean;
}): JSX.Element | string {
  const { row, decimals, best } = props;
  const value = row.objective;
  if (!value) {
    const live = isLive(row.status) ? row.runs.find((run) => run.lastMetric)?.lastMetric : undefined;
    if (!live) return '';
    return (
      <span class="so-far" title={`${plain(live.name)} so far`}>
        {number(live.value, decimals)} so far
      </span>
    );
  }
  return (
    <span class={best ? 'value best' : 'value'}>
      <DoubtMark row={row} />
      {best ? (
        <span class="best-mark" title="Best of its comparison class">
          <Icon name="star-full" />
          <span class="unseen">Best: </span>
        </span>
      ) : null}
      <span class="value-words">
        {number(value.mean, decimals)}
        {value.n > 1 ? (
          <span class="spread">
            {' ± '}
            {number(value.std, decimals)} ({value.n})
          </span>
        ) : null}
      </span>
      <TrustMarks row={row} />
    </span>
  );
}

function Delta({ row, decimals }: { readonly row: LeaderboardRow; readonly decimals: number }): JSX.Element | string {
  if (row.delta === undefined || isBaseline(row)) return '';
  return (
    <span class={`delta${row.improved ? ' improved' : ''}`}>
      {row.improved ? (
        <span class="delta-mark" title="Better than the baseline by more than its spread">
          <Icon name={row.delta < 0 ? 'arrow-down' : 'arrow-up'} />
          <span class="unseen">Improved: </span>
        </span>
      ) : null}
      {signed(row.delta, decimals)}
      {row.sigmas === undefined ? null : <span class="spread"> ({signed(row.sigmas, 1)}σ)</span>}
    </span>
  );
}

function Seeds({ row, text }: { readonly row: LeaderboardRow; readonly text: string }): JSX.Element | string {
  const { done, total } = seedsOf(row);
  if (total === 0) return '';
  return (
    <span class="seeds">
      <span class="seeds-bar" aria-hidden="true">
        <span class="seeds-done" style={{ width: `${(100 * done) / total}%` }} />
      </span>
      {text}
    </span>
  );
}
