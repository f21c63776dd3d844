import { strict as assert } from 'node:assert';
import { appendFileSync } from 'node:fs';
import * as path from 'node:path';
import { type Ended, runCommand } from '../../support/command.ts';
import { makePlace, type Place } from '../../support/research.ts';

describe('the terminal', () => {
  let place: Place;

  const type = (...args: string[]): Promise<Ended> => runCommand(place, ...args);
  const done = async (...args: string[]): Promise<string> => {
    const ended = await type(...args);
    assert.equal(ended.code, 0, `${args.join(' ')}\n${ended.err}\n${ended.out}`);
    return ended.out;
  };

  before(() => {
    place = makePlace();
  });
  after(() => place.dispose());

  it('explains every command', async () => {
    const help = await done('--help');
    const names = [
      'init',
      'baseline',
      'ideas',
      'implement',
      'review',
      'approve',
      'reject',
      'run',
      'search',
      'cancel',
      'status',
      'logs',
      'leaderboard',
      'apply',
      'export',
      'boxes',
    ];
    for (const name of names) {
      assert.match(help, new RegExp(`\\b${name}\\b`));
      const own = await done(name, '--help');
      assert.match(own, new RegExp(`research-copilot ${name}`));
      for (const line of own.split('\n').filter((text) => /^ {2}-/.test(text))) {
        assert.match(line, / {2}\S+.* {2}\S/, `${name}: an option without a description: ${line}`);
      }
    }
    assert.match(help, /Exit codes/);
  });

  it('says wrong usage with exit code 2', async () => {
    assert.equal((await type('search')).code, 2);
    assert.equal((await type('implement', 'twelve')).code, 2);
    assert.equal((await type('no-such-command')).code, 2);
  });

  it('runs nothing before somebody agreed to the commands', async () => {
    const ended = await type('baseline', '--seeds', '1');
    assert.equal(ended.code, 1);
    assert.match(ended.err, /python3 train\.py/, 'the commands are shown in full');
    assert.match(ended.err, /--yes/);
  });

  it('proposes a research.yaml for a repo that has one, and writes nothing', async () => {
    const proposal = JSON.parse(await done('init', '--dry-run', '--json'));
    assert.deepEqual(Object.keys(proposal).sort(), ['environment', 'hyperparameters', 'open', 'questions', 'reasons']);
    assert.match(proposal.environment.run, /train\.py/);
    assert.equal((await type('init')).code, 1, 'it never overwrites');
  });

  it('goes the whole way by hand: idea, patch, approval, run, leaderboard, branch', async () => {
    await done('ideas', '--count', '2');
    await done('implement', '1');
    assert.match(await done('review', '1', '--patch'), /^[-+]/m);
    await done('approve', '1.1', '--all');
    await done('baseline', '--seeds', '2', '--yes');
    const ran = JSON.parse(await done('run', '1.1', '--json'));
    assert.equal(ran.runs[0].state, 'succeeded');
    assert.match(await done('logs', ran.runs[0].id), /val loss/);
    const board = JSON.parse(await done('leaderboard', '--json'));
    assert.equal(typeof board.rows.find((row: { key: string }) => row.key === '1.1').delta, 'number');
    assert.match(await done('status'), /Round 0: 2 ideas/);
    assert.match(await done('export', '--format', 'markdown'), /^\| rank/);
    assert.match(await done('boxes', '--check'), /^here\b.*\b(?:ready|problems)\b/m);
    assert.equal(JSON.parse(await done('boxes', '--check', '--json'))[0].reachable, true);
    appendFileSync(path.join(place.repo, 'README.md'), 'my own words\n');
    const dirty = await type('apply', '1.1', '--merge');
    assert.equal(dirty.code, 1);
    assert.match(dirty.err, /README\.md/);
    place.git('checkout', '-q', 'README.md');
    await done('apply', '1.1', '--merge');
    assert.match(place.git('log', '--oneline', '-3'), /research\/1-/);
  });

  it('pauses the queue, changes its order, drains a box and gives one up, as any window would see it', async () => {
    // In a repository of its own: nothing of it is in the way of the others.
    const own = makePlace();
    own.boxes('boxes:\n  - { name: here, kind: local, slots: 1 }\n');
    const before = place;
    place = own;
    try {
      await done('queue', 'pause');
      await done('--yes', 'baseline', '--seeds', '2', '--detach');
      const queued = JSON.parse(await done('--json', 'status'));
      assert.equal(queued.queue.paused, true);
      const [first, second] = queued.queue.order;
      assert.equal(queued.queue.order.length, 2);
      await done('queue', 'front', second);
      assert.deepEqual(JSON.parse(await done('--json', 'status')).queue.order, [second, first]);
      await done('boxes', 'drain', 'here');
      assert.match(await done('status'), /here +not checked, drained/);
      const nobody = await type('boxes', 'give-up', 'here');
      assert.equal(nobody.code, 1, 'it asks first');
      assert.match(nobody.err, /--yes agrees/);
      const unknown = await type('boxes', 'drain', 'nowhere');
      assert.equal(unknown.code, 1);
      assert.match(unknown.err, /no box named nowhere.*here/s);
      assert.match(await done('boxes', 'resume', 'here'), /takes runs again/);
    } finally {
      place = before;
      own.dispose();
    }
  });

  it('searches: baseline with three seeds, two rounds of six ideas, one JSON object', async () => {
    const fresh = makePlace();
    const kept = place;
    place = fresh;
    try {
      const result = JSON.parse(await done('search', '--approve', 'all', '--rounds', '2', '--json'));
      assert.equal(result.goal, 'minimize');
      assert.equal(result.baseline.n, 3);
      assert.ok(result.baseline.std > 0);
      assert.deepEqual(
        result.rounds.map((round: { ideas: unknown[] }) => round.ideas.length),
        [6, 6],
      );
      for (const round of result.rounds) assert.ok(round.completion > 0 && round.completion <= 1);
      assert.ok(result.rounds[1].ideas.some((idea: { parents: string[] }) => idea.parents.length > 0));
      assert.equal(result.best.improved, true);
      assert.ok(result.best.delta < 0 && result.best.value < result.baseline.mean);
    } finally {
      place = kept;
      fresh.dispose();
    }
  });
});
