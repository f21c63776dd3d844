import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { Run } from '../../../src/core/domain/index.ts';
import { HumanError } from '../../../src/core/domain/index.ts';
import type { Leaderboard, Research, ResearchState } from '../../../src/core/research/types.ts';
import { type Clock, realClock, realFiles } from '../../../src/core/system/index.ts';
import type { ToPage } from '../../../src/protocol/messages.ts';
import { PageConnection } from '../../../src/vscode/leaderboard/connection.ts';
import type { SessionState } from '../../../src/vscode/session.ts';

const RUN = '0mabc-xyz123';

function board(value: number): Leaderboard {
  const objective = { mean: value, std: 0, n: 1 };
  const row = { title: '', hypothesis: '', parents: [], status: 'running', runs: [], spark: [] } as const;
  const rows = [
    { ...row, key: 'same' },
    { ...row, key: '1.1', objective },
  ];
  return { goal: 'minimize', metric: 'loss', baseId: 1, baseCommit: 'a', behind: false, rows, rounds: [] };
}

/** A page at the other end, a repo whose board and runs the test sets, and a clock that is wound by hand. */
function desk(folder: string) {
  const sent: ToPage[] = [];
  const ran: unknown[] = [];
  const warned: string[] = [];
  let visible = true;
  let current = board(1);
  let runs: Partial<Run>[] = [{ id: RUN, state: 'running', logBytes: 0 }];
  const due: (() => void)[] = [];
  const listeners = new Set<() => void>();
  const research = {
    leaderboard: async () => current,
    logFile: (run: string) => path.join(folder, `${run}.log`),
    curve: async (_run: string, name: string) => {
      if (name === 'none') throw new HumanError('There is no such metric.');
      return [{ name, step: 5, value: 2.5, state: 'ok' as const }];
    },
    metricNames: async () => ['loss', 'val_loss'],
    watch: () => ({ dispose: () => {} }),
  } as unknown as Research;
  const state = () =>
    ({
      kind: 'open',
      folder,
      others: 0,
      research,
      state: {
        base: { id: 1, commit: 'a' },
        environment: { ok: true },
        runs,
        driver: { here: true },
      } as unknown as ResearchState,
    }) as SessionState;
  const clock: Clock = {
    ...realClock,
    now: () => 1000,
    after: (_ms, callback) => {
      due.push(callback);
      return { dispose: () => {} };
    },
  };
  const connection = new PageConnection({
    session: {
      get state() {
        return state();
      },
      onDidChange: (listener: () => void) => {
        listeners.add(listener);
        return { dispose: () => listeners.delete(listener) };
      },
      research: async () => research,
    } as never,
    system: { clock, files: realFiles },
    log: { warn: (text) => warned.push(text), error: (text) => warned.push(text) },
    post: async (message) => {
      if (visible) sent.push(structuredClone(message));
      return visible;
    },
    run: async (command, target) => ran.push([command, target]),
  });
  /** Lets what was begun come to its end: nothing here waits for the world but file reads. */
  const settle = async () => {
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  };
  return {
    connection,
    sent,
    ran,
    warned,
    listeners,
    hide: () => {
      visible = false;
    },
    show: () => {
      visible = true;
    },
    set: async (next: Leaderboard, nextRuns = runs) => {
      current = next;
      runs = nextRuns;
      for (const listener of listeners) listener();
      await settle();
    },
    wind: async () => {
      for (const callback of due.splice(0)) callback();
      await settle();
    },
    take: () => sent.splice(0),
    /** Resolves once a message was sent. */
    arrived: async () => {
      const deadline = Date.now() + 10_000;
      while (sent.length === 0 && Date.now() < deadline) await new Promise(setImmediate);
    },
  };
}

