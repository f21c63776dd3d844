import type { JSX } from 'preact';
import type { LeaderboardRow, RunCell } from '../../src/core/research/leaderboard-types.ts';
import type { Page } from '../app/page.ts';
import { canConfirm, doubtOfRun, doubtText, isDoubted } from '../model/doubt.ts';
import { clock, duration, NONE, number } from '../model/format.ts';
import { plain } from '../model/plain.ts';
import { isLive, lookOf } from '../model/status.ts';
import { SourceMark } from '../table/Marks.tsx';
import { Icon, IconButton } from '../ui/index.tsx';
import { Empty } from './Empty.tsx';

/** Each run of a row: seed, state, box, value, time, exit, and what there is to say of it. */
export function RunsTab(props: {
  readonly page: Page;
  readonly row: LeaderboardRow;
  readonly onLog: (run: string) => void;
}): JSX.Element {
  const { page, row, onLog } = props;
  page.tick.value;
  if (row.runs.length === 0) return <Empty icon="server-process">It has not run yet.</Empty>;
  return (
    <div class="runs">
      <table>
        <thead>
          <tr>
            <th class="end">Seed</th>
            <th>State</th>
            <th>Box</th>
            <th class="end">{page.board.value.header?.metric ?? 'Value'}</th>
            <th class="end">Elapsed</th>
            <th class="end">Exit</th>
            <th class="run-end">
              <span class="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        {row.runs.map((run) => (
          <RunLines key={run.id} page={page} run={run} onLog={onLog} />
        ))}
      </table>
    </div>
  );
}

const COLUMNS = 7;

/** One run, and below it what there is to say about it: a pane is often too narrow for words beside the numbers. */
function RunLines(props: {
  readonly page: Page;
  readonly run: RunCell;
  readonly onLog: (run: string) => void;
}): JSX.Element {
  const { page, run, onLog } = props;
  const words = note(run, page);
  return (
    <tbody class={run.counts ? undefined : 'muted'}>
      <tr>
        <td class="end">
          {run.seed}
          {run.attempt > 1 ? <span class="spread"> ({run.attempt}.)</span> : null}
        </td>
        <td>
          <RunState run={run} />
        </td>
        <td>
          <bdi>{plain(run.box ?? NONE)}</bdi>
        </td>
        <td class="end">
          {runValue(run, page)}
          {run.value === undefined ? null : <SourceMark verified={run.verified} />}
        </td>
        <td class="end">{elapsed(run, page)}</td>
        <td class="end">{run.exitCode ?? NONE}</td>
        <td class="run-end">
          <div class="run-actions">
            {canConfirm(run) ? (
              <IconButton
                icon="thumbsup"
                label={`Confirm the result of seed ${run.seed}`}
                onPress={() => page.host.send({ type: 'command', command: 'confirmResult', run: run.id })}
              />
            ) : null}
            <IconButton icon="output" label={`Log of seed ${run.seed}`} onPress={() => onLog(run.id)} />
            {isLive(run.state) ? (
              <IconButton
                icon="debug-stop"
                label={`Cancel seed ${run.seed}`}
                onPress={() => page.host.send({ type: 'command', command: 'cancelRun', run: run.id })}
              />
            ) : (
              <IconButton
                icon="sync"
                label={`Replicate seed ${run.seed}`}
                onPress={() => page.host.send({ type: 'command', command: 'replicateRun', run: run.id })}
              />
            )}
          </div>
        </td>
      </tr>
      {words === '' ? null : (
        <tr class="run-note">
          <td colSpan={COLUMNS}>
            <div class="note">
              {isDoubted(run) ? (
                <span class="tone-attention">
                  <Icon name="warning" />{' '}
                </span>
              ) : null}
              <bdi>{words}</bdi>
            </div>
          </td>
        </tr>
      )}
    </tbody>
  );
}

function RunState({ run }: { readonly run: RunCell }): JSX.Element {
  const look = lookOf(run.state);
  return (
    <span class={`status tone-${look.tone}`}>
      <Icon name={look.icon} spin={look.spins} />
      <span class="status-words">{look.words}</span>
    </span>
  );
}

function runValue(run: RunCell, page: Page): string {
  const { decimals } = page.context();
  if (run.value !== undefined) return number(run.value, decimals);
  return run.lastMetric ? `${number(run.lastMetric.value, decimals)} so far` : NONE;
}

function elapsed(run: RunCell, page: Page): string {
  if (run.startedAt === undefined) return NONE;
  return duration((run.endedAt ?? page.now()) - run.startedAt);
}

function note(run: RunCell, page: Page): string {
  const doubt = doubtOfRun(run);
  const notes = [
    run.reason === undefined ? undefined : plain(run.reason, 300),
    run.counts ? undefined : 'another attempt counts',
    doubt === undefined ? undefined : doubtText(doubt),
    run.unreachableSince === undefined ? undefined : `no answer since ${clock(run.unreachableSince, page.now())}`,
    run.purpose === 'trial' || run.purpose === 'baseline' ? undefined : run.purpose,
  ];
  return notes.filter((each) => each !== undefined).join('; ');
}
