import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { isHumanError } from '../../../src/core/domain/index.ts';
import { GitRepo } from '../../support/git-repo.ts';
import { LocalBox } from '../../support/local-box.ts';
import { eventually } from '../../support/processes.ts';
import { pollUntil, shipmentOf } from '../../support/shipments.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { type TestWorker, workerOf } from '../../support/workers.ts';

/** What came over a channel, and a way to wait for a text in it. */
class Heard {
  readonly #waiting = new Set<() => void>();
  bytes: Buffer = Buffer.alloc(0);

  readonly take = (chunk: Buffer): void => {
    this.bytes = Buffer.concat([this.bytes, chunk]);
    for (const look of this.#waiting) look();
  };

  holds(text: string): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!this.bytes.includes(text)) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}

describe('a log that is followed on an ssh box', () => {
  let box: TestBox;
  let folder: string;
  let repo: GitRepo;
  let base: string;
  let ssh: TestWorker;
  const { signal } = new AbortController();

  before(async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    folder = mkdtempSync(path.join(tmpdir(), 'rc-follow-'));
    repo = new GitRepo(path.join(folder, 'repo'));
    base = repo.commit({ 'a.txt': 'a\n' });
    box = await startBox({ name: 'followbox' });
    ssh = workerOf(box);
  });
  after(async () => {
    ssh?.connection.dispose();
    await box?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const gated = (gate: string) => ({ run: `echo one; while [ ! -e "$HOME/${gate}" ]; do sleep 0.02; done; echo two` });
  const followers = () => box.processes().filter(({ command }) => /^tail .*--pid/.test(command));

  it('comes as it is written, from a byte on, and ends with the run and its last byte', async () => {
    const shipment = shipmentOf(repo, base, gated('follow1'));
    await ssh.worker.submit(shipment);
    await pollUntil(ssh.worker, shipment.run, new Set(['running']));
    const heard = new Heard();
    const followed = ssh.worker.follow(shipment.run, 1, heard.take, signal);
    await heard.holds('ne\n');
    const calls = ssh.connection.traffic().calls;
    writeFileSync(path.join(box.home, 'follow1'), '');
    await heard.holds('two\n');
    assert.equal(ssh.connection.traffic().calls, calls, 'nothing was asked for');
    await followed;
    assert.equal(heard.bytes.toString(), 'ne\ntwo\n');
    // Of a run that has ended: what there is, at once.
    const again = new Heard();
    await ssh.worker.follow(shipment.run, 4, again.take, signal);
    assert.equal(again.bytes.toString(), 'two\n');
  });

  it('leaves nothing on the box when it is given up', async () => {
    const shipment = shipmentOf(repo, base, gated('follow2'));
    await ssh.worker.submit(shipment);
    await pollUntil(ssh.worker, shipment.run, new Set(['running']));
    const stop = new AbortController();
    const heard = new Heard();
    const followed = ssh.worker.follow(shipment.run, 0, heard.take, stop.signal);
    await heard.holds('one\n');
    stop.abort(new Error('not on screen any more'));
    await assert.rejects(followed, /not on screen/);
    while (followers().length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    writeFileSync(path.join(box.home, 'follow2'), '');
    await pollUntil(ssh.worker, shipment.run);
  });

  it('dies with its link, as unreachable, and is told when the log was truncated', async () => {
    const shipment = shipmentOf(repo, base, gated('follow3'));
    await ssh.worker.submit(shipment);
    await pollUntil(ssh.worker, shipment.run, new Set(['running']));
    const heard = new Heard();
    const followed = ssh.worker.follow(shipment.run, 0, heard.take, signal);
    await heard.holds('one\n');
    box.dropConnections();
    await assert.rejects(followed, { code: 'unreachable' });

    const next = new Heard();
    const truncated = ssh.worker.follow(shipment.run, 0, next.take, signal);
    await next.holds('one\n');
    writeFileSync(path.join(box.root, 'runs', shipment.run, 'log'), '');
    await assert.rejects(truncated, (error) => isHumanError(error) && error.code === 'log-truncated');
    writeFileSync(path.join(box.home, 'follow3'), '');
    await pollUntil(ssh.worker, shipment.run);
  });
});

describe('a log that is followed on this machine', () => {
  it('comes as it is written, from a byte on, and ends with the run and its last byte', async () => {
    const box = await LocalBox.make();
    try {
      const worker = box.worker();
      const base = await box.commit({ 'a.txt': 'a\n' });
      const gate = path.join(box.folder, 'gate');
      const run = `echo one; while [ ! -e "${gate}" ]; do sleep 0.02; done; echo two`;
      const shipment = box.shipment(base, { run });
      await worker.submit(shipment);
      await pollUntil(worker, shipment.run, new Set(['running']));
      // From a byte on that is there: a log shorter than that counts as truncated.
      await eventually('its first line', async () => ((await worker.poll([shipment.run]))[0]?.logBytes ?? 0) > 0);
      const heard = new Heard();
      const followed = worker.follow(shipment.run, 1, heard.take, new AbortController().signal);
      await heard.holds('ne\n');
      writeFileSync(gate, '');
      await heard.holds('two\n');
      await followed;
      assert.equal(heard.bytes.toString(), 'ne\ntwo\n');
    } finally {
      await box.remove();
    }
  });
});
