import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { Page } from '../app/page.ts';
import { COLUMN_IDS, type ColumnId, isColumnId, type PlacedColumn, resizeColumn } from '../model/columns.ts';
import { Icon } from '../ui/index.tsx';
import { isLastSticky } from './Grid.tsx';

export interface HeaderProps {
  readonly page: Page;
  readonly columns: readonly PlacedColumn[];
  readonly active: ColumnId | undefined;
  readonly onPress: (column: ColumnId, event: MouseEvent) => void;
}

/** Press to sort, Shift and press to sort by one more; drag to move; drag the edge to resize. */
export function HeaderRow({ page, columns, active, onPress }: HeaderProps): JSX.Element {
  const settings = page.settings.value;
  const goal = page.board.value.header?.goal;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a windowed grid cannot be a table element
    // biome-ignore lint/a11y/useFocusableInteractive: its cells are what is focused
    <div role="row" class="row header" aria-rowindex={1}>
      {columns.map((column, place) => {
        const at = settings.sort.findIndex((key) => key.column === column.id);
        const key = settings.sort[at];
        const measure = column.id === 'value' || column.id === 'delta';
        const falling = key !== undefined && key.reversed !== (measure && goal === 'maximize');
        const metric = column.id === 'value' ? page.board.value.header?.metric : undefined;
        return (
          // biome-ignore lint/a11y/useSemanticElements: a windowed grid cannot be a table element
          // biome-ignore lint/a11y/useKeyWithClickEvents: the grid hears the keys
          <div
            key={column.id}
            role="columnheader"
            aria-colindex={place + 1}
            aria-sort={key === undefined ? undefined : falling ? 'descending' : 'ascending'}
            data-column={column.id}
            data-active={active === column.id ? '' : undefined}
            tabIndex={active === column.id ? 0 : -1}
            class={`cell head align-${column.align}${column.sticky ? ' sticky' : ''}${isLastSticky(columns, place) ? ' last-sticky' : ''}`}
            style={{ width: `${column.width}px`, left: column.sticky ? `${column.left}px` : undefined }}
            title={column.about}
            draggable
            onClick={(event) => onPress(column.id, event)}
            onDragStart={(event) => event.dataTransfer?.setData('text/x-column', column.id)}
            onDragOver={(event) => {
              if (event.dataTransfer?.types.includes('text/x-column')) event.preventDefault();
            }}
            onDrop={(event) => {
              const dragged = event.dataTransfer?.getData('text/x-column');
              if (isColumnId(dragged)) dropOn(page, dragged, column.id);
            }}
          >
            <span class="head-words">{metric ?? column.title}</span>
            {key === undefined ? null : (
              <span class="sort-mark">
                <Icon name={falling ? 'arrow-down' : 'arrow-up'} />
                {settings.sort.length > 1 ? <sub>{at + 1}</sub> : null}
              </span>
            )}
            <Resizer page={page} column={column} />
          </div>
        );
      })}
    </div>
  );
}

function dropOn(page: Page, dragged: ColumnId, target: ColumnId): void {
  const { columns } = page.settings.peek();
  const all = [...columns.order, ...COLUMN_IDS.filter((id) => !columns.order.includes(id))];
  const forward = all.indexOf(dragged) < all.indexOf(target);
  const order = all.filter((id) => id !== dragged);
  order.splice(order.indexOf(target) + (forward ? 1 : 0), 0, dragged);
  if (dragged !== target) page.set({ columns: { ...columns, order } });
}

/** The header's right edge. The keyboard's way to the same is Alt+Shift with an arrow. */
function Resizer({ page, column }: { readonly page: Page; readonly column: PlacedColumn }): JSX.Element {
  const start = useRef<{ readonly x: number; readonly width: number } | undefined>(undefined);
  return (
    <span
      class="resizer"
      aria-hidden="true"
      draggable
      onDragStart={(event) => {
        event.preventDefault();
        event.stopPropagation();
      }}
      onClick={(event) => event.stopPropagation()}
      onDblClick={() => {
        const { columns } = page.settings.peek();
        const { [column.id]: _, ...widths } = columns.widths;
        page.set({ columns: { ...columns, widths } });
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { x: event.clientX, width: column.width };
      }}
      onPointerMove={(event) => {
        if (!start.current) return;
        const width = start.current.width + event.clientX - start.current.x;
        page.set({ columns: resizeColumn(page.settings.peek().columns, column.id, width) });
      }}
      onPointerUp={() => {
        start.current = undefined;
      }}
    />
  );
}
