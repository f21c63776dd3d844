import { strict as assert } from 'node:assert';
import * as fc from 'fast-check';
import type { LeaderboardRow } from '../../../src/core/research/leaderboard-types.ts';
import { type Board, type BoardMessage, EMPTY_BOARD, receive } from '../../../webview-ui/model/board.ts';
import { exampleBoard, makeRow } from '../../support/leaderboard-fixtures.ts';

const { rows: _, ...header } = exampleBoard();

function snapshot(rows: readonly LeaderboardRow[], gen = 1, seq = 0): BoardMessage {
  return { type: 'snapshot', gen, seq, at: 1000, board: { ...header, rows } };
}

function delta(seq: number, rows: readonly LeaderboardRow[], removed: readonly string[] = [], gen = 1): BoardMessage {
  return { type: 'delta', gen, seq, at: 1000 + seq, rows, removed, header };
}

function take(messages: readonly BoardMessage[], from: Board = EMPTY_BOARD): Board {
  return messages.reduce((board, message) => receive(board, message).board, from);
}

describe('the board of the page', () => {
  it('is, after deltas in any batching, what the host would have sent whole', () => {
    const edit = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), key: fc.nat(8), title: fc.string() }),
      fc.record({ kind: fc.constant('remove' as const), key: fc.nat(8) }),
    );
    fc.assert(
      fc.property(fc.array(edit), fc.infiniteStream(fc.boolean()), (edits, cuts) => {
        const host = new Map<string, LeaderboardRow>();
        const messages: BoardMessage[] = [snapshot([])];
        let changed = new Map<string, LeaderboardRow>();
        let removed = new Set<string>();
        const flush = () => {
          messages.push(delta(messages.length, [...changed.values()], [...removed]));
          changed = new Map();
          removed = new Set();
        };
        for (const each of edits) {
          const key = `${each.key}.1`;
          if (each.kind === 'set') {
            const row = makeRow(key, { title: each.title });
            host.set(key, row);
            changed.set(key, row);
            removed.delete(key);
          } else {
            host.delete(key);
            changed.delete(key);
            removed.add(key);
          }
          if (cuts.next().value) flush();
        }
        flush();
        const byDeltas = take(messages);
        const whole = take([snapshot([...host.values()])]);
        const sorted = (board: Board) => [...board.rows].sort(([a], [b]) => (a < b ? -1 : 1));
        assert.deepEqual(sorted(byDeltas), sorted(whole));
      }),
    );
  });

  it('asks for a resync once when a delta is missing, and drops deltas until the snapshot', () => {
    let board = take([snapshot([makeRow('1.1')])]);
    const outcomes: string[] = [];
    for (const seq of [2, 3, 4]) {
      const step = receive(board, delta(seq, [makeRow('2.1')]));
      outcomes.push(step.outcome);
      board = step.board;
    }
    assert.deepEqual(outcomes, ['gap', 'stale', 'stale']);
    assert.deepEqual([...board.rows.keys()], ['1.1'], 'what is shown stays whole');
    const healed = take([snapshot([makeRow('3.1')], 1, 4), delta(5, [makeRow('4.1')])], board);
    assert.deepEqual([...healed.rows.keys()], ['3.1', '4.1']);
  });

  it('takes a delta of another generation for a gap, and a repeated delta for nothing', () => {
    const board = take([snapshot([]), delta(1, [makeRow('1.1')])]);
    assert.equal(receive(board, delta(2, [], [], 9)).outcome, 'gap');
    assert.equal(receive(board, delta(1, [], ['1.1'])).outcome, 'stale');
  });

  it('does not go back to an older snapshot of the same generation', () => {
    const board = take([snapshot([makeRow('1.1')], 1, 7)]);
    assert.equal(receive(board, snapshot([], 1, 6)).outcome, 'stale');
    assert.equal(receive(board, snapshot([], 2, 0)).outcome, 'applied');
  });
});
