import { strict as assert } from 'node:assert';
import { boxSchema } from '../../../src/core/domain/index.ts';
import {
  addressOf,
  inOurTime,
  isAt,
  isOverdue,
  nextTryId,
  runsOwnPython,
  startBefore,
} from '../../../src/core/research/fleet-rules.ts';
import { foldQueue } from '../../../src/core/research/queue-state.ts';
import { baselineOf } from '../../../src/core/research/requests/baselines.ts';
import { newestTries } from '../../../src/core/research/tries.ts';
import { counted } from '../../../src/core/store/counting.ts';
import { runRow } from '../../support/rows.ts';

const HOUR = 3_600_000;
const ssh = (more: object) => boxSchema.parse({ name: 'lab', kind: 'ssh', host: 'lab', ...more });

describe('the Python of runs before the first one', () => {
  it('is the box’s own where the command starts it and nothing sets up another', () => {
    for (const run of ['python3 train.py', 'python train.py', 'A=1 B=x python3 -m pkg']) {
      assert.ok(runsOwnPython({ setup: undefined, run }), run);
      assert.ok(!runsOwnPython({ setup: 'uv sync', run }), run);
    }
    for (const run of [
      'uv run train.py',
      './run.sh',
      'torchrun train.py',
      '.venv/bin/python train.py',
      'python3.9x a',
    ]) {
      assert.ok(!runsOwnPython({ setup: undefined, run }), run);
    }
  });
});

describe('until when a box may begin a run', () => {
  it('lets it begin all that it was sent ahead while nobody is there', () => {
    const box = ssh({ away_hours: 12 });
    assert.equal(startBefore(box, 1000, 0), 1000 + 12 * HOUR);
    assert.equal(startBefore(box, 1000, 11 * 3600), 1000 + 23 * HOUR, 'later for one that has others before it');
    const cluster = boxSchema.parse({ name: 'c', kind: 'slurm', host: 'login' });
    assert.equal(startBefore(cluster, 1000, 0), undefined, 'a cluster’s own queue keeps its place');
  });

  it('is over only when both clocks agree, and only for what has not begun', () => {
    const run = runRow('1.1', undefined, { state: 'waiting', startBefore: HOUR });
    assert.equal(isOverdue(run, HOUR + 1000), false);
    assert.equal(isOverdue(run, HOUR + 6 * 60_000), true);
    assert.equal(isOverdue(run, HOUR + 6 * 60_000, -120_000), false, 'its clock is two minutes behind');
    assert.equal(isOverdue({ ...run, state: 'running' }, 9 * HOUR), false);
    assert.equal(isOverdue({ ...run, startBefore: undefined }, 9 * HOUR), false);
  });
});

describe('the times of a run', () => {
  it('are told by our clock, also where the box’s is off', () => {
    const report = { run: 'r', state: 'running', logBytes: 0, gpus: [], startedAt: 9 * HOUR } as const;
    assert.equal(inOurTime(report, 2 * HOUR + 400).startedAt, 7 * HOUR);
    assert.equal(inOurTime({ ...report, endedAt: 10 * HOUR }, -HOUR).endedAt, 11 * HOUR);
    assert.equal(inOurTime(report, 3000), report, 'what the way of an answer takes is no other clock');
    assert.equal(inOurTime(report), report);
  });
});

describe('where a run is', () => {
  it('is the machine that its box’s name stood for when it was sent', () => {
    const there = addressOf(ssh({ host: 'lab' }));
    const run = runRow('1.1', undefined, { state: 'running', box: 'lab', address: there });
    assert.ok(isAt(run, 'lab', addressOf(ssh({ host: 'lab', cpu_slots: 7 }))), 'the same machine with other slots');
    assert.ok(!isAt(run, 'lab', addressOf(ssh({ host: 'other' }))));
    assert.ok(!isAt(run, 'lab', addressOf(ssh({ host: 'lab', root: '/scratch/me' }))));
    assert.ok(isAt({ ...run, address: undefined }, 'lab', there), 'sent before addresses were noted');
  });
});

