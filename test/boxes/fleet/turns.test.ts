import { strict as assert } from 'node:assert';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { isEnd } from '../../../src/core/domain/index.ts';
import { GitRepo } from '../../support/git-repo.ts';
import { mostAtOnce, mostPerGpu, recorded, type Stay, stays } from '../../support/gpu-records.ts';
import { freeLocks } from '../../support/locks.ts';
import { eventually } from '../../support/processes.ts';
import { makePlace, openAt } from '../../support/research.ts';
import { pollUntil, shipmentOf } from '../../support/shipments.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { type TestWorker, workerOf } from '../../support/workers.ts';

const full = process.env.FULL === '1';
const MANY = full ? 30 : 8;

const once = (some: readonly Stay[]) => [...mostPerGpu(some).values()].every((most) => most === 1);

describe('The queue of a box', () => {
  let folder: string;
  let repo: GitRepo;
  let base: string;

  before(function () {
    const why = whyNoBox() ?? (process.getuid?.() === 0 ? undefined : 'several accounts need root');
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    folder = mkdtempSync(path.join(tmpdir(), 'turns-'));
    chmodSync(folder, 0o755);
    repo = new GitRepo(path.join(folder, 'repo'));
    base = repo.commit({ 'a.txt': 'a\n' });
  });
  after(() => {
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  /** A folder that every account writes records and locks to. */
  const shared = (name: string): { readonly records: string; readonly locks: string } => {
    const place = path.join(folder, name);
    mkdirSync(place);
    chmodSync(place, 0o777);
    const records = path.join(place, 'records');
    writeFileSync(records, '');
    chmodSync(records, 0o666);
    return { records, locks: path.join(place, 'locks') };
  };

  const work = (records: string, gpus: number, seconds: number) => ({
    run: recorded(records, `sleep ${seconds}`),
    resources: { gpus, timeout: '2m' },
  });

  it('starts a run with four GPUs in its turn, behind twenty with one and before those that came later', async () => {
    const box = await startBox({ name: 'turn', gpus: 4 });
    const ssh = workerOf(box);
    try {
      const records = path.join(box.home, 'records');
      const queued = async (gpus: number) => {
        const shipment = shipmentOf(repo, base, work(records, gpus, 0.2));
        await ssh.worker.submit(shipment);
        // In the queue, or past it: whoever is sent next comes behind it.
        await eventually(`${shipment.run} in the queue`, async () => {
          const [report] = await ssh.worker.poll([shipment.run]);
          return report !== undefined && (report.state !== 'waiting' || (report.position ?? 0) > 0);
        });
        return shipment.run;
      };
      const blocker = shipmentOf(repo, base, {
        run: 'while [ ! -e "$HOME/go" ]; do sleep 0.05; done',
        resources: { gpus: 4, timeout: '2m' },
      });
      await ssh.worker.submit(blocker);
      await pollUntil(ssh.worker, blocker.run, new Set(['running']));
      const before: string[] = [];
      for (let index = 0; index < 20; index += 1) before.push(await queued(1));
      const big = await queued(4);
      const later: string[] = [];
      for (let index = 0; index < 4; index += 1) later.push(await queued(1));
      writeFileSync(path.join(box.home, 'go'), '');
      for (const run of [...before, big, ...later]) {
        const report = await pollUntil(ssh.worker, run);
        assert.equal(report.state, 'succeeded', report.reason);
      }
      const seen = stays(records);
      const of = (run: string): Stay => seen.find((stay) => stay.run === run) as Stay;
      const { start, end = 0n } = of(big);
      assert.deepEqual(of(big).gpus, [0, 1, 2, 3]);
      for (const run of before) assert.ok((of(run).end ?? start) <= start, 'not before those in front of it had ended');
      for (const run of later) assert.ok(of(run).start >= end, 'those behind it do not pass it while it gathers');
      assert.ok(once(seen), 'never two on a GPU');
      await freeLocks(box, path.join(box.home, 'locks'));
    } finally {
      ssh.connection.dispose();
      await box.stop();
    }
  });

  it('never gives a GPU to two users, whose runs race for all of them', async () => {
    const { records, locks } = shared('users');
    const gpus = ['one', 'two', 'three'].map((name) => ({ uuid: `GPU-${name}` }));
    const users: { readonly box: TestBox; readonly ssh: TestWorker; runs: string[] }[] = [];
    try {
      for (const name of ['anna', 'boris']) {
        const box = await startBox({ name, gpus });
        box.bend(`RC_LOCKS=${locks}`);
        users.push({ box, ssh: workerOf(box), runs: [] });
      }
      await Promise.all(
        users.map(async (user) => {
          for (let index = 0; index < MANY; index += 1) {
            const shipment = shipmentOf(repo, base, work(records, 1 + (index % 2), 0.1));
            await user.ssh.worker.submit(shipment);
            user.runs.push(shipment.run);
          }
        }),
      );
      for (const { ssh, runs } of users) {
        for (const run of runs) {
          const report = await pollUntil(ssh.worker, run);
          assert.equal(report.state, 'succeeded', report.reason);
        }
      }
      const seen = stays(records);
      assert.equal(seen.length, 2 * MANY, 'each ran once');
      assert.deepEqual(
        [...mostPerGpu(seen)],
        [0, 1, 2].map((index) => [index, 1]),
      );
      for (const { box } of users) await freeLocks(box, locks);
    } finally {
      for (const { box, ssh } of users) {
        ssh.connection.dispose();
        await box.stop();
      }
    }
  });

  for (const gpus of [0, 1]) {
    const slots = 2;
    it(`runs no more than ${slots} at a time for two repositories together (${gpus === 0 ? 'CPU slots' : 'GPUs'})`, async () => {
      const { records } = shared(`repos${gpus}`);
      // However slowly this machine starts them: the first waits for a second beside it.
      const untilTwo = `i=0; while [ $(grep -c ^start ${records}) -lt 2 ] && [ $i -lt 600 ]; do sleep 0.1; i=$((i + 1)); done`;
      const box = await startBox({ name: `repos${gpus}`, gpus: gpus === 0 ? [] : slots });
      const places = [0, 1].map((index) => {
        const source = path.join(folder, `repo${gpus}-${index}`);
        mkdirSync(source);
        const yaml = [
          `name: repo-${index}`,
          `run: ${JSON.stringify(recorded(records, `${untilTwo}; sleep 0.2`))}`,
          'objective: { metric: val_loss, goal: minimize }',
          "editable: ['*.txt']",
          `resources: { gpus: ${gpus}, timeout: 2m }`,
          'seed: { env: SEED }',
        ];
        writeFileSync(path.join(source, 'research.yaml'), `${yaml.join('\n')}\n`);
        const place = makePlace(source, { RESEARCH_COPILOT_SSH_CONFIG: box.sshConfigFile });
        place.boxes(`boxes:\n  - { name: shared, kind: ssh, host: ${box.name}, cpu_slots: ${slots}, sandbox: none }\n`);
        return place;
      });
      const open = await Promise.all(places.map((place) => openAt(place)));
      try {
        const asked = await Promise.all(open.map((research) => research.runBaseline({ seeds: MANY })));
        const ended = await Promise.all(open.map((research, index) => research.waitForRuns(asked[index] ?? [])));
        for (const run of ended.flat()) assert.equal(isEnd(run.state) && run.state, 'succeeded', run.reason);
        const seen = stays(records);
        assert.equal(seen.length, 2 * MANY, 'each ran once');
        assert.equal(mostAtOnce(seen), slots, 'all slots at times, and never more');
        assert.ok(once(seen), 'never two on a GPU');
      } finally {
        for (const research of open) await research.close();
        await eventually('nothing left on the box', () => box.processes().length === 0).finally(() => box.stop());
        for (const place of places) place.dispose();
      }
    });
  }

  for (const [words, hours] of [
    ['ahead', 100],
    ['behind', -100],
  ] as const) {
    it(`begins what waits there in its turn, though the clock of the box is days ${words}`, async function () {
      if (words === 'behind' && !full) {
        console.log('skipped: a clock that is behind; FULL=1 tries it too');
        this.skip();
      }
      const box = await startBox({ name: `clock${words}` });
      const clock = path.join(box.home, 'clock');
      writeFileSync(clock, `#!/bin/sh\necho $(($(date +%s) + ${hours * 3600}))\n`, { mode: 0o755 });
      box.bend(`RC_CLOCK=${clock} RC_TICK=1`);
      const source = path.join(folder, `clock-${words}`);
      mkdirSync(source);
      const yaml = [
        'name: clock',
        'run: "while [ ! -e $HOME/go ]; do sleep 0.05; done; echo val_loss: 1.5"',
        'objective: { metric: val_loss, goal: minimize }',
        "editable: ['*.txt']",
        'resources: { gpus: 0, timeout: 2m }',
        'seed: { env: SEED }',
      ];
      writeFileSync(path.join(source, 'research.yaml'), `${yaml.join('\n')}\n`);
      const place = makePlace(source, { RESEARCH_COPILOT_SSH_CONFIG: box.sshConfigFile });
      place.boxes(`boxes:\n  - { name: clock, kind: ssh, host: ${box.name}, cpu_slots: 1, sandbox: none }\n`);
      const research = await openAt(place);
      try {
        const ids = await research.runBaseline({ seeds: 2 });
        const waiting = await eventually('one at work and one waiting', async () => {
          const { runs } = await research.state();
          return runs.some((run) => run.state === 'running') && runs.find((run) => run.state === 'waiting');
        });
        // Past several looks of the supervisor at its time to start.
        const looks = () =>
          box
            .processes()
            .filter(({ command }) => command === 'sleep 1')
            .map(({ pid }) => pid);
        const seen = new Set<number>();
        await eventually('three looks at the clock', () => {
          for (const pid of looks()) seen.add(pid);
          return seen.size >= 6;
        });
        assert.equal((await research.state()).runs.find((run) => run.id === waiting.id)?.state, 'waiting');
        writeFileSync(path.join(box.home, 'go'), '');
        const ended = await research.waitForRuns(ids);
        assert.deepEqual(
          ended.map((run) => [run.state, run.attempt]),
          [
            ['succeeded', 1],
            ['succeeded', 1],
          ],
        );
        const HOUR = 3_600_000;
        assert.ok(
          ended.every((run) => [run.startedAt, run.endedAt].every((at) => Math.abs((at ?? 0) - Date.now()) < HOUR)),
          'its times are told by our clock',
        );
      } finally {
        writeFileSync(path.join(box.home, 'go'), '');
        await research.close();
        await eventually('nothing left on the box', () => box.processes().length === 0).finally(() => box.stop());
        place.dispose();
      }
    });
  }
});
