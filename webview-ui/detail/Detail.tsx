import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { LeaderboardRow, RunCell } from '../../src/core/research/leaderboard-types.ts';
import type { Page } from '../app/page.ts';
import { actionsFor } from '../model/actions.ts';
import { candidateText, deltaText, ideaText, mainParents, valueText } from '../model/columns.ts';
import { doubtOf } from '../model/doubt.ts';
import { clock } from '../model/format.ts';
import { plain, plainLines } from '../model/plain.ts';
import type { Tab } from '../model/settings.ts';
import { isBaseline, lookOf, unreachableSince } from '../model/status.ts';
import { Status } from '../table/Cell.tsx';
import { Button, Icon, IconButton, Tabs } from '../ui/index.tsx';
import { CurveTab } from './CurveTab.tsx';
import { LogTab } from './LogTab.tsx';
import { RunsTab } from './RunsTab.tsx';

/** Everything about one row: what it is, what can be done, its curves, logs and runs. */
export function Detail({ page, row }: { readonly page: Page; readonly row: LeaderboardRow }): JSX.Element {
  const { tab } = page.settings.value;
  const [logRun, setLogRun] = useState<string | undefined>(undefined);
  const shownRun = row.runs.find((run) => run.id === logRun) ?? defaultRun(row.runs);
  const pick = (id: Tab) => page.set({ tab: id });
  return (
    <section class="detail" aria-label={`Detail of ${isBaseline(row) ? 'the baseline' : ideaText(row)}`}>
      <DetailHeader page={page} row={row} />
      <Tabs
        label="Detail"
        value={tab}
        onPick={pick}
        tabs={[
          { id: 'curve', label: 'Curve' },
          { id: 'log', label: 'Log' },
          { id: 'runs', label: 'Runs', ...(row.runs.length > 0 ? { badge: String(row.runs.length) } : {}) },
        ]}
      />
      <div class="panel" role="tabpanel" id={`panel-${tab}`} aria-labelledby={`tab-${tab}`}>
        {tab === 'curve' ? <CurveTab key={row.key} page={page} row={row} /> : null}
        {tab === 'log' ? <LogTab key={row.key} page={page} row={row} run={shownRun} onPick={setLogRun} /> : null}
        {tab === 'runs' ? (
          <RunsTab
            page={page}
            row={row}
            onLog={(run) => {
              setLogRun(run);
              pick('log');
            }}
          />
        ) : null}
      </div>
    </section>
  );
}

/** The run a person most likely asks about: one that failed, else one that runs, else the first. */
function defaultRun(runs: readonly RunCell[]): RunCell | undefined {
  return (
    runs.find((run) => run.counts && lookOf(run.state).tone === 'bad') ??
    runs.find((run) => run.state === 'running') ??
    runs[0]
  );
}

function DetailHeader({ page, row }: { readonly page: Page; readonly row: LeaderboardRow }): JSX.Element {
  const away = unreachableSince(row);
  const { decimals } = page.context();
  const facts = [row.lane, row.move, row.kind, row.byHand ? 'by hand' : undefined].filter((each) => each !== undefined);
  return (
    <header class="detail-header">
      <div class="detail-title">
        <h2>
          {isBaseline(row) ? null : <span class="idea-number">{ideaText(row)}</span>}
          <bdi>{plain(row.title, 600)}</bdi>
        </h2>
        <IconButton icon="close" label="Close the detail (Escape)" onPress={() => page.select(undefined)} />
      </div>
      <div class="detail-facts">
        <Status row={row} />
        {row.objective ? <span class="fact-value">{valueText(row, decimals)}</span> : null}
        {row.delta === undefined || isBaseline(row) ? null : (
          <span class={`delta${row.improved ? ' improved' : ''}`}>{deltaText(row, decimals)}</span>
        )}
        {row.round === undefined ? null : <span class="fact">Round {row.round}</span>}
        {facts.map((fact) => (
          <span class="fact" key={fact}>
            {fact}
          </span>
        ))}
        <Parents page={page} row={row} />
      </div>
      {away === undefined ? null : (
        <p class="reason tone-attention">
          <Icon name="debug-disconnect" /> The box has not answered since {clock(away, page.now())}; what is shown is
          from then.
        </p>
      )}
      <DoubtLines row={row} />
      {row.reason && row.status !== 'flagged' ? (
        <p class={`reason tone-${lookOf(row.status).tone}`}>
          <bdi>{plain(row.reason, 2000)}</bdi>
        </p>
      ) : null}
      {row.hypothesis ? (
        <p class="hypothesis">
          <bdi>{plainLines(row.hypothesis)}</bdi>
        </p>
      ) : null}
      <div class="actions">
        {actionsFor(row).map((action) => (
          <Button key={action.label} icon={action.icon} primary={action.primary} onPress={() => page.run(action)}>
            {action.label}
          </Button>
        ))}
      </div>
    </header>
  );
}

/** Why a number is not believed at once, a line for each reason, and whether somebody vouched for it. */
function DoubtLines({ row }: { readonly row: LeaderboardRow }): JSX.Element | null {
  const doubt = doubtOf(row);
  if (!doubt) return null;
  const confirmed = doubt.state === 'confirmed';
  return (
    <div class={`doubt ${confirmed ? '' : 'tone-attention'}`}>
      <p>
        <Icon name={confirmed ? 'thumbsup' : 'warning'} /> {doubt.words}:
      </p>
      <ul>
        {doubt.reasons.map((reason) => (
          <li key={reason}>
            <bdi>{reason}</bdi>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Parents({ page, row }: { readonly page: Page; readonly row: LeaderboardRow }): JSX.Element | null {
  const parents = mainParents(row);
  if (parents.length === 0) return null;
  const { rows } = page.board.value;
  return (
    <span class="fact parents">
      from
      {parents.map((parent) => {
        const known = rows.get(parent);
        const name = candidateText(parent);
        return known ? (
          <button
            key={parent}
            type="button"
            class="link"
            title={known.title.slice(0, 300)}
            onClick={() => page.select(parent)}
          >
            {name}
          </button>
        ) : (
          <span key={parent}>{name}</span>
        );
      })}
    </span>
  );
}
