import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Detail } from '../detail/Detail.tsx';
import { LineageView } from '../lineage/LineageView.tsx';
import { TablePane } from '../table/TablePane.tsx';
import { useSize } from '../ui/use.ts';
import { Footer } from './Footer.tsx';
import { KeySheet } from './KeySheet.tsx';
import { EmptyBoard, Loading, NoticeBanner } from './Notices.tsx';
import type { Page } from './page.ts';
import { Splitter } from './Splitter.tsx';
import { Summary } from './Summary.tsx';
import { Toolbar } from './Toolbar.tsx';

/** Beside each other where both have room, else one above the other. */
const BESIDE = 960;

/** The page: summary and toolbar, the table or the lineage, and the detail of the selected row. */
export function App({ page }: { readonly page: Page }): JSX.Element {
  const root = useRef<HTMLDivElement>(null);
  const size = useSize(root);
  const [sheet, setSheet] = useState(false);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => onKey(event, page, root.current, setSheet);
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, [page]);
  const phase = page.phase.value;
  const board = page.board.value;
  const empty = board.header === null || board.rows.size === 0;
  const body =
    phase !== 'ready' ? (
      <Loading page={page} />
    ) : empty ? (
      <EmptyBoard page={page} />
    ) : (
      <Board page={page} width={size.width} />
    );
  return (
    <div class={`app${size.width > 0 && size.width < 640 ? ' narrow' : ''}`} ref={root}>
      {phase === 'ready' && !empty ? (
        <>
          <Summary page={page} />
          <NoticeBanner page={page} />
          <Toolbar page={page} onKeys={() => setSheet(true)} />
        </>
      ) : null}
      {body}
      {phase === 'ready' && !empty ? <Footer page={page} /> : null}
      {sheet ? <KeySheet onClose={() => setSheet(false)} /> : null}
    </div>
  );
}

function Board({ page, width }: { readonly page: Page; readonly width: number }): JSX.Element {
  const row = page.selected.value;
  const { view, split: splitBeside, splitStacked } = page.settings.value;
  const beside = width >= BESIDE;
  const split = beside ? splitBeside : splitStacked;
  const area = useRef<HTMLDivElement>(null);
  const openDetail = () => {
    // The detail may only now be drawn.
    requestAnimationFrame(() =>
      area.current?.querySelector<HTMLElement>('.detail [role="tab"][tabindex="0"]')?.focus(),
    );
  };
  const share = `${(split * 100).toFixed(2)}%`;
  return (
    <main class={`board ${beside ? 'beside' : 'stacked'}`} ref={area}>
      {view === 'table' ? (
        <TablePane page={page} onOpen={openDetail} />
      ) : (
        <LineageView page={page} onOpen={openDetail} />
      )}
      {row ? (
        <>
          <Splitter
            beside={beside}
            split={split}
            area={area}
            onMove={(to) => {
              const kept = Math.max(0.15, Math.min(0.85, to));
              page.set(beside ? { split: kept } : { splitStacked: kept });
            }}
          />
          <div class="detail-pane" style={{ flexBasis: share }}>
            <Detail page={page} row={row} />
          </div>
        </>
      ) : null}
    </main>
  );
}

function isTyping(event: KeyboardEvent): boolean {
  return event
    .composedPath()
    .some(
      (target) =>
        target instanceof HTMLElement &&
        (target.isContentEditable ||
          /^(INPUT|TEXTAREA|SELECT|VSCODE-TEXTFIELD|VSCODE-SINGLE-SELECT)$/.test(target.tagName)),
    );
}

/** Keys that mean the same wherever the focus is. */
function onKey(event: KeyboardEvent, page: Page, root: HTMLElement | null, setSheet: (open: boolean) => void): void {
  const focus = (selector: string) => root?.querySelector<HTMLElement>(selector)?.focus();
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'f' && root?.querySelector('.log-search')) {
    event.preventDefault();
    focus('.log-search');
    return;
  }
  if (event.key === 'Escape' && !event.defaultPrevented) {
    const inDetail = event
      .composedPath()
      .some((target) => target instanceof HTMLElement && target.matches('.detail-pane, .toolbar'));
    if (!inDetail) page.select(undefined);
    focus('.grid [data-active], .lineage [tabindex="0"]');
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
  const act: Readonly<Record<string, () => void>> = {
    '?': () => setSheet(true),
    '/': () => focus('.filter'),
    r: () => page.resort(),
    l: () => page.set({ view: page.settings.peek().view === 'table' ? 'lineage' : 'table' }),
  };
  const does = act[event.key.toLowerCase()];
  if (!does) return;
  event.preventDefault();
  does();
}
