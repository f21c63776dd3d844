import type { LeaderboardRow } from '../../src/core/research/leaderboard-types.ts';
import { duration, number, signed } from './format.ts';
import { plain } from './plain.ts';
import { boxesOf, isBaseline, isLive, lookOf, seedsOf } from './status.ts';

export const COLUMN_IDS = [
  'rank',
  'idea',
  'title',
  'status',
  'value',
  'delta',
  'spark',
  'round',
  'parents',
  'seeds',
  'elapsed',
  'box',
  'kind',
  'lane',
  'move',
  'class',
] as const;
export type ColumnId = (typeof COLUMN_IDS)[number];

export interface Column {
  readonly id: ColumnId;
  readonly title: string;
  /** What the header's tooltip and the column list say. */
  readonly about: string;
  readonly width: number;
  readonly align: 'start' | 'end';
  /** Stays at the left edge while the rest scrolls. */
  readonly sticky: boolean;
  readonly hidden: boolean;
  readonly sortable: boolean;
}

const column = (
  id: ColumnId,
  title: string,
  about: string,
  width: number,
  rest: Partial<Pick<Column, 'align' | 'sticky' | 'hidden' | 'sortable'>> = {},
): Column => ({ id, title, about, width, align: 'start', sticky: false, hidden: false, sortable: true, ...rest });

const ALL: readonly Column[] = [
  column('rank', 'Rank', 'Place within its comparison class', 66, { align: 'end', sticky: true }),
  column('idea', 'Idea', 'Number of the idea, and of its candidate', 66, { sticky: true }),
  column('title', 'Title', 'What the idea is', 236, { sticky: true }),
  column('status', 'Status', 'Where the newest run or the patch stands', 158),
  column('value', 'Value', 'Mean ± standard deviation of the objective (seeds)', 202, { align: 'end' }),
  column('delta', 'Δ baseline', 'Difference to the mean of the baseline, and in units of its spread', 162, {
    align: 'end',
  }),
  column('spark', 'Curve', 'The objective over the run', 92, { sortable: false }),
  column('round', 'Round', 'The round the idea belongs to', 62, { align: 'end' }),
  column('parents', 'Parents', 'The candidates the idea builds on', 104),
  column('seeds', 'Seeds', 'Seeds with a result, of those asked for', 84, { align: 'end' }),
  column('elapsed', 'Elapsed', 'Time since the first run started', 88, { align: 'end' }),
  column('box', 'Box', 'Where its runs are', 110),
  column('kind', 'Kind', 'Hyperparameter or algorithmic, decided from the patch', 112),
  column('lane', 'Lane', 'Who proposed the idea', 108),
  column('move', 'Move', 'How the search came to the idea', 88),
  column('class', 'Compared with', 'Runs on the same base and the same kind of GPU', 150, { hidden: true }),
];
const BY_ID: ReadonlyMap<ColumnId, Column> = new Map(ALL.map((each) => [each.id, each]));

export function columnOf(id: ColumnId): Column {
  const found = BY_ID.get(id);
  if (!found) throw new Error(`no column ${id}`);
  return found;
}

export function isColumnId(text: unknown): text is ColumnId {
  return typeof text === 'string' && BY_ID.has(text as ColumnId);
}

/** What a person chose of the columns; empty parts mean the default. */
export interface ColumnChoice {
  readonly order: readonly ColumnId[];
  readonly hidden: readonly ColumnId[];
  readonly widths: Readonly<Partial<Record<ColumnId, number>>>;
}

export const DEFAULT_COLUMNS: ColumnChoice = {
  order: COLUMN_IDS,
  hidden: ALL.filter((each) => each.hidden).map((each) => each.id),
  widths: {},
};

export const MIN_WIDTH = 40;
export const MAX_WIDTH = 900;

export interface PlacedColumn extends Column {
  /** Distance from the grid's left edge in pixels: where a sticky column stops. */
  readonly left: number;
}

/** Who has not chosen an order sees the number first where there is little room. */
function narrowOrder(available: number): readonly ColumnId[] {
  // The least that title and number need side by side: below it the number comes first.
  const first: readonly ColumnId[] =
    available < 400 ? ['rank', 'idea', 'value', 'title', 'delta'] : ['rank', 'idea', 'title', 'value', 'delta'];
  return [...first, ...COLUMN_IDS.filter((id) => !first.includes(id))];
}

/**
 * The columns to draw, left to right. On a narrow page only rank and idea stay in place, and the title is shorter,
 * so that there is room for the number.
 * @param available the grid's width in pixels
 */
export function placeColumns(choice: ColumnChoice, available: number): readonly PlacedColumn[] {
  const narrow = available > 0 && available < 640;
  const known = new Set(choice.order);
  const asBuilt = COLUMN_IDS.every((id, place) => choice.order[place] === id);
  const order =
    narrow && asBuilt ? narrowOrder(available) : [...choice.order, ...COLUMN_IDS.filter((id) => !known.has(id))];
  const shown = order.filter((id) => !choice.hidden.includes(id)).map(columnOf);
  const sticks = (each: Column) => each.sticky && !(narrow && each.id === 'title');
  // Sticky columns lead whatever the order says: one between others would slide over its neighbours.
  const sorted = [...shown.filter(sticks), ...shown.filter((each) => !sticks(each))];
  let left = 0;
  return sorted.map((each) => {
    const fallback = narrow ? narrowWidth(each) : each.width;
    const width = choice.widths[each.id] ?? fallback;
    const placed = { ...each, sticky: sticks(each), width, left };
    left += width;
    return placed;
  });
}