describe('the leaderboard and its page', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(tmpdir(), 'page-'));
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  it('a page that is ready gets everything, then only what changed, in order', async () => {
    const { connection, set, take } = desk(folder);
    await set(board(1));
    assert.deepEqual(take(), [], 'nothing before it is ready');
    await connection.receive({ type: 'ready' });
    const [first] = take();
    assert.equal(first?.type, 'snapshot');
    await set(board(1));
    assert.deepEqual(take(), [], 'nothing changed');
    await set(board(0.5));
    await set(board(0.4));
    const deltas = take();
    assert.deepEqual(
      deltas.map((one) => one.type === 'delta' && [one.gen, one.seq, one.rows.map((row) => row.key)]),
      [
        [1, 1, ['1.1']],
        [1, 2, ['1.1']],
      ],
    );
  });

  it('a page that saw a gap asks, and gets everything anew', async () => {
    const { connection, take } = desk(folder);
    await connection.receive({ type: 'ready' });
    take();
    await connection.receive({ type: 'resync', gen: 1, seq: 0 });
    const [again] = take();
    assert.ok(again?.type === 'snapshot' && again.gen === 2 && again.seq === 0);
  });

  it('a hidden page is told nothing, and everything when it comes back', async () => {
    const { connection, set, take, hide, show } = desk(folder);
    await connection.receive({ type: 'ready' });
    take();
    hide();
    connection.setVisible(false);
    await set(board(0.9));
    show();
    assert.deepEqual(take(), []);
    await connection.receive({ type: 'ready' });
    const [again] = take();
    assert.ok(again?.type === 'snapshot' && again.board?.rows[1]?.objective?.mean === 0.9);
  });

  it('log lines, curves and names are answered from the host, by request', async () => {
    const { connection, take } = desk(folder);
    await fs.writeFile(path.join(folder, `${RUN}.log`), 'one\ntwo\rTWO\nthree\n');
    await connection.receive({ type: 'log', request: 7, run: RUN, first: -2, count: 5 });
    await connection.receive({ type: 'searchLog', request: 8, run: RUN, text: 'o' });
    await connection.receive({ type: 'curve', request: 9, run: RUN, metric: 'loss' });
    await connection.receive({ type: 'metrics', request: 10, run: RUN });
    const [log, matches, curve, names] = take();
    assert.deepEqual(log, {
      type: 'log',
      request: 7,
      run: RUN,
      first: 1,
      lines: ['TWO', 'three'],
      total: 3,
      bytes: 18,
      live: true,
    });
    assert.deepEqual(matches, { type: 'logMatches', request: 8, run: RUN, lines: [0, 1], truncated: false });
    assert.ok(curve?.type === 'curve' && curve.x instanceof Float64Array && curve.y[0] === 2.5 && curve.live);
    assert.deepEqual(names, { type: 'metrics', request: 10, run: RUN, names: ['loss', 'val_loss'] });
  });

  it('what cannot be answered says why, to the request that asked', async () => {
    const { connection, take } = desk(folder);
    await connection.receive({ type: 'curve', request: 3, run: RUN, metric: 'none' });
    assert.deepEqual(take(), [{ type: 'failed', request: 3, message: 'There is no such metric.' }]);
  });

  it('a watched run that grew is told of once in a while, with its lines counted', async () => {
    const { connection, set, wind, take, arrived } = desk(folder);
    await connection.receive({ type: 'ready' });
    await connection.receive({ type: 'watch', runs: [RUN] });
    take();
    await fs.writeFile(path.join(folder, `${RUN}.log`), 'one\ntwo\n');
    await set(board(1), [{ id: RUN, state: 'running', logBytes: 8 }]);
    await set(board(1), [{ id: RUN, state: 'running', logBytes: 8 }]);
    await wind();
    await arrived();
    await wind();
    assert.deepEqual(take(), [{ type: 'grew', run: RUN, logLines: 2, metrics: true }]);
  });

  it('a button of the page runs the same command as the palette; anything else is refused', async () => {
    const { connection, ran, warned } = desk(folder);
    await connection.receive({ type: 'command', command: 'runOnGpu', candidate: '1.1' });
    await connection.receive({ type: 'command', command: 'cleanUp' });
    await connection.receive({ type: 'command', command: 'openLog', run: '../x' });
    assert.deepEqual(ran, [['research.runOnGpu', { candidate: '1.1' }]]);
    assert.equal(warned.length, 2);
  });

  it('ends without a trace', async () => {
    const { connection, listeners } = desk(folder);
    connection.dispose();
    assert.equal(listeners.size, 0);
  });
});
