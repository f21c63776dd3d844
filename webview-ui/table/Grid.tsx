import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { LeaderboardRow } from '../../src/core/research/leaderboard-types.ts';
import type { Page } from '../app/page.ts';
import {
  type ColumnId,
  moveColumn,
  type PlacedColumn,
  placeColumns,
  resizeColumn,
  totalWidth,
} from '../model/columns.ts';
import { plural } from '../model/format.ts';
import { type Cell, gridMove, windowOf } from '../model/grid.ts';
import { groupLabel, type Item } from '../model/group.ts';
import { pressHeader } from '../model/sort.ts';
import { isBaseline } from '../model/status.ts';
import { Icon } from '../ui/index.tsx';
import { useFrame, useSize } from '../ui/use.ts';
import { CellContent } from './Cell.tsx';
import { HeaderRow } from './HeaderRow.tsx';

export const ROW = 24;
export const HEADER = 28;
const STEP = 16;

/** The cell that has, or last had, the focus; `turn` rises whenever it shall have it anew. */
interface Active {
  readonly line: string;
  readonly column: ColumnId;
  readonly turn: number;
}

/** The windowed table: only rows in view are in the DOM, one cell is a tab stop, the rest is arrows. */
export function Grid({ page, onOpen }: { readonly page: Page; readonly onOpen: () => void }): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const size = useSize(scroller);
  const [scroll, setScroll] = useState(page.settings.peek().scroll);
  const [active, setActive] = useState<Active>({ line: '', column: 'title', turn: 0 });
  // Keys may come faster than drawings: each starts from where the last one went, not from what is drawn.
  const latest = useRef(active);
  const activate = (line: string, column: ColumnId) => {
    latest.current = { line, column, turn: latest.current.turn + 1 };
    setActive(latest.current);
  };

  const settings = page.settings.value;
  const columns = placeColumns(settings.columns, size.width);
  const pinned = page.pinned.value;
  const items = page.items.value;
  const { rows } = page.board.value;
  page.tick.value;
  const context = page.context();
  const best = page.best.value?.key;
  const width = Math.max(totalWidth(columns), size.width);
  const top = HEADER + pinned.length * ROW;

  const lineKeys = ['header', ...pinned.map((row) => row.key), ...items.map((item) => item.key)];
  const cellOf = (of: Active): Cell => {
    const line = lineKeys.indexOf(of.line);
    // Nothing focused yet, or its row went: the tab stop is the selected row, else the first one.
    const selected = settings.selected === undefined ? -1 : lineKeys.indexOf(settings.selected);
    const fallback = Math.max(selected, Math.min(1, lineKeys.length - 1));
    const column = columns.findIndex((each) => each.id === of.column);
    return { line: line >= 0 ? line : fallback, column: Math.max(0, column) };
  };
  const at = cellOf(active);

  const view = windowOf(scroll, Math.max(0, size.height - top), ROW, items.length);
  const drawn = [...Array(view.count).keys()].map((offset) => view.first + offset);
  const activeItem = at.line - 1 - pinned.length;
  // The focused row stays in the DOM when it is scrolled away, or the focus would be lost with it.
  if (activeItem >= 0 && activeItem < items.length && !drawn.includes(activeItem)) drawn.push(activeItem);

  const keepScroll = useFrame(() => {
    if (scroller.current) page.set({ scroll: scroller.current.scrollTop });
  });
  useLayoutEffect(() => {
    if (scroller.current && size.height > 0) scroller.current.scrollTop = page.settings.peek().scroll;
  }, [size.height > 0]);

  useLayoutEffect(() => {
    if (active.turn > 0) scroller.current?.querySelector<HTMLElement>('[data-active]')?.focus({ preventScroll: true });
  }, [active.turn]);

  const goTo = (to: Cell) => {
    const key = lineKeys[to.line];
    const id = columns[to.column]?.id;
    if (key === undefined || id === undefined) return;
    activate(key, id);
    reveal(scroller.current, to.line - 1 - pinned.length, top, columns, to.column);
  };

  const onKey = (event: KeyboardEvent) => {
    const from = cellOf(latest.current);
    const stroke = { key: event.key, ctrl: event.ctrlKey || event.metaKey, shift: event.shiftKey, alt: event.altKey };
    const pageLines = Math.max(1, Math.floor((size.height - top) / ROW) - 1);
    const move = gridMove(from, stroke, { lines: lineKeys.length, columns: columns.length, page: pageLines });
    if (!move) return;
    event.preventDefault();
    const id = columns[from.column]?.id ?? 'title';
    const key = lineKeys[from.line] ?? 'header';
    if (move.kind === 'move') goTo(move.to);
    else if (move.kind === 'shift-column') {
      page.set({ columns: moveColumn(settings.columns, id, move.by) });
      activate(key, id);
    } else if (move.kind === 'resize-column') {
      const now = columns[from.column]?.width ?? 100;
      page.set({ columns: resizeColumn(settings.columns, id, now + move.by * STEP) });
    } else {
      const open = move.kind === 'open';
      press(page, key, id, items, open && move.add, open ? onOpen : undefined);
    }
  };

  const onPress = (key: string, id: ColumnId, event: MouseEvent, open: boolean) => {
    activate(key, id);
    press(page, key, id, items, event.shiftKey, open ? onOpen : undefined);
  };

  const rowProps = (each: LeaderboardRow) => ({
    row: each,
    columns,
    context,
    best: each.key === best,
    selected: each.key === settings.selected,
    onPress,
  });

  return (
    <div
      class="grid-scroll"
      ref={scroller}
      onScroll={(event) => {
        setScroll(event.currentTarget.scrollTop);
        keepScroll();
      }}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: a windowed grid cannot be a table element */}
      <div
        role="grid"
        class="grid"
        aria-label="Leaderboard"
        aria-rowcount={lineKeys.length}
        aria-colcount={columns.length}
        style={{ width: `${width}px` }}
        onKeyDown={onKey}
      >
        {/* biome-ignore lint/a11y/useSemanticElements: rows are placed by hand */}
        <div role="rowgroup" class="grid-top">
          <HeaderRow
            page={page}
            columns={columns}
            active={at.line === 0 ? columns[at.column]?.id : undefined}
            onPress={(id, event) => onPress('header', id, event, false)}
          />
          {pinned.map((each, index) => (
            <Row
              key={each.key}
              {...rowProps(each)}
              index={index + 2}
              top={undefined}
              active={at.line === index + 1 ? columns[at.column]?.id : undefined}
            />
          ))}
        </div>
        {/* biome-ignore lint/a11y/useSemanticElements: rows are placed by hand */}
        <div role="rowgroup" class="grid-body" style={{ height: `${items.length * ROW}px` }}>
          {drawn.map((number) => {
            const item = items[number];
            if (!item) return null;
            const place = { index: number + 2 + pinned.length, top: number * ROW };
            const here = number === activeItem ? columns[at.column]?.id : undefined;
            if (item.kind === 'group') {
              return (
                <GroupRow
                  key={item.key}
                  item={item}
                  label={groupLabel(item.group, settings.grouping, rows)}
                  span={columns.length}
                  active={here !== undefined}
                  onPress={(event) => onPress(item.key, columns[at.column]?.id ?? 'title', event, false)}
                  {...place}
                />
              );
            }
            const row = rows.get(item.key);
            return row ? <Row key={item.key} {...rowProps(row)} {...place} active={here} /> : null;
          })}
        </div>
      </div>
    </div>
  );
}

