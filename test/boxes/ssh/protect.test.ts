import * as assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { GitRepo } from '../../support/git-repo.ts';
import { pollUntil, shipmentOf, wholeLog } from '../../support/shipments.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { type TestWorker, workerOf } from '../../support/workers.ts';

const EVALUATE = 'import helper, pathlib; print("score", helper.VALUE, pathlib.Path("data/x.txt").read_text())\n';

/** What a patch may have done to what is protected: each gets past a gate that looks at names alone. */
const ATTACKS: Readonly<Record<string, (root: string) => void>> = {
  'is changed': (root) => writeFileSync(path.join(root, 'evaluate.py'), 'print("score 1000")\n'),
  'is a link to another file': (root) => {
    rmSync(path.join(root, 'evaluate.py'));
    writeFileSync(path.join(root, 'mine.py'), 'print("score 1000")\n');
    symlinkSync('mine.py', path.join(root, 'evaluate.py'));
  },
  'is a folder': (root) => {
    rmSync(path.join(root, 'evaluate.py'));
    mkdirSync(path.join(root, 'evaluate.py'));
    writeFileSync(path.join(root, 'evaluate.py/__main__.py'), 'print("score 1000")\n');
  },
  'is deleted': (root) => rmSync(path.join(root, 'evaluate.py')),
  'is renamed': (root) => renameSync(path.join(root, 'evaluate.py'), path.join(root, 'other.py')),
  'lies in a folder that is a link': (root) => {
    rmSync(path.join(root, 'data'), { recursive: true });
    mkdirSync(path.join(root, 'mine'));
    writeFileSync(path.join(root, 'mine/x.txt'), '1000');
    symlinkSync('mine', path.join(root, 'data'));
  },
  'has attributes': (root) => writeFileSync(path.join(root, '.gitattributes'), '* ident text eol=crlf\n'),
  'has a new file beside it': (root) => writeFileSync(path.join(root, 'data/extra.txt'), '1000'),
};

describe('What is protected, on an ssh box', () => {
  let box: TestBox;
  let folder: string;
  let repo: GitRepo;
  let base: string;
  let ssh: TestWorker;
  const shared = { evaluate: 'python3 evaluate.py; ls -A data', protected: ['evaluate.py', 'helper.py', 'data/**'] };

  before(async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    folder = mkdtempSync(path.join(tmpdir(), 'rc-protect-'));
    repo = new GitRepo(path.join(folder, 'repo'));
    base = repo.commit({ 'evaluate.py': EVALUATE, 'helper.py': 'VALUE = 7\n', 'data/x.txt': 'x', 'train.py': '' });
    box = await startBox({ name: 'box7' });
    ssh = workerOf(box);
  });
  after(async () => {
    ssh?.connection.dispose();
    await box?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it('comes from the base, whatever the commit did to it', async () => {
    const trusted = repo.parentless(base);
    const shipments = Object.entries(ATTACKS).map(([how, attack]) => {
      repo.git('checkout', '-q', '--force', base);
      repo.git('clean', '-q', '-f', '-d');
      attack(repo.root);
      const commit = repo.commit({ 'train.py': `print(${JSON.stringify(how)})\n` });
      return { how, shipment: shipmentOf(repo, commit, { ...shared, run: 'python3 train.py' }, { trusted }) };
    });
    repo.git('checkout', '-q', '--force', base);
    await Promise.all(shipments.map(({ shipment }) => ssh.worker.submit(shipment)));
    for (const { how, shipment } of shipments) {
      const report = await pollUntil(ssh.worker, shipment.run);
      assert.equal(report.state, 'succeeded', `${how}: ${report.reason}`);
      const log = (await wholeLog(ssh.worker, shipment.run)).toString();
      assert.equal(log, `${how}\nscore 7 x\nx.txt\n`, how);
      assert.equal(report.evaluatedAt, Buffer.byteLength(`${how}\n`), how);
    }
  });

  it('is found changed by the run, however it hides it', async () => {
    const runs = [
      'cp evaluate.py copy.py; rm evaluate.py; ln -s copy.py evaluate.py',
      'rm evaluate.py; mkdir evaluate.py',
      'rm data/x.txt',
      'mv helper.py other.py',
      'mv data real; ln -s real data',
      'touch -r helper.py t; echo "VALUE = 8" >helper.py; touch -r t helper.py; echo "* -diff" >.gitattributes',
      'echo "echo score 1000" >../spec/evaluate',
      ': >../spec/protected; echo "VALUE = 8" >helper.py',
    ];
    const shipments = runs.map((run) => shipmentOf(repo, base, { ...shared, run }));
    await Promise.all(shipments.map((shipment) => ssh.worker.submit(shipment)));
    for (const [index, { run }] of shipments.entries()) {
      const report = await pollUntil(ssh.worker, run);
      assert.equal(report.state, 'failed', runs[index]);
      assert.match(
        report.reason ?? '',
        /Protected files are not as committed after the end|changed the files that tell/,
      );
      assert.equal((await wholeLog(ssh.worker, run)).length, 0, 'it was not evaluated');
    }
  });

  it('is not reached by what Python and pytest load by themselves, nor through artifacts', async () => {
    const shipment = shipmentOf(repo, base, {
      ...shared,
      run: [
        'for f in sitecustomize.py usercustomize.py conftest.py data/y.txt; do echo "print(1000)" >$f; done',
        'echo "import os; print(1000)" >x.pth; echo "VALUE = 8" >pathlib.py; mkdir out; echo kept >out/model.pth',
        'ln -s /etc out/etc',
      ].join('\n'),
      evaluate: 'python3 evaluate.py; ls -A . data out',
      artifacts: ['*.py', 'data/*', 'out/**'],
      protected: [...shared.protected, 'pathlib.py'],
    });
    await ssh.worker.submit(shipment);
    const report = await pollUntil(ssh.worker, shipment.run);
    assert.equal(report.state, 'succeeded', report.reason);
    const log = (await wholeLog(ssh.worker, shipment.run)).toString();
    assert.match(log, /^score 7 x\n/);
    assert.doesNotMatch(log, /1000|customize|conftest|pathlib|y\.txt|x\.pth|etc/);
    assert.match(log, /out:\nmodel\.pth\n$/);
  });

  it('leaves an input alone that lies in a protected folder, and writes none through a link of the commit', async () => {
    const source = path.join(folder, 'tokens.bin');
    writeFileSync(source, 'tokens');
    const inputs = [{ path: 'data/tokens.bin', source, sha256: createHash('sha256').update('tokens').digest('hex') }];
    const good = shipmentOf(
      repo,
      base,
      { ...shared, run: 'cat data/tokens.bin', evaluate: 'cat data/tokens.bin' },
      { inputs },
    );
    await ssh.worker.submit(good);
    assert.equal((await pollUntil(ssh.worker, good.run)).state, 'succeeded');
    assert.equal((await wholeLog(ssh.worker, good.run)).toString(), 'tokenstokens');

    rmSync(path.join(repo.root, 'data'), { recursive: true });
    symlinkSync(box.home, path.join(repo.root, 'data'));
    const evil = repo.commit({ 'train.py': 'x' });
    const bad = shipmentOf(repo, evil, { run: 'true' }, { inputs });
    await ssh.worker.submit(bad);
    assert.match((await pollUntil(ssh.worker, bad.run)).reason ?? '', /data\/tokens\.bin cannot be laid out.*a link/);
  });
});