describe('tries of one number', () => {
  const first = runRow('1.1', undefined, { id: 'r', state: 'waiting', box: 'lab', moving: true, cancelAsked: true });
  const again = runRow('1.1', 2, { id: 'r-a2', attempt: 2, retries: 'r', box: 'den', comparisonClass: 'other' });

  it('have ids that sort behind the first one', () => {
    assert.equal(nextTryId({ id: 'r', attempt: 1 }), 'r-a2');
    assert.equal(nextTryId({ id: 'r-a2', attempt: 2 }), 'r-a3');
  });

  it('are spoken for by the newest, while a copy on a silent box stays as it is', () => {
    assert.deepEqual(
      newestTries(['r'], [first, again]).map((run) => run.id),
      ['r-a2'],
    );
    assert.deepEqual([...counted([first, again])], ['r-a2'], 'the copy that waits holds up no result');
  });

  it('count once when both finish, whoever spoke first, each in a class of its own', () => {
    const finished = { ...first, state: 'succeeded', comparisonClass: 'other' } as const;
    assert.deepEqual([...counted([finished, again])], ['r-a2']);
    assert.deepEqual([...counted([finished, { ...again, state: 'running' }])], ['r'], 'as long as only one has');
    assert.deepEqual([...counted([finished, { ...again, state: 'cancelled' }])], ['r']);
    assert.deepEqual([...counted([{ ...finished, comparisonClass: 'cpu' }, again])].sort(), ['r', 'r-a2']);
  });
});

describe('the queue as the views show it', () => {
  const paused = { paused: true, boxes: [] };

  it('is in the order in which runs are sent, with the time they took before', () => {
    const runs = [
      runRow('1.1', 2, { startedAt: 0, endedAt: 60_000 }),
      runRow('1.1', undefined, { id: 'late', state: 'queued', comparisonClass: undefined, queuedAt: 9 }),
      runRow('1.1', undefined, { id: 'soon', state: 'queued', comparisonClass: undefined, queuedAt: 20, priority: 1 }),
    ];
    const queue = foldQueue(runs, paused, 1);
    assert.equal(queue.paused, true);
    assert.deepEqual(queue.order, ['soon', 'late']);
    assert.deepEqual(queue.seconds, { late: 60, soon: 60 }, 'there is only one class it may come to');
  });

  it('names classes whose trials compare with nothing, until a baseline is on its way', () => {
    const trial = runRow('1.1', 2, { comparisonClass: 'A100', box: 'lab' });
    const elsewhere = runRow(undefined, 2, { comparisonClass: 'H100' });
    assert.deepEqual(foldQueue([trial, elsewhere], paused, 1).withoutBaseline, [
      { comparisonClass: 'A100', trials: 1, boxes: ['lab'] },
    ]);
    const coming = runRow(undefined, undefined, { state: 'queued', comparisonClass: undefined, wantsClass: 'A100' });
    assert.deepEqual(foldQueue([trial, elsewhere, coming], paused, 1).withoutBaseline, []);
  });

  it('takes for the baseline of a class what gave a value there, or may still', () => {
    const kind = { comparisonClass: 'A100', boxes: ['lab'], atOnce: 1 };
    const of = (more: object, value?: number) => baselineOf([runRow(undefined, value, more)], kind).length;
    assert.equal(of({ comparisonClass: 'A100' }, 2), 1);
    assert.equal(of({ comparisonClass: 'A100' }), 0, 'it failed');
    assert.equal(of({ comparisonClass: 'H100' }, 2), 0);
    assert.equal(of({ comparisonClass: undefined, state: 'queued', wants: 'lab' }), 1);
    assert.equal(of({ comparisonClass: undefined, state: 'queued', wants: 'den' }), 0);
  });
});
