import { strict as assert } from 'node:assert';
import * as fc from 'fast-check';
import type { LeaderboardRow, RowStatus } from '../../../src/core/research/leaderboard-types.ts';
import {
  COLUMN_IDS,
  cellText,
  DEFAULT_COLUMNS,
  moveColumn,
  placeColumns,
  resizeColumn,
  toggleColumn,
} from '../../../webview-ui/model/columns.ts';
import { toCsv, toMarkdown } from '../../../webview-ui/model/export.ts';
import { parseFilter } from '../../../webview-ui/model/filter.ts';
import { gridMove, windowOf } from '../../../webview-ui/model/grid.ts';
import { groupOf, itemsOf } from '../../../webview-ui/model/group.ts';
import { NOTHING_SHOWN, type Place, settle } from '../../../webview-ui/model/order.ts';
import { DEFAULT_SETTINGS, readSettings } from '../../../webview-ui/model/settings.ts';
import { DEFAULT_SORT, pressHeader, sortRows } from '../../../webview-ui/model/sort.ts';
import { exampleBoard, HOSTILE_TITLE, makeRow, makeRun, NOW } from '../../support/leaderboard-fixtures.ts';

const board = exampleBoard();
const ideas = board.rows.filter((row) => row.candidate !== undefined);
const context = { decimals: 4, now: NOW };

function keysOf(rows: readonly LeaderboardRow[]): readonly string[] {
  return rows.map((row) => row.key);
}

const anyRow: fc.Arbitrary<LeaderboardRow> = fc
  .record({
    idea: fc.integer({ min: 1, max: 60 }),
    mean: fc.option(fc.double({ noNaN: false }), { nil: undefined }),
    rank: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    status: fc.constantFrom<RowStatus>('succeeded', 'failed', 'running', 'ready', 'timed-out'),
  })
  .map(({ idea, mean, rank, status }) =>
    makeRow(`${idea}.1`, { rank, status, objective: mean === undefined ? undefined : { mean, std: 0, n: 1 } }),
  );
const anyRows = fc.uniqueArray(anyRow, { selector: (row) => row.key });

describe('sorting the leaderboard', () => {
  it('puts the best first by the goal, and what failed last whichever way the column is turned', () => {
    const rows = [
      makeRow('1.1', { rank: 2, objective: { mean: 3, std: 0, n: 1 }, status: 'succeeded' }),
      makeRow('2.1', { status: 'failed' }),
      makeRow('3.1', { rank: 1, objective: { mean: 2, std: 0, n: 1 }, status: 'succeeded' }),
    ];
    const by = (goal: 'minimize' | 'maximize', reversed: boolean) =>
      keysOf(sortRows(rows, [{ column: 'value', reversed }], goal, NOW));
    assert.deepEqual(by('minimize', false), ['3.1', '1.1', '2.1']);
    assert.deepEqual(by('minimize', true), ['1.1', '3.1', '2.1']);
    assert.deepEqual(by('maximize', false), ['1.1', '3.1', '2.1']);
    assert.deepEqual(by('maximize', true), ['3.1', '1.1', '2.1']);
  });

  it('does not let a value that does not rank stand above one that does', () => {
    const rows = [
      makeRow('1.1', { objective: { mean: 0.01, std: 0, n: 1 }, status: 'succeeded' }),
      makeRow('2.1', { rank: 1, objective: { mean: 3, std: 0, n: 3 }, status: 'succeeded' }),
    ];
    assert.deepEqual(keysOf(sortRows(rows, [{ column: 'value', reversed: false }], 'minimize', NOW)), ['2.1', '1.1']);
  });

  it('does not depend on the order in which rows came, and sorting again changes nothing', () => {
    fc.assert(
      fc.property(anyRows, fc.constantFrom(...COLUMN_IDS), fc.boolean(), (rows, column, reversed) => {
        const keys = [{ column, reversed }];
        const sorted = sortRows(rows, keys, 'minimize', NOW);
        assert.deepEqual(keysOf(sortRows([...rows].reverse(), keys, 'minimize', NOW)), keysOf(sorted));
        assert.deepEqual(keysOf(sortRows(sorted, keys, 'minimize', NOW)), keysOf(sorted));
      }),
    );
  });

  it('sorts by a second column among equals of the first', () => {
    const sort = pressHeader([{ column: 'round', reversed: true }], 'value', true);
    const rounds = sortRows(ideas, sort, 'minimize', NOW).map((row) => row.round);
    assert.deepEqual(
      rounds,
      [...rounds].sort((a, b) => (b ?? 0) - (a ?? 0)),
    );
    const ofRoundOne = sortRows(ideas, sort, 'minimize', NOW).filter(
      (row) => row.round === 1 && row.rank !== undefined,
    );
    assert.deepEqual(keysOf(ofRoundOne), ['8.1', '7.1', '10.1']);
  });

  it('turns a column with a second press and comes back to the rank with a third', () => {
    const once = pressHeader(DEFAULT_SORT, 'elapsed', false);
    const twice = pressHeader(once, 'elapsed', false);
    assert.deepEqual(twice, [{ column: 'elapsed', reversed: true }]);
    assert.deepEqual(pressHeader(twice, 'elapsed', false), DEFAULT_SORT);
    assert.equal(pressHeader(once, 'spark', false), once, 'a picture does not sort');
  });
});