/** What a press (or Space, or Enter) on a line does. */
function press(
  page: Page,
  key: string,
  column: ColumnId,
  items: readonly Item[],
  add: boolean,
  open: (() => void) | undefined,
): void {
  const settings = page.settings.peek();
  if (key === 'header') {
    page.set({ sort: pressHeader(settings.sort, column, add) });
    return;
  }
  const group = items.find((item) => item.kind === 'group' && item.key === key);
  if (group) {
    const closed = settings.closed.includes(key)
      ? settings.closed.filter((each) => each !== key)
      : [...settings.closed, key];
    page.set({ closed });
    return;
  }
  page.select(key);
  open?.();
}

/** Scrolls so that a cell is in view, below the pinned rows and right of the sticky columns. */
function reveal(
  scroller: HTMLElement | null,
  item: number,
  top: number,
  columns: readonly PlacedColumn[],
  column: number,
): void {
  if (!scroller) return;
  if (item >= 0) {
    const inside = scroller.clientHeight - top;
    if (item * ROW < scroller.scrollTop) scroller.scrollTop = item * ROW;
    else if ((item + 1) * ROW > scroller.scrollTop + inside) scroller.scrollTop = (item + 1) * ROW - inside;
  }
  const cell = columns[column];
  if (!cell || cell.sticky) return;
  const stuck = columns.filter((each) => each.sticky).reduce((sum, each) => sum + each.width, 0);
  if (cell.left < scroller.scrollLeft + stuck) scroller.scrollLeft = cell.left - stuck;
  else if (cell.left + cell.width > scroller.scrollLeft + scroller.clientWidth) {
    scroller.scrollLeft = cell.left + cell.width - scroller.clientWidth;
  }
}

