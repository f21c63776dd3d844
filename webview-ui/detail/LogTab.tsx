import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { LeaderboardRow, RunCell } from '../../src/core/research/leaderboard-types.ts';
import type { Page } from '../app/page.ts';
import { bytes, count, plural } from '../model/format.ts';
import { lookOf } from '../model/status.ts';
import { Icon, IconButton, Select, TextField } from '../ui/index.tsx';
import { Empty, Failed } from './Empty.tsx';
import { LogLines } from './LogLines.tsx';
import { useLog, useLogSearch } from './use-log.ts';

/** One run's log: lines asked for as they come into view, following its end, with a search that the host does. */
export function LogTab(props: {
  readonly page: Page;
  readonly row: LeaderboardRow;
  readonly run: RunCell | undefined;
  readonly onPick: (run: string) => void;
}): JSX.Element {
  const { page, row, run, onPick } = props;
  if (!run) return <Empty icon="output">There is no log before it runs.</Empty>;
  return (
    <div class="log">
      <LogOf
        key={run.id}
        page={page}
        run={run}
        picker={
          row.runs.length > 1 ? (
            <Select
              label="Run"
              class="run-picker"
              value={run.id}
              options={row.runs.map((each) => ({
                value: each.id,
                label: `Seed ${each.seed}${each.attempt > 1 ? ` (${each.attempt}.)` : ''}: ${lookOf(each.state).words}`,
              }))}
              onPick={onPick}
            />
          ) : null
        }
      />
    </div>
  );
}

function LogOf(props: {
  readonly page: Page;
  readonly run: RunCell;
  readonly picker: JSX.Element | null;
}): JSX.Element {
  const { page, run, picker } = props;
  const log = useLog(page, run.id);
  const [follow, setFollow] = useState(true);
  const search = useLogSearch(page, run.id, log.total);
  const goTo = (line: number | undefined) => {
    if (line === undefined) return;
    setFollow(false);
    log.reveal(line);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Enter') {
      event.preventDefault();
      goTo(search.step(event.shiftKey ? -1 : 1));
    } else if (event.key === 'Escape' && search.text !== '') {
      event.stopPropagation();
      search.setText('');
    }
  };
  const found = search.matches;
  const place =
    found === undefined
      ? ''
      : found.lines.length === 0
        ? 'No match'
        : `${search.at + 1} of ${count(found.lines.length)}${found.truncated ? '+' : ''}`;
  return (
    <>
      <div class="log-bar">
        {picker}
        <TextField
          class="log-search"
          label="Search the log"
          placeholder="Search"
          icon="search"
          value={search.text}
          onInput={(text) => search.setText(text, (line) => goTo(line))}
          onKey={onKey}
        />
        <span
          class="log-matches"
          role="status"
          title={found?.truncated ? 'There are more; these are the first' : undefined}
        >
          {search.error ?? place}
        </span>
        <IconButton
          icon="arrow-up"
          label="Previous match (Shift+Enter)"
          disabled={!found?.lines.length}
          onPress={() => goTo(search.step(-1))}
        />
        <IconButton
          icon="arrow-down"
          label="Next match (Enter)"
          disabled={!found?.lines.length}
          onPress={() => goTo(search.step(1))}
        />
        <IconButton
          icon="arrow-circle-down"
          label="Follow the end of the log"
          pressed={follow}
          onPress={() => setFollow(!follow)}
        />
      </div>
      {log.error !== undefined && log.total === 0 ? (
        <Failed message={log.error} onRetry={log.retry} />
      ) : log.total === 0 ? (
        <Empty icon={log.loading ? 'loading' : 'output'} spin={log.loading}>
          {log.loading ? 'Loading the log' : log.live ? 'Nothing printed yet.' : 'It printed nothing.'}
        </Empty>
      ) : (
        <LogLines
          log={log}
          follow={follow}
          onLeave={() => setFollow(false)}
          onEnd={() => setFollow(true)}
          search={search.matches ? search.text : ''}
          current={search.current}
          label={`Log of seed ${run.seed}`}
        />
      )}
      <div class="log-foot">
        <span>
          {plural(log.total, 'line')}, {bytes(log.bytes)}
        </span>
        <span class={log.live ? 'tone-live' : undefined}>
          {log.live ? <Icon name="circle-filled" /> : null}
          {log.live ? 'live' : 'ended'}
        </span>
        {log.error === undefined || log.total === 0 ? null : (
          <span class="tone-bad">
            {log.error}{' '}
            <button type="button" class="link" onClick={log.retry}>
              Try again
            </button>
          </span>
        )}
      </div>
    </>
  );
}