describe('filtering the leaderboard', () => {
  const found = (text: string) => keysOf(ideas.filter(parseFilter(text).test));

  it('finds words in any order, in titles, states and boxes', () => {
    assert.deepEqual(found('momentum muon'), ['8.1']);
    assert.deepEqual(found('"cosine floor"'), ['9.1']);
    assert.deepEqual(found('#8'), ['8.1']);
    assert.equal(found('').length, ideas.length);
  });

  it('knows fields, several values, comparisons and a leading dash', () => {
    assert.deepEqual(found('status:running'), ['13.1']);
    assert.deepEqual(found('box:lambda-2 status:succeeded'), ['8.1', '10.1']);
    assert.deepEqual(found('round:0 delta<0'), ['1.1', '2.1', '3.1']);
    assert.deepEqual(found('delta>0'), ['4.1', '6.1']);
    assert.deepEqual(found('round:0 -lane:model'), ['4.1', '6.1']);
    assert.deepEqual(found('is:best'), ['8.1']);
    assert.deepEqual(found('parent:2 round:1,2'), ['7.1', '8.1', '9.1']);
    assert.deepEqual(found('status:failed'), ['5.1', '9.1', '11.1'], 'failed of every kind');
    assert.deepEqual(found('delta<=\u22120.07'), ['8.1'], 'the minus the table shows');
  });

  it('says what it could not understand, and hides nothing because of it', () => {
    const filter = parseFilter('delta<abc status<3');
    assert.equal(filter.problems.length, 2);
    assert.equal(ideas.filter(filter.test).length, ideas.length);
  });

  it('never throws, and with a dash finds the others', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const filter = parseFilter(text);
        for (const row of ideas) filter.test(row);
      }),
    );
    assert.equal(found('-muon').length + found('muon').length, ideas.length);
  });
});

describe('the order on screen', () => {
  const rows = (...list: LeaderboardRow[]) => new Map(list.map((row) => [row.key, row]));
  const places = (...keys: string[]): readonly Place[] => keys.map((key) => ({ key, group: '' }));
  const one = makeRow('1.1', { objective: { mean: 3, std: 0, n: 1 } });
  const two = makeRow('2.1');
  const twoDone = makeRow('2.1', { objective: { mean: 1, std: 0, n: 1 }, status: 'succeeded' });
  const three = makeRow('3.1', { objective: { mean: 0, std: 0, n: 1 } });

  it('waits while a person is in the table: new rows at the end, and a count of the news', () => {
    const before = settle(NOTHING_SHOWN, places('1.1', '2.1'), rows(one, two), false);
    const held = settle(before, places('3.1', '2.1', '1.1'), rows(one, twoDone, three), true);
    assert.deepEqual(held.places, places('1.1', '2.1', '3.1'));
    assert.equal(held.news, 2);
    const after = settle(held, places('3.1', '2.1', '1.1'), rows(one, twoDone, three), false);
    assert.deepEqual(after.places, places('3.1', '2.1', '1.1'));
    assert.equal(after.news, 0);
  });

  it('takes out a row that went, and says nothing where the order is right as it is', () => {
    const before = settle(NOTHING_SHOWN, places('1.1', '2.1'), rows(one, two), false);
    assert.deepEqual(settle(before, places('2.1'), rows(two), true).places, places('2.1'));
    assert.equal(settle(before, places('1.1', '2.1'), rows(one, twoDone), true).news, 0);
  });

  it('groups by round newest first, folds, and keeps every row once', () => {
    const all = sortRows(ideas, DEFAULT_SORT, 'minimize', NOW);
    for (const by of ['round', 'parent', 'box'] as const) {
      const grouped = all.map((row) => ({ key: row.key, group: groupOf(row, by) }));
      const items = itemsOf(grouped, by, new Set());
      const keys = items.flatMap((item) => (item.kind === 'row' ? [item.key] : []));
      assert.deepEqual([...keys].sort(), [...keysOf(all)].sort());
    }
    const byRound = all.map((row) => ({ key: row.key, group: groupOf(row, 'round') }));
    const folded = itemsOf(byRound, 'round', new Set(['round/2', 'round/1']));
    assert.deepEqual(
      folded.flatMap((item) => (item.kind === 'group' ? [item.group] : [])),
      ['2', '1', '0'],
    );
    assert.equal(folded.filter((item) => item.kind === 'row').length, 6);
  });
});

