import * as assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { type BoxOf, boxSchema } from '../../../src/core/domain/index.ts';
import { realSystem } from '../../../src/core/system/index.ts';
import { BoxWorker } from '../../../src/core/workers/box/worker.ts';
import { GitRepo } from '../../support/git-repo.ts';
import { ShellTransport } from '../../support/shell-transport.ts';
import { pollUntil, shipmentOf, wholeLog } from '../../support/shipments.ts';

for (const shell of ['sh', 'bash'])
  describe(`The scripts of a box, run by this machine’s ${shell}`, () => {
    let home: string;
    let repo: GitRepo;
    let base: string;
    let worker: BoxWorker;
    let root: string;

    before(async function () {
      if (process.platform !== 'linux') this.skip();
      if (shell === 'bash' && spawnSync('unshare', ['-m', 'true']).status !== 0) {
        console.log('skipped: /bin/sh can be made bash only by root');
        this.skip();
      }
      home = mkdtempSync(path.join(tmpdir(), 'rc box '));
      root = path.join(home, 'runs of "me"');
      repo = new GitRepo(path.join(home, "a repo's $(folder)"));
      base = repo.commit({
        'train.py': 'print("loss 1")\n',
        'lf.txt': 'a\nb\n',
        '.gitattributes': '* text eol=crlf\n*.gone export-ignore\n*.id ident\n',
        'a.gone': 'x',
        'b.id': '$Id$\n',
      });
      worker = new BoxWorker({
        box: boxSchema.parse({ name: 'box', kind: 'ssh', host: 'box', root, cpu_slots: 2 }) as BoxOf<'ssh'>,
        transport: new ShellTransport(home, { prelude: 'echo Welcome to the box', bash: shell === 'bash' }),
        system: realSystem(),
        shell: () => ({ program: 'sh', args: [] }),
      });
      await worker.probe();
      writeFileSync(path.join(root, 'box.env'), `RC_LOCKS='${home}/locks'\nRC_LINGER=0\nRC_GRACE=2\n`);
    });
    after(() => home && rmSync(home, { recursive: true, force: true }));

    it('runs a commit to its end and gives its log byte for byte', async () => {
      const shipment = shipmentOf(repo, base, {
        run: 'printf "loss 1\\r\\n\\377"; cat a.gone b.id lf.txt; echo "$SEED $RUN_ID" ',
        seed: { env: 'SEED' },
      });
      assert.equal(await worker.submit(shipment), 'started');
      const report = await pollUntil(worker, shipment.run);
      assert.deepEqual({ state: report.state, code: report.exitCode }, { state: 'succeeded', code: 0 });
      const log = await wholeLog(worker, shipment.run);
      assert.equal(log.toString('latin1'), `loss 1\r\n\xffx$Id$\na\nb\n7 ${shipment.run}\n`);
      assert.equal(report.logBytes, log.length);
      assert.equal(await worker.submit(shipment), 'done');
    });

    it('keeps the exit code', async () => {
      const shipment = shipmentOf(repo, base, { run: 'echo no; exit 7' });
      await worker.submit(shipment);
      const report = await pollUntil(worker, shipment.run);
      assert.deepEqual([report.state, report.exitCode], ['failed', 7]);
    });

    it('cancels what waits and what runs', async () => {
      const shipment = shipmentOf(repo, base, {
        run: 'setsid sh -c \'trap "" TERM; while :; do sleep 0.1; done\' & sleep 100',
      });
      await worker.submit(shipment);
      await pollUntil(worker, shipment.run, new Set(['running']));
      await worker.cancel(shipment.run);
      assert.equal((await pollUntil(worker, shipment.run)).state, 'cancelled');
      const left = readdirSync('/proc').filter((pid) => {
        try {
          return (
            /^\d+$/.test(pid) &&
            readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`RUN_ID=${shipment.run}`)
          );
        } catch {
          return false;
        }
      });
      assert.deepEqual(left, []);
    });
  });
