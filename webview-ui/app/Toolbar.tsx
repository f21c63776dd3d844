import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { LeaderboardRow } from '../../src/core/research/leaderboard-types.ts';
import { COLUMN_IDS, columnOf, DEFAULT_COLUMNS, moveColumn, placeColumns, toggleColumn } from '../model/columns.ts';
import { toCsv, toMarkdown } from '../model/export.ts';
import { FILTER_FIELDS } from '../model/filter.ts';
import { plural } from '../model/format.ts';
import { GROUPINGS, type Grouping } from '../model/group.ts';
import { IconButton, Popover, Select, TextField } from '../ui/index.tsx';
import { command } from './commands.ts';
import type { Page } from './page.ts';

const GROUP_WORDS: Readonly<Record<Grouping, string>> = {
  none: 'Not grouped',
  round: 'By round',
  parent: 'By parent',
  box: 'By box',
};

/** Filter, grouping, columns, copying, and the way between table and lineage. */
export function Toolbar({ page, onKeys }: { readonly page: Page; readonly onKeys: () => void }): JSX.Element {
  const [columns, setColumns] = useState(false);
  const settings = page.settings.value;
  const { problems } = page.filter.value;
  const inTable = settings.view === 'table';
  return (
    <div class="toolbar" role="toolbar" aria-label="Leaderboard">
      <div class="filter-place">
        <TextField
          class="filter"
          label="Filter"
          placeholder="Filter, such as status:running or delta<0"
          icon="filter"
          value={settings.filter}
          invalid={problems.length > 0}
          onInput={(filter) => page.set({ filter })}
          onKey={(event) => {
            if (event.key !== 'Escape' || settings.filter === '') return;
            event.stopPropagation();
            page.set({ filter: '' });
          }}
        />
        {problems.length > 0 ? (
          <p class="filter-problem" role="status">
            {problems[0]}. Fields: {FILTER_FIELDS.join(', ')}.
          </p>
        ) : null}
      </div>
      <Select
        label="Group rows"
        class="group-by"
        value={settings.grouping}
        options={GROUPINGS.map((value) => ({ value, label: GROUP_WORDS[value] }))}
        onPick={(grouping) => page.set({ grouping })}
      />
      <span class="tools">
        <IconButton icon="table" label="Table (L)" pressed={inTable} onPress={() => page.set({ view: 'table' })} />
        <IconButton
          icon="type-hierarchy-sub"
          label="Lineage (L)"
          pressed={!inTable}
          onPress={() => page.set({ view: 'lineage' })}
        />
        <span class="divider" aria-hidden="true" />
        <span class="anchor">
          <IconButton icon="list-selection" label="Columns" expanded={columns} onPress={() => setColumns(!columns)} />
          {columns ? <ColumnsMenu page={page} onClose={() => setColumns(false)} /> : null}
        </span>
        <IconButton icon="markdown" label="Copy as Markdown" onPress={() => void copy(page, 'markdown')} />
        <IconButton icon="copy" label="Copy as CSV" onPress={() => void copy(page, 'csv')} />
        <IconButton icon="export" label="Export Results" onPress={() => command(page, 'exportResults')} />
        <IconButton icon="question" label="Keys (?)" onPress={onKeys} />
      </span>
    </div>
  );
}

function ColumnsMenu({ page, onClose }: { readonly page: Page; readonly onClose: () => void }): JSX.Element {
  const choice = page.settings.value.columns;
  const order = [...choice.order, ...COLUMN_IDS.filter((id) => !choice.order.includes(id))];
  return (
    <Popover label="Columns" onClose={onClose}>
      <ul class="column-list">
        {order.map((id) => {
          const column = columnOf(id);
          return (
            <li key={id}>
              <label title={column.about}>
                <input
                  type="checkbox"
                  checked={!choice.hidden.includes(id)}
                  disabled={id === 'title'}
                  onChange={() => page.set({ columns: toggleColumn(choice, id) })}
                />
                {column.title}
              </label>
              <IconButton
                icon="arrow-up"
                label={`Move ${column.title} left`}
                onPress={() => page.set({ columns: moveColumn(choice, id, -1) })}
              />
              <IconButton
                icon="arrow-down"
                label={`Move ${column.title} right`}
                onPress={() => page.set({ columns: moveColumn(choice, id, 1) })}
              />
            </li>
          );
        })}
      </ul>
      <button type="button" class="link" onClick={() => page.set({ columns: DEFAULT_COLUMNS })}>
        Reset columns
      </button>
    </Popover>
  );
}

/** Copies what is shown, in its order: the pinned baseline, then the rows, with the columns in view. */
async function copy(page: Page, format: 'markdown' | 'csv'): Promise<void> {
  const { rows } = page.board.peek();
  const shown = page.shown.peek().places.flatMap((place): LeaderboardRow[] => {
    const row = rows.get(place.key);
    return row ? [row] : [];
  });
  const all = [...page.pinned.peek(), ...shown];
  const columns = placeColumns(page.settings.peek().columns, 0);
  const text = format === 'markdown' ? toMarkdown(all, columns, page.context()) : toCsv(all, columns, page.context());
  try {
    await navigator.clipboard.writeText(text);
    page.say(`Copied ${plural(all.length, 'row')} as ${format === 'markdown' ? 'Markdown' : 'CSV'}`);
  } catch {
    page.say('The clipboard is not available; use Export Results');
  }
}