describe('columns', () => {
  it('move, hide and resize, and the title always stays', () => {
    const moved = moveColumn(DEFAULT_COLUMNS, 'delta', -1);
    const order = placeColumns(moved, 1200).map((column) => column.id);
    assert.ok(order.indexOf('delta') < order.indexOf('value'));
    const hidden = toggleColumn(toggleColumn(moved, 'spark'), 'title');
    const shown = placeColumns(hidden, 1200).map((column) => column.id);
    assert.ok(!shown.includes('spark') && shown.includes('title'));
    assert.equal(resizeColumn(hidden, 'title', 5).widths.title, 40);
  });

  it('leave the number in view on a narrow page', () => {
    const placed = placeColumns(DEFAULT_COLUMNS, 400);
    assert.deepEqual(
      placed.filter((column) => column.sticky).map((column) => column.id),
      ['rank', 'idea'],
    );
    assert.ok(placed.every((column, index) => index === 0 || column.left > (placed[index - 1]?.left ?? 0)));
  });

  it('come back as they were left, and nonsense in the state is only the default', () => {
    const kept = { ...DEFAULT_SETTINGS, filter: 'is:live', columns: moveColumn(DEFAULT_COLUMNS, 'box', -1), log: true };
    assert.deepEqual(readSettings(JSON.parse(JSON.stringify(kept))), kept);
    fc.assert(
      fc.property(fc.anything(), (stored) => {
        assert.ok(placeColumns(readSettings(stored).columns, 1200).length > 0);
      }),
    );
  });
});

describe('copying the table', () => {
  const rows = [
    makeRow('1.1', { title: '=cmd|x, "quoted"\n<b>', rank: 1, delta: -0.5, objective: { mean: 2.5, std: 0.25, n: 3 } }),
  ];
  const columns = placeColumns(DEFAULT_COLUMNS, 1200);

  it('gives CSV that no spreadsheet runs, with full numbers', () => {
    const [head = '', row = ''] = toCsv(rows, columns, context).split('\r\n');
    assert.ok(head.startsWith('Rank,Idea,Title,Status,Value,Std,n,Delta,Sigmas'));
    assert.ok(row.startsWith(`1,#1,"'=cmd|x, ""quoted"" <b>",Approved,2.5,0.25,3,-0.5,`));
  });

  it('gives Markdown in which foreign text is text', () => {
    const text = toMarkdown(rows, columns, context);
    assert.ok(text.includes('=cmd\\|x, "quoted" \\<b\\>'));
    assert.equal(
      new Set(
        text
          .trim()
          .split('\n')
          .map((line) => line.match(/(?<!\\)\|/g)?.length),
      ).size,
      1,
    );
  });

  it('shows a hostile title as what it is', () => {
    const text = cellText('title', makeRow('1.1', { title: HOSTILE_TITLE }), context);
    assert.ok(text.includes('<img') && text.includes('[U+202E]') && text.includes('\u241b[31m'));
    assert.ok(cellText('title', makeRow('1.1', { title: 'x'.repeat(10_000) }), context).length < 500);
  });
});

describe('walking the grid by keyboard', () => {
  const size = { lines: 10, columns: 4, page: 3 };
  const press = (key: string, at = { line: 5, column: 2 }, rest: object = {}) =>
    gridMove(at, { key, ctrl: false, shift: false, alt: false, ...rest }, size);

  it('moves by cell, row, page and to the ends, and never leaves the grid', () => {
    assert.deepEqual(press('PageDown'), { kind: 'move', to: { line: 8, column: 2 } });
    assert.deepEqual(press('End', undefined, { ctrl: true }), { kind: 'move', to: { line: 9, column: 2 } });
    assert.deepEqual(press('Home'), { kind: 'move', to: { line: 5, column: 0 } });
    assert.equal(press('a'), undefined);
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom('ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'PageUp', 'PageDown', 'Home', 'End'),
        ),
        (keys) => {
          let at = { line: 0, column: 0 };
          for (const key of keys) {
            const move = press(key, at);
            if (move?.kind === 'move') at = move.to;
            assert.ok(at.line >= 0 && at.line < 10 && at.column >= 0 && at.column < 4);
          }
        },
      ),
    );
  });

  it('draws a few rows of ten thousand', () => {
    const { first, count } = windowOf(22 * 5000, 600, 22, 10_000);
    assert.ok(first <= 5000 && first + count >= 5028 && count < 60);
    assert.deepEqual(windowOf(0, 600, 22, 3), { first: 0, count: 3 });
  });

  it('shows the seeds done of those that count', () => {
    const row = makeRow('1.1', {
      runs: [
        makeRun('1.1', 1, 'succeeded'),
        makeRun('1.1', 2, 'running'),
        makeRun('1.1', 2, 'lost', { counts: false }),
      ],
    });
    assert.equal(cellText('seeds', row, context), '1/2');
  });
});
