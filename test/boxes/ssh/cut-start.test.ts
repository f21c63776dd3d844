import * as assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { isHumanError } from '../../../src/core/domain/index.ts';
import type { Shipment } from '../../../src/core/workers/index.ts';
import { type CuttingProxy, startCuttingProxy } from '../../support/cutting-proxy.ts';
import { GitRepo } from '../../support/git-repo.ts';
import { eventually } from '../../support/processes.ts';
import { pollUntil, shipmentOf, wholeLog } from '../../support/shipments.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { type TestWorker, workerOf, workerThrough } from '../../support/workers.ts';

/** How many places of the stream a cut is tried at, on each way. */
const PLACES = process.env.FULL === '1' ? { up: 60, down: 20 } : { up: 14, down: 6 };

describe('A start whose link is cut', () => {
  let box: TestBox;
  let folder: string;
  let repo: GitRepo;
  let direct: TestWorker;
  let proxy: CuttingProxy;
  let commits = 0;

  before(async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    folder = mkdtempSync(path.join(tmpdir(), 'rc-cut-'));
    repo = new GitRepo(path.join(folder, 'repo'));
    box = await startBox({ name: 'cut' });
    proxy = await startCuttingProxy(box.port);
    direct = workerOf(box);
    const first = shipmentOf(repo, repo.commit({ 'a.txt': 'a\n' }), { run: 'true' });
    await direct.worker.submit(first);
    await pollUntil(direct.worker, first.run);
  });
  after(async () => {
    direct?.connection.dispose();
    await proxy?.stop();
    await box?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  /** Two runs of commits that the box lacks; each says that it ran, and with what. */
  const makeRuns = (): readonly Shipment[] => {
    commits += 1;
    return [1, 2].map((number) => {
      const commit = repo.commit({ 'a.txt': `${commits}.${number} ${randomBytes(300).toString('hex')}\n` });
      return shipmentOf(
        repo,
        commit,
        {
          run: 'echo "$RUN_ID" >>"$HOME/once"; echo "$TEXT $TOKEN"; cat a.txt',
          env: { TEXT: `two\nlines of ${commits}` },
        },
        { secrets: { TOKEN: `token ${number}` } },
      );
    });
  };
  const startsOf = (run: string) =>
    readFileSync(path.join(box.home, 'once'), 'utf8')
      .split('\n')
      .filter((line) => line === run).length;

  /** After a cut: each run is whole or nothing, can be sent again, and runs once with all that it was told. */
  const check = async (runs: readonly Shipment[], place: string) => {
    // First the server of the cut connection: until it has gone it may still start what it has heard of.
    await eventually('the box to notice', () => box.connections() === 1);
    await eventually(
      'the scripts to end',
      () => !box.processes().some(({ command }) => /start\.sh|have\.sh/.test(command)),
    );
    const reports = await direct.worker.poll(runs.map(({ run }) => run));
    for (const [at, { run }] of runs.entries()) {
      const there = path.join(box.root, 'runs', run);
      if (reports[at]?.state !== 'absent') continue;
      for (const name of ['pid', 'spec', 'code', 'log', 'exit']) {
        assert.ok(!existsSync(path.join(there, name)), `${place}: ${name} of a run that is not there`);
      }
    }
    const results = await direct.worker.submitAll(runs);
    for (const [at, shipment] of runs.entries()) {
      const { run } = shipment;
      const result = results[at];
      assert.ok(result && 'outcome' in result, `${place}: ${JSON.stringify(result)}`);
      const was = reports[at]?.state === 'absent';
      assert.equal(result.outcome === 'started', was, `${place}: ${result.outcome} after ${reports[at]?.state}`);
      const report = await pollUntil(direct.worker, run);
      assert.equal(report.state, 'succeeded', `${place}: ${report.reason}`);
      const text = repo.git('cat-file', 'blob', `${shipment.commit}:a.txt`);
      const log = (await wholeLog(direct.worker, run)).toString();
      assert.equal(log, `${shipment.environment.env.TEXT} ${shipment.secrets.TOKEN}\n${text}\n`, place);
      assert.equal(startsOf(run), 1, place);
    }
  };

  /** Bytes each way of a start of two runs by a process that knows nothing of the box, once it is connected. */
  const measure = async () => {
    const { worker, connection } = workerThrough(box, proxy);
    await worker.poll(['a-run']);
    const before = connection.traffic();
    const runs = makeRuns();
    await worker.submitAll(runs);
    const after = connection.traffic();
    for (const { run } of runs) await pollUntil(worker, run);
    connection.dispose();
    return { up: after.written - before.written, down: after.read - before.read };
  };

  for (const way of ['up', 'down'] as const) {
    it(`on the way ${way} leaves nothing or a whole run, wherever it is cut`, async function () {
      if (process.env.FULL === '1') this.timeout(1_800_000);
      const bytes = (await measure())[way];
      let cuts = 0;
      for (let place = 0; place < PLACES[way]; place += 1) {
        const at = 1 + Math.floor((place * bytes) / PLACES[way]);
        const runs = makeRuns();
        const { worker, connection } = workerThrough(box, proxy);
        await worker.poll(['a-run']);
        const cut = proxy.cutAfter(at, way);
        const error = await worker.submitAll(runs).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (error !== undefined) {
          assert.ok(isHumanError(error), String(error));
          assert.equal(error.code, 'unreachable', `byte ${at}: ${error.message}`);
          cuts += 1;
          await cut;
        }
        connection.dispose();
        proxy.drop();
        await check(runs, `byte ${at} of ${bytes} ${way}`);
      }
      // A start takes some bytes more or fewer each time: how they fall into packets is the machine's affair.
      assert.ok(cuts >= 0.7 * PLACES[way], `only ${cuts} of ${PLACES[way]} were cut`);
    });
  }
});
