import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Leaderboard, LeaderboardRow } from '../../../src/core/research/types.ts';
import { readFromPage } from '../../../src/protocol/schemas.ts';
import { curveArrays } from '../../../src/vscode/leaderboard/curve-arrays.ts';
import { diffBoard } from '../../../src/vscode/leaderboard/diff-board.ts';
import { pageHtml } from '../../../src/vscode/leaderboard/page-html.ts';

function row(key: string, value: number): LeaderboardRow {
  const objective = { mean: value, std: 0, n: 1 };
  return { key, title: key, hypothesis: '', parents: [], status: 'succeeded', runs: [], objective, spark: [] };
}

function board(rows: readonly LeaderboardRow[], behind = false): Leaderboard {
  return { goal: 'minimize', metric: 'val_loss', baseId: 1, baseCommit: 'a'.repeat(40), behind, rows, rounds: [] };
}

const boards = fc
  .tuple(
    fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.nat(3)), { selector: ([key]) => key }),
    fc.boolean(),
  )
  .map(([rows, behind]) =>
    board(
      rows.map(([key, value]) => row(key, value)),
      behind,
    ),
  );

describe('what the leaderboard page is told', () => {
  it('comes to the same by deltas as by a snapshot', () => {
    fc.assert(
      fc.property(fc.array(boards, { minLength: 1 }), (history) => {
        let previous = history[0] as Leaderboard;
        const page = new Map(previous.rows.map((one) => [one.key, one]));
        let header: Omit<Leaderboard, 'rows'> = previous;
        for (const next of history.slice(1)) {
          const delta = diffBoard(previous, next);
          for (const key of delta?.removed ?? []) page.delete(key);
          for (const one of delta?.rows ?? []) page.set(one.key, one);
          header = delta?.header ?? header;
          previous = next;
          assert.deepEqual(page, new Map(next.rows.map((one) => [one.key, one])));
          assert.equal(header.behind, next.behind);
        }
      }),
    );
  });

  it('is nothing when nothing changed', () => {
    assert.equal(diffBoard(board([row('a', 1)]), board([row('a', 1)])), undefined);
  });

  it('keeps NaN and infinity in a curve, and steps as they are', () => {
    const { x, y } = curveArrays([
      { name: 'loss', step: 10, value: 2.5, state: 'ok' },
      { name: 'loss', step: 20, value: 0, state: 'nan' },
      { name: 'loss', step: null, value: 0, state: '-inf' },
    ]);
    assert.deepEqual([...x], [10, 20, 2]);
    assert.deepEqual([...y], [2.5, Number.NaN, Number.NEGATIVE_INFINITY]);
  });

  it('runs no script but ours and loads nothing from elsewhere', () => {
    const html = pageHtml({
      script: 'vscode://a/webview.js',
      style: 'vscode://a/webview.css',
      source: 'vscode://a',
      nonce: 'n0',
    });
    const policy = /content="([^"]+)"/.exec(html)?.[1];
    assert.equal(
      policy,
      "default-src 'none'; script-src 'nonce-n0'; style-src vscode://a; font-src vscode://a; img-src vscode://a data:",
    );
    assert.doesNotMatch(html, /unsafe-|https?:/);
  });
});

describe('what the leaderboard page says', () => {
  it('is taken when it fits the protocol', () => {
    for (const message of [
      { type: 'ready' },
      { type: 'resync', gen: 1, seq: 3 },
      { type: 'command', command: 'runOnGpu', candidate: '12.1' },
      { type: 'curve', request: 1, run: '0mabc-xyz123', metric: 'val_loss' },
      { type: 'log', request: 2, run: '0mabc-xyz123', first: -200, count: 200 },
      { type: 'searchLog', request: 3, run: '0mabc-xyz123', text: 'nan' },
      { type: 'watch', runs: ['0mabc-xyz123'] },
    ]) {
      assert.deepEqual(readFromPage(message), message);
    }
  });

  it('is refused when it is anything else', () => {
    for (const message of [
      null,
      'ready',
      [],
      { type: 'nonsense' },
      { type: 'ready', extra: 1 },
      { type: 'command', command: 'cleanUp' },
      { type: 'command', command: 'workbench.action.terminal.sendSequence' },
      { type: 'command', command: '__proto__' },
      { type: 'command', command: 'openLog', run: '../../etc/passwd' },
      { type: 'log', request: 1, run: '/etc/passwd', first: 0, count: 10 },
      { type: 'log', request: 1, run: 'a', first: 0, count: 1e9 },
      { type: 'log', request: 1, run: 'a', first: Number.NaN, count: 1 },
      { type: 'log', request: 1, run: 'a', first: 0.5, count: 1 },
      { type: 'curve', request: -1, run: 'a', metric: 'x' },
      { type: 'curve', request: 1, run: 'a', metric: 'x'.repeat(501) },
      { type: 'watch', runs: Array.from({ length: 201 }, () => 'a') },
      { type: 'command', command: 'runOnGpu', candidate: { toString: () => '1.1' } },
    ]) {
      assert.equal(readFromPage(message), undefined, JSON.stringify(message));
    }
  });

  it('never breaks the reader, whatever it is', () => {
    fc.assert(fc.property(fc.anything(), (message) => readFromPage(message) === undefined || true));
  });
});
