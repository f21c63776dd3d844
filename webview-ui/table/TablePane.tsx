import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { Page } from '../app/page.ts';
import { plural } from '../model/format.ts';
import { Icon } from '../ui/index.tsx';
import { Grid } from './Grid.tsx';

/** The grid, the pill that offers to re-sort it, and what is said where the filter leaves nothing. */
export function TablePane({ page, onOpen }: { readonly page: Page; readonly onOpen: () => void }): JSX.Element {
  const pane = useRef<HTMLDivElement>(null);
  const inside = useRef({ pointer: false, focus: false });
  const hold = (change: Partial<{ pointer: boolean; focus: boolean }>) => {
    Object.assign(inside.current, change);
    page.held.value = inside.current.pointer || inside.current.focus;
  };
  const { news } = page.shown.value;
  const nothing = page.items.value.length === 0 && page.ideas.value.length > 0;
  return (
    <div
      class="table-pane"
      ref={pane}
      onPointerEnter={() => hold({ pointer: true })}
      onPointerLeave={() => hold({ pointer: false })}
      onFocusIn={() => hold({ focus: true })}
      onFocusOut={(event) => {
        if (!pane.current?.contains(event.relatedTarget as Node | null)) hold({ focus: false });
      }}
    >
      <Grid page={page} onOpen={onOpen} />
      {nothing ? (
        <div class="nothing">
          <p>No row matches the filter.</p>
          <button type="button" class="link" onClick={() => page.set({ filter: '' })}>
            Clear the filter
          </button>
        </div>
      ) : null}
      {news > 0 ? (
        <button type="button" class="pill" onClick={() => page.resort()}>
          <Icon name="sync" />
          {plural(news, 'new result')}: re-sort
        </button>
      ) : null}
    </div>
  );
}
