import * as assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { ShipProgress } from '../../../src/core/workers/index.ts';
import { GitRepo } from '../../support/git-repo.ts';
import { pollUntil, shipmentOf, wholeLog } from '../../support/shipments.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { type TestWorker, workerOf } from '../../support/workers.ts';

describe('Several runs sent together to an ssh box', () => {
  let box: TestBox;
  let folder: string;
  let repo: GitRepo;
  let ssh: TestWorker;

  before(async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    folder = mkdtempSync(path.join(tmpdir(), 'rc-all-'));
    repo = new GitRepo(path.join(folder, 'repo'));
    box = await startBox({ name: 'all' });
    ssh = workerOf(box, { box: { cpu_slots: 8 } });
    await ssh.worker.poll(['a-run']);
  });
  after(async () => {
    ssh?.connection.dispose();
    await box?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  /** Ideas of one file each, cut from the same base. */
  const ideas = (count: number, packs: number[], run = 'cat idea.txt') => {
    const base = repo.parentless(repo.commit({ 'lib.py': 'x = 1\n'.repeat(2000), 'idea.txt': 'none\n' }));
    return Array.from({ length: count }, (_, at) => {
      const commit = repo.commit({ 'idea.txt': `idea ${at}\n` });
      return { ...shipmentOf(repo, commit, { run }, { packs }), trusted: base };
    });
  };
  const logs = (runs: readonly { readonly run: string }[]) =>
    Promise.all(
      runs.map(async ({ run }) => {
        const report = await pollUntil(ssh.worker, run);
        assert.equal(report.state, 'succeeded', report.reason);
        return (await wholeLog(ssh.worker, run)).toString();
      }),
    );

  it('take one pack and two calls, then one, however many they are', async () => {
    for (const calls of [2, 1]) {
      const packs: number[] = [];
      const runs = ideas(12, packs);
      const before = ssh.connection.traffic();
      const results = await ssh.worker.submitAll(runs);
      const after = ssh.connection.traffic();
      assert.deepEqual(
        results,
        runs.map(({ run }) => ({ run, outcome: 'started' })),
      );
      assert.equal(after.calls - before.calls, calls);
      assert.equal(packs.length, 1);
      console.log(`      12 ideas: ${after.calls - before.calls} calls, ${after.written - before.written} bytes sent`);
      assert.deepEqual(
        await logs(runs),
        runs.map((_, at) => `idea ${at}\n`),
      );
    }
  });

  it('are told apart: what is wrong with one is its own, and one that was there stays', async () => {
    const [first, second, third, fourth] = ideas(4, []);
    assert.ok(first && second && third && fourth);
    await ssh.worker.submit(first);
    await pollUntil(ssh.worker, first.run);
    const bad = { ...second, environment: { ...second.environment, links: { '/up': '/' } } };
    const cancelled = third.run;
    await ssh.worker.cancel(cancelled);
    const results = await ssh.worker.submitAll([first, bad, third, fourth]);
    assert.deepEqual(
      results.map((result) => ('error' in result ? result.error.code : result.outcome)),
      ['done', 'bad-path', 'done', 'started'],
    );
    assert.deepEqual(await logs([first, fourth]), ['idea 0\n', 'idea 3\n']);
    assert.equal((await ssh.worker.poll([second.run]))[0]?.state, 'absent');
  });

  it('keep their secrets to themselves', async () => {
    const own = ideas(3, [], 'echo "token: $TOKEN"').map((shipment, at) =>
      at === 1 ? shipment : { ...shipment, secrets: { TOKEN: `of ${at}` } },
    );
    await ssh.worker.submitAll(own);
    assert.deepEqual(await logs(own), ['token: of 0\n', 'token: \n', 'token: of 2\n']);
  });

  it('start once though eight ask for all of them at the same time', async () => {
    const runs = ideas(3, [], 'echo "$RUN_ID" >>"$HOME/starts"; cat "$HOME/starts"; sleep 0.3');
    const answers = await Promise.all(Array.from({ length: 8 }, () => ssh.worker.submitAll(runs)));
    for (const [at, { run }] of runs.entries()) {
      const outcomes = answers.map((results) => results[at]).map((one) => one && 'outcome' in one && one.outcome);
      assert.equal(outcomes.filter((outcome) => outcome === 'started').length, 1, `${run}: ${outcomes.join()}`);
      assert.ok(
        outcomes.every((outcome) => outcome === 'started' || outcome === 'already' || outcome === 'done'),
        outcomes.join(),
      );
    }
    const starts = (await logs(runs)).at(-1) ?? '';
    for (const { run } of runs) assert.ok(starts.split(run).length <= 2, starts);
  });

  it('say how far a large pack is', async () => {
    const commit = repo.commit({ 'large.bin': randomBytes(3_000_000) });
    const shipment = shipmentOf(repo, commit, { run: 'sha256sum large.bin' });
    const told: ShipProgress[] = [];
    await ssh.worker.submitAll([shipment], { progress: (progress) => told.push(progress) });
    assert.deepEqual(new Set(told.map(({ what }) => what)), new Set(['code']));
    assert.ok((told.at(-1)?.sentBytes ?? 0) > 3_000_000);
    assert.equal(told.at(-1)?.sentBytes, told.at(-1)?.totalBytes);
    await logs([shipment]);
  });
});