interface RowProps {
  readonly row: LeaderboardRow;
  readonly columns: readonly PlacedColumn[];
  readonly context: Parameters<typeof CellContent>[0]['context'];
  readonly best: boolean;
  readonly selected: boolean;
  readonly index: number;
  readonly top: number | undefined;
  readonly active: ColumnId | undefined;
  readonly onPress: (key: string, column: ColumnId, event: MouseEvent, open: boolean) => void;
}

function Row(props: RowProps): JSX.Element {
  const { row, columns, context, best, selected, index, top, active, onPress } = props;
  const menu = JSON.stringify({ webviewSection: 'row', idea: row.idea, candidate: row.candidate });
  return (
    // biome-ignore lint/a11y/useSemanticElements: a windowed grid cannot be a table element
    // biome-ignore lint/a11y/useFocusableInteractive: its cells are what is focused
    <div
      role="row"
      class={`row${selected ? ' selected' : ''}${isBaseline(row) ? ' baseline' : ''}${top === undefined ? ' pinned' : ''}`}
      aria-rowindex={index}
      aria-selected={selected}
      data-key={row.key}
      data-vscode-context={menu}
      style={top === undefined ? undefined : { top: `${top}px` }}
    >
      {columns.map((column, place) => (
        // biome-ignore lint/a11y/useSemanticElements: a windowed grid cannot be a table element
        // biome-ignore lint/a11y/useKeyWithClickEvents: the grid hears the keys
        <div
          key={column.id}
          role="gridcell"
          aria-colindex={place + 1}
          data-column={column.id}
          data-active={active === column.id ? '' : undefined}
          tabIndex={active === column.id ? 0 : -1}
          class={`cell align-${column.align}${column.sticky ? ' sticky' : ''}${isLastSticky(columns, place) ? ' last-sticky' : ''}`}
          style={{ width: `${column.width}px`, left: column.sticky ? `${column.left}px` : undefined }}
          title={tooltip(column.id, row)}
          onClick={(event) => onPress(row.key, column.id, event, false)}
          onDblClick={(event) => onPress(row.key, column.id, event, true)}
        >
          <CellContent column={column.id} row={row} context={context} best={best} />
        </div>
      ))}
    </div>
  );
}

export function isLastSticky(columns: readonly PlacedColumn[], place: number): boolean {
  return (columns[place]?.sticky ?? false) && !columns[place + 1]?.sticky;
}

function tooltip(column: ColumnId, row: LeaderboardRow): string | undefined {
  if (column === 'title') return row.title.slice(0, 500);
  return column === 'status' ? row.reason?.slice(0, 500) : undefined;
}

function GroupRow(props: {
  readonly item: Item & { readonly kind: 'group' };
  readonly label: string;
  readonly span: number;
  readonly index: number;
  readonly top: number;
  readonly active: boolean;
  readonly onPress: (event: MouseEvent) => void;
}): JSX.Element {
  const { item } = props;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a windowed grid cannot be a table element
    // biome-ignore lint/a11y/useFocusableInteractive: its cell is what is focused
    <div
      role="row"
      class="row group"
      aria-rowindex={props.index}
      aria-expanded={item.open}
      data-key={item.key}
      style={{ top: `${props.top}px` }}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: a windowed grid cannot be a table element */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the grid hears the keys */}
      <div
        role="gridcell"
        class="group-cell"
        aria-colspan={props.span}
        aria-colindex={1}
        data-active={props.active ? '' : undefined}
        tabIndex={props.active ? 0 : -1}
        onClick={props.onPress}
      >
        <Icon name={item.open ? 'chevron-down' : 'chevron-right'} />
        <bdi class="group-label">{props.label}</bdi>
        <span class="badge">{plural(item.size, 'row')}</span>
      </div>
    </div>
  );
}
