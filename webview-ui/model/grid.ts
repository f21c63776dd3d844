/** Where the keyboard stands in the grid: line 0 is the header, then the pinned rows, then the body. */
export interface Cell {
  readonly line: number;
  readonly column: number;
}

export interface GridSize {
  readonly lines: number;
  readonly columns: number;
  /** Lines a page key moves by. */
  readonly page: number;
}

export interface Stroke {
  readonly key: string;
  readonly ctrl: boolean;
  readonly shift: boolean;
  readonly alt: boolean;
}

export type GridMove =
  | { readonly kind: 'move'; readonly to: Cell }
  | { readonly kind: 'select' }
  | { readonly kind: 'open'; readonly add: boolean }
  | { readonly kind: 'shift-column'; readonly by: -1 | 1 }
  | { readonly kind: 'resize-column'; readonly by: -1 | 1 };

/** What a key does in the grid; undefined for a key that is not the grid's. */
export function gridMove(at: Cell, stroke: Stroke, size: GridSize): GridMove | undefined {
  const last = Math.max(0, size.lines - 1);
  const end = Math.max(0, size.columns - 1);
  const go = (line: number, column: number): GridMove => ({
    kind: 'move',
    to: { line: Math.max(0, Math.min(last, line)), column: Math.max(0, Math.min(end, column)) },
  });
  if (stroke.alt) {
    const by = stroke.key === 'ArrowLeft' ? -1 : stroke.key === 'ArrowRight' ? 1 : undefined;
    if (by === undefined) return undefined;
    return { kind: stroke.shift ? 'resize-column' : 'shift-column', by };
  }
  switch (stroke.key) {
    case 'ArrowUp':
      return go(at.line - 1, at.column);
    case 'ArrowDown':
      return go(at.line + 1, at.column);
    case 'ArrowLeft':
      return go(at.line, at.column - 1);
    case 'ArrowRight':
      return go(at.line, at.column + 1);
    case 'Home':
      return stroke.ctrl ? go(0, at.column) : go(at.line, 0);
    case 'End':
      return stroke.ctrl ? go(last, at.column) : go(at.line, end);
    case 'PageUp':
      return go(at.line - size.page, at.column);
    case 'PageDown':
      return go(at.line + size.page, at.column);
    case ' ':
      return { kind: 'select' };
    case 'Enter':
      return { kind: 'open', add: stroke.shift };
    default:
      return undefined;
  }
}

/** The keys as the sheet behind `?` shows them. */
export const KEY_SHEET: readonly { readonly keys: readonly string[]; readonly does: string }[] = [
  { keys: ['↑', '↓', '←', '→'], does: 'Move between cells' },
  { keys: ['Home', 'End'], does: 'First or last cell of the row' },
  { keys: ['Ctrl+Home', 'Ctrl+End'], does: 'First or last row' },
  { keys: ['PgUp', 'PgDn'], does: 'One page up or down' },
  { keys: ['Space'], does: 'Select the row' },
  { keys: ['Enter'], does: 'Open the row’s detail; on a header: sort; on a group: fold' },
  { keys: ['Shift+Enter'], does: 'On a header: sort by this column too' },
  { keys: ['Alt+←', 'Alt+→'], does: 'Move the column' },
  { keys: ['Alt+Shift+←', 'Alt+Shift+→'], does: 'Make the column narrower or wider' },
  { keys: ['/'], does: 'Go to the filter' },
  { keys: ['R'], does: 'Re-sort with the new results' },
  { keys: ['L'], does: 'Lineage, or back to the table' },
  { keys: ['Esc'], does: 'Back to the table; again: close the detail' },
  { keys: ['Ctrl+F'], does: 'Search the log, while it is open' },
  { keys: ['?'], does: 'This sheet' },
];

/** First line and number of lines to draw: those in view and a few either side. */
export function windowOf(
  scroll: number,
  viewport: number,
  rowHeight: number,
  total: number,
  spare = 6,
): { readonly first: number; readonly count: number } {
  const first = Math.max(0, Math.min(total, Math.floor(scroll / rowHeight)) - spare);
  const past = Math.min(total, Math.ceil((scroll + viewport) / rowHeight) + spare);
  return { first, count: Math.max(0, past - first) };
}
