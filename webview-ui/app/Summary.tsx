import type { JSX } from 'preact';
import { deltaText, ideaText, valueText } from '../model/columns.ts';
import { number } from '../model/format.ts';
import { plain } from '../model/plain.ts';
import { Banner, Button, Icon } from '../ui/index.tsx';
import { command } from './commands.ts';
import type { Page } from './page.ts';

/** What is measured, against what, and how far it has come; the next step stands at the right. */
export function Summary({ page }: { readonly page: Page }): JSX.Element | null {
  const header = page.board.value.header;
  if (!header) return null;
  const best = page.best.value;
  const decimals = page.decimals.value;
  const baselines = page.baselines.value;
  const baseline = baselines[0];
  const round = header.rounds.at(-1);
  const improved = page.ideas.value.filter((row) => row.improved).length;
  return (
    <>
      <header class="summary">
        <div class="measure">
          <h1>
            <bdi>{plain(header.metric, 80)}</bdi>
          </h1>
          <span class="goal">
            <Icon name={header.goal === 'minimize' ? 'arrow-down' : 'arrow-up'} />
            {header.goal === 'minimize' ? 'lower is better' : 'higher is better'}
          </span>
        </div>
        <dl class="figures">
          <div>
            <dt>Baseline</dt>
            <dd>
              {baseline?.objective ? (
                <>
                  {number(baseline.objective.mean, decimals)}
                  <span class="spread">
                    {' ± '}
                    {number(baseline.objective.std, decimals)} ({baseline.objective.n})
                  </span>
                  {baselines.length > 1 ? <span class="spread"> and {baselines.length - 1} more</span> : null}
                </>
              ) : (
                'none yet'
              )}
            </dd>
          </div>
          {best ? (
            <div>
              <dt>Best</dt>
              <dd>
                <button
                  type="button"
                  class="link"
                  title={best.title.slice(0, 300)}
                  onClick={() => page.select(best.key)}
                >
                  {ideaText(best)}
                </button>{' '}
                {valueText({ ...best, objective: best.objective && { ...best.objective, n: 1 } }, decimals)}
                <span class={`delta${best.improved ? ' improved' : ''}`}>
                  {' '}
                  {deltaText({ ...best, sigmas: undefined }, decimals)}
                </span>
              </dd>
            </div>
          ) : null}
          <div class="detail-only">
            <dt>Improved</dt>
            <dd>{improved}</dd>
          </div>
          {round ? (
            <div>
              <dt>Round</dt>
              <dd>
                {round.number} <span class="spread">{round.state}</span>
              </dd>
            </div>
          ) : null}
          <div class="detail-only">
            <dt>Base</dt>
            <dd>
              <code>{header.baseCommit.slice(0, 7)}</code>
            </dd>
          </div>
        </dl>
        <div class="summary-actions">
          {baseline === undefined ? (
            <Button icon="play" primary onPress={() => command(page, 'runBaseline')}>
              Run Baseline
            </Button>
          ) : null}
          <Button icon="debug-continue" primary={baseline !== undefined} onPress={() => command(page, 'nextRound')}>
            Next Round
          </Button>
        </div>
      </header>
      {header.behind ? (
        <Banner
          tone="warning"
          action={
            <button type="button" class="link" onClick={() => command(page, 'newBase')}>
              New Base
            </button>
          }
        >
          The base is behind: HEAD or the environment has changed since. These results stay comparable with each other.
        </Banner>
      ) : null}
    </>
  );
}
