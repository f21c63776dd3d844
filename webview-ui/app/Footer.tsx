import type { JSX } from 'preact';
import { clock, plural } from '../model/format.ts';
import { isBaseline, isLive } from '../model/status.ts';
import { Icon } from '../ui/index.tsx';
import type { Page } from './page.ts';

/** How much there is, how much of it runs, and how old it is. */
export function Footer({ page }: { readonly page: Page }): JSX.Element {
  const ideas = page.ideas.value.filter((row) => !isBaseline(row));
  const shown = page.shown.value.places.length;
  const running = [...page.board.value.rows.values()]
    .flatMap((row) => row.runs)
    .filter((run) => isLive(run.state)).length;
  const filtered = !page.filter.value.empty;
  return (
    <footer class="footer">
      <span>{filtered ? `${shown} of ${plural(ideas.length, 'idea')}` : plural(ideas.length, 'idea')}</span>
      {running > 0 ? (
        <span class="tone-live">
          <Icon name="pulse" /> {plural(running, 'run')} live
        </span>
      ) : null}
      <span class="said" role="status">
        {page.said.value}
      </span>
      <span class="age">as of {clock(page.board.value.at, page.now())}</span>
    </footer>
  );
}
