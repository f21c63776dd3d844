import * as assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { isHumanError } from '../../../src/core/domain/index.ts';
import type { Leftover } from '../../../src/core/workers/index.ts';
import { GitRepo } from '../../support/git-repo.ts';
import { pollUntil, shipmentOf, wholeLog } from '../../support/shipments.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { type TestWorker, workerOf } from '../../support/workers.ts';

describe('Cleaning up a box', () => {
  let box: TestBox;
  let folder: string;
  let repo: GitRepo;
  let base: string;
  const clients: TestWorker[] = [];

  const client = (): TestWorker => {
    const one = workerOf(box, { box: { cpu_slots: 1 } });
    clients.push(one);
    return one;
  };
  const own = (...targets: string[]) => {
    if (process.getuid?.() === 0) execFileSync('chown', ['-R', `${box.user}:`, ...targets]);
  };
  const count = (found: readonly Leftover[], kind: Leftover['kind']) =>
    found.find((one) => one.kind === kind)?.count ?? 0;

  before(async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    folder = mkdtempSync(path.join(tmpdir(), 'rc-clean-'));
    repo = new GitRepo(path.join(folder, 'repo'));
    base = repo.commit({ 'uv.lock': '1\n' });
    box = await startBox({ name: 'cleanbox' });
  });
  after(async () => {
    for (const { connection } of clients) connection.dispose();
    await box?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const input = (name: string) => {
    const source = path.join(folder, name);
    writeFileSync(source, `content of ${name}\n`);
    const sha256 = createHash('sha256').update(`content of ${name}\n`).digest('hex');
    return { path: `data/${name}`, source, sha256 };
  };
  /** A run that reads its environment and its input at its very end, behind a gate. */
  const needy = (name: string, gate?: string) =>
    shipmentOf(
      repo,
      base,
      {
        setup: 'mkdir -p "$RESEARCH_ENV" && echo built >"$RESEARCH_ENV/made"',
        setup_inputs: ['uv.lock'],
        run: `echo up; ${gate ? `while [ ! -e "$HOME/${gate}" ]; do sleep 0.02; done;` : ''} cat "$RESEARCH_ENV/made" data/${name}`,
      },
      { inputs: [input(name)] },
    );
  const said = async ({ worker }: TestWorker, run: string) => (await wholeLog(worker, run)).toString();

  it('takes nothing of a run that lives, waits or comes, however many clean up at once', async () => {
    const [first, second, third] = [client(), client(), client()];
    const ended = needy('first');
    await first.worker.submit(ended);
    assert.equal((await pollUntil(first.worker, ended.run)).state, 'succeeded');
    const running = needy('first', 'gate');
    await first.worker.submit(running);
    await pollUntil(first.worker, running.run, new Set(['running']));
    const waiting = needy('second');
    await first.worker.submit(waiting);
    assert.equal((await first.worker.poll([waiting.run]))[0]?.state, 'waiting');

    const coming = Array.from({ length: 4 }, (_, index) => needy(`coming${index}`));
    const all = [ended.run, running.run, waiting.run, ...coming.map(({ run }) => run)];
    const cleaning = async ({ worker }: TestWorker) => {
      let freed = 0;
      for (let round = 0; round < 4; round += 1) {
        await worker.leftovers('remove', 0);
        freed += await worker.tidy(all);
      }
      return freed;
    };
    // Nothing is too young to go here, so that a shipment may find its input gone before its run names it: it says so,
    // and is sent again, as the fleet does.
    const send = async (shipment: (typeof coming)[number]) => {
      for (;;) {
        try {
          return await first.worker.submit(shipment);
        } catch (error) {
          if (!isHumanError(error) || error.code !== 'box-failed') throw error;
        }
      }
    };
    const [one, two] = await Promise.all([cleaning(second), cleaning(third), ...coming.map(send)]);
    assert.ok((one as number) + (two as number) > 0, 'the ended run’s folder is gone');
    assert.equal((await first.worker.poll([ended.run]))[0]?.state, 'absent');

    writeFileSync(path.join(box.home, 'gate'), '');
    for (const { run } of [running, waiting, ...coming]) {
      const report = await pollUntil(first.worker, run);
      assert.equal(report.state, 'succeeded', `${report.reason}\n${await said(first, run)}`);
    }
    assert.match(await said(first, running.run), /up\nbuilt\ncontent of first/);
    assert.match(await said(first, waiting.run), /built\ncontent of second/);

    const seen = await second.worker.leftovers('look', 0);
    const gone = await second.worker.leftovers('remove', 0);
    assert.deepEqual(seen, gone, 'what was shown is what was removed');
    assert.deepEqual([count(gone, 'env'), count(gone, 'inputs')], [1, 6]);
    assert.deepEqual(
      (await second.worker.leftovers('look', 0)).map((left) => left.count),
      [0, 0, 0, 0, 0],
    );
    assert.deepEqual(readdirSync(path.join(box.root, 'trash')), []);

    // A client that believes all of it to be there still: it is built and sent anew.
    const after = needy('first');
    assert.equal(await first.worker.submit(after), 'started');
    assert.equal((await pollUntil(first.worker, after.run)).state, 'succeeded', await said(first, after.run));
  });

  it('leaves what was used within the time, and an environment whose lock is held', async () => {
    const { worker, connection } = client();
    assert.equal(count(await worker.leftovers('look', 60), 'env'), 0);
    const [key = ''] = readdirSync(path.join(box.root, 'env'));
    const stop = new AbortController();
    const held = connection
      .exec({
        script: `exec flock '${box.root}/env/${key}/lock' sh -c 'touch "$HOME/held"; exec sleep 60'`,
        signal: stop.signal,
      })
      .catch(() => {});
    while (!existsSync(path.join(box.home, 'held'))) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(count(await worker.leftovers('remove', 0), 'env'), 0);
    assert.ok(existsSync(path.join(box.root, 'env', key, 'ready')));
    stop.abort();
    await held;
    for (const { pid, command } of box.processes()) if (command === 'sleep 60') process.kill(pid);
  });

  it('keeps the scripts of another version while a supervisor runs from them', async () => {
    const { worker } = client();
    await worker.poll(['a-run']);
    const bin = path.join(box.root, 'bin');
    const [now = ''] = readdirSync(bin).filter((name) => !name.startsWith('.'));
    const earlier = path.join(bin, '0'.repeat(64));
    cpSync(path.join(bin, now), earlier, { recursive: true });
    writeFileSync(path.join(earlier, 'supervise.sh'), 'sleep 60\n');
    own(earlier);
    const { connection } = client();
    const stop = new AbortController();
    const supervisor = connection
      .exec({ script: `sh ${earlier}/supervise.sh; true`, signal: stop.signal })
      .catch(() => {});
    while (!box.processes().some(({ command }) => command.endsWith(`${earlier}/supervise.sh`))) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(count(await worker.leftovers('remove', 0), 'bin'), 0);
    assert.ok(existsSync(earlier));
    stop.abort();
    await supervisor;
    for (const { pid, command } of box.processes()) {
      if (command.includes(earlier) || command === 'sleep 60') process.kill(pid);
    }
    while (box.processes().some(({ command }) => command.includes(earlier))) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(count(await worker.leftovers('remove', 0), 'bin'), 1);
    assert.deepEqual(readdirSync(bin), [now]);
  });

  it('puts packs together, and the next one-line change builds on what is there', async () => {
    const { worker, connection } = client();
    box.bend('RC_PACKS=4');
    const packs = () =>
      readdirSync(path.join(box.root, 'repo/test-repo.git/objects/pack')).filter((name) => name.endsWith('.pack'))
        .length;
    const ship = async (text: string) => {
      const shipment = shipmentOf(repo, repo.commit({ 'a.txt': text }), { run: 'cat a.txt' });
      await worker.submit(shipment);
      assert.equal((await pollUntil(worker, shipment.run)).state, 'succeeded');
      return shipment.run;
    };
    const big = Array.from({ length: 3000 }, (_, line) => `line ${line} of it\n`).join('');
    for (let number = 0; packs() < 4; number += 1) await ship(`${big}${number}\n`);
    assert.ok(count(await worker.leftovers('remove', 0), 'repo') >= 3);
    assert.ok(packs() <= 2, `${packs()} packs`);
    const before = connection.traffic().written;
    const run = await ship(`${big}and one more\n`);
    assert.ok(connection.traffic().written - before < 20_000, 'only the change was sent');
    assert.match((await wholeLog(worker, run)).toString(), /and one more\n$/);
  });
});
