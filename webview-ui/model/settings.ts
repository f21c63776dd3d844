import {
  COLUMN_IDS,
  type ColumnChoice,
  type ColumnId,
  DEFAULT_COLUMNS,
  isColumnId,
  MAX_WIDTH,
  MIN_WIDTH,
} from './columns.ts';
import { GROUPINGS, type Grouping } from './group.ts';
import { DEFAULT_SORT, type SortKey } from './sort.ts';

export const TABS = ['curve', 'log', 'runs'] as const;
export type Tab = (typeof TABS)[number];

/** What the page keeps over a reload, through the editor's own state. */
export interface Settings {
  readonly columns: ColumnChoice;
  readonly sort: readonly SortKey[];
  readonly filter: string;
  readonly grouping: Grouping;
  /** Groups that are folded. */
  readonly closed: readonly string[];
  readonly selected: string | undefined;
  readonly tab: Tab;
  readonly view: 'table' | 'lineage';
  /** The detail's share of the page. */
  readonly split: number;
  /** The same where the two stand one above the other. */
  readonly splitStacked: number;
  readonly log: boolean;
  /** Weight of the smoothing, 0 for none. */
  readonly smoothing: number;
  readonly scroll: number;
}

export const DEFAULT_SETTINGS: Settings = {
  columns: DEFAULT_COLUMNS,
  sort: DEFAULT_SORT,
  filter: '',
  grouping: 'none',
  closed: [],
  selected: undefined,
  tab: 'curve',
  view: 'table',
  split: 0.42,
  splitStacked: 0.56,
  log: false,
  smoothing: 0,
  scroll: 0,
};

type Bag = Readonly<Record<string, unknown>>;

function bag(value: unknown): Bag {
  return typeof value === 'object' && value !== null ? (value as Bag) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function within(value: unknown, low: number, high: number, fallback: number): number {
  return typeof value === 'number' && value >= low && value <= high ? value : fallback;
}

function oneOf<T extends string>(value: unknown, options: readonly T[], fallback: T): T {
  return options.find((option) => option === value) ?? fallback;
}

/** Reads what an earlier version, or anything else, left in the state: each part that makes sense, else its default. */
export function readSettings(stored: unknown): Settings {
  const from = bag(stored);
  const columns = bag(from.columns);
  const widths = Object.entries(bag(columns.widths)).filter(
    (entry): entry is [ColumnId, number] =>
      isColumnId(entry[0]) && typeof entry[1] === 'number' && entry[1] >= MIN_WIDTH && entry[1] <= MAX_WIDTH,
  );
  const order = [...new Set(list(columns.order).filter(isColumnId))];
  const sort = list(from.sort).flatMap((key) => {
    const { column, reversed } = bag(key);
    return isColumnId(column) ? [{ column, reversed: reversed === true }] : [];
  });
  return {
    columns: {
      order: order.length > 0 ? order : COLUMN_IDS,
      hidden: Array.isArray(columns.hidden)
        ? columns.hidden.filter(isColumnId).filter((id) => id !== 'title')
        : DEFAULT_COLUMNS.hidden,
      widths: Object.fromEntries(widths),
    },
    sort: sort.length > 0 ? sort.slice(0, 3) : DEFAULT_SORT,
    filter: typeof from.filter === 'string' ? from.filter.slice(0, 500) : '',
    grouping: oneOf(from.grouping, GROUPINGS, 'none'),
    closed: list(from.closed).filter((each): each is string => typeof each === 'string'),
    selected: typeof from.selected === 'string' ? from.selected : undefined,
    tab: oneOf(from.tab, TABS, 'curve'),
    view: oneOf(from.view, ['table', 'lineage'] as const, 'table'),
    split: within(from.split, 0.15, 0.85, DEFAULT_SETTINGS.split),
    splitStacked: within(from.splitStacked, 0.15, 0.85, DEFAULT_SETTINGS.splitStacked),
    log: from.log === true,
    smoothing: within(from.smoothing, 0, 0.99, 0),
    scroll: within(from.scroll, 0, Number.MAX_SAFE_INTEGER, 0),
  };
}