function narrowWidth(column: Column): number {
  const widths: Partial<Record<ColumnId, number>> = { rank: 62, idea: 56, title: 112, value: 188 };
  return widths[column.id] ?? column.width;
}

export function totalWidth(columns: readonly PlacedColumn[]): number {
  const last = columns.at(-1);
  return last ? last.left + last.width : 0;
}

/** Moves a column by one among the shown ones. */
export function moveColumn(choice: ColumnChoice, id: ColumnId, by: -1 | 1): ColumnChoice {
  const order = [...choice.order, ...COLUMN_IDS.filter((each) => !choice.order.includes(each))];
  const at = order.indexOf(id);
  let to = at + by;
  while (order[to] !== undefined && choice.hidden.includes(order[to] as ColumnId)) to += by;
  if (at < 0 || to < 0 || to >= order.length) return choice;
  order.splice(at, 1);
  order.splice(to, 0, id);
  return { ...choice, order };
}

/** Shows or hides a column; the title always stays. */
export function toggleColumn(choice: ColumnChoice, id: ColumnId): ColumnChoice {
  if (id === 'title') return choice;
  const hidden = choice.hidden.includes(id) ? choice.hidden.filter((each) => each !== id) : [...choice.hidden, id];
  return { ...choice, hidden };
}

export function resizeColumn(choice: ColumnChoice, id: ColumnId, width: number): ColumnChoice {
  const kept = Math.round(Math.max(MIN_WIDTH, Math.min(MAX_WIDTH, width)));
  return { ...choice, widths: { ...choice.widths, [id]: kept } };
}

/** What cells need beside their row. */
export interface CellContext {
  readonly decimals: number;
  /** The host's clock now, in milliseconds since 1970; only live rows read it. */
  readonly now: number;
}

/** How long a row took or has taken; a live one goes on. */
export function elapsedOf(row: LeaderboardRow, now: number): number | undefined {
  if (isLive(row.status) && row.startedAt !== undefined) return Math.max(0, now - row.startedAt);
  return row.elapsedMs;
}

export function ideaText(row: LeaderboardRow): string {
  return row.candidate === undefined ? '' : candidateText(row.candidate);
}

/** A candidate as it is named to a reader: the first one is the idea itself, later ones are its revisions. */
export function candidateText(candidate: string): string {
  return `#${candidate.replace(/\.1$/, '')}`;
}

export function valueText(row: LeaderboardRow, decimals: number): string {
  const value = row.objective;
  if (!value) return '';
  const mean = number(value.mean, decimals);
  return value.n > 1 ? `${mean} ± ${number(value.std, decimals)} (${value.n})` : mean;
}

export function deltaText(row: LeaderboardRow, decimals: number): string {
  if (row.delta === undefined || isBaseline(row)) return '';
  const sigmas = row.sigmas === undefined ? '' : ` (${signed(row.sigmas, 1)}σ)`;
  return `${signed(row.delta, decimals)}${sigmas}`;
}

/** The words of a cell: for the table, for copying, and for the screen reader. Empty where there is nothing. */
export function cellText(id: ColumnId, row: LeaderboardRow, context: CellContext): string {
  switch (id) {
    case 'rank':
      return row.rank === undefined ? '' : String(row.rank);
    case 'idea':
      return isBaseline(row) ? '' : ideaText(row);
    case 'title':
      return plain(row.title);
    case 'status':
      return lookOf(row.status).words;
    case 'value':
      return valueText(row, context.decimals);
    case 'delta':
      return deltaText(row, context.decimals);
    case 'spark':
      return '';
    case 'round':
      return row.round === undefined ? '' : String(row.round);
    case 'parents':
      return mainParents(row).map(candidateText).join(' ');
    case 'seeds': {
      const { done, total } = seedsOf(row);
      return total === 0 ? '' : `${done}/${total}`;
    }
    case 'elapsed': {
      const ms = elapsedOf(row, context.now);
      return ms === undefined ? '' : duration(ms);
    }
    case 'box':
      return plain(boxesOf(row).join(', '));
    case 'kind':
      return row.kind ?? '';
    case 'lane':
      return [row.lane, row.byHand ? 'by hand' : undefined].filter((each) => each !== undefined).join(', ');
    case 'move':
      return row.move ?? '';
    case 'class':
      return plain(row.comparisonClass ?? '');
  }
}

/** The candidates an idea builds on; those merely shown to the ideator are left out. */
export function mainParents(row: LeaderboardRow): readonly string[] {
  return [...new Set(row.parents.filter((parent) => parent.role !== 'context').map((parent) => parent.candidate))];
}
