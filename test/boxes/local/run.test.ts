import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { Worker } from '../../../src/core/workers/types.ts';
import { LocalBox } from '../../support/local-box.ts';
import { fetchAll } from '../../support/shipments.ts';

const TRAIN = `
import os, sys
print("seed", os.environ.get("SEED"), flush=True)
for step in range(3):
    print(f"step {step}: loss {3 - step}")
print("caf\\u00e9", file=sys.stderr)
os.makedirs("out", exist_ok=True)
open("out/model.bin", "wb").write(b"m" * 1000)
open("out/other.txt", "w").write("not asked for")
`;

describe('local box: a run', () => {
  let box: LocalBox;
  let worker: Worker;

  beforeEach(async () => {
    box = await LocalBox.make();
    worker = box.worker();
  });
  afterEach(() => box.remove());

  it('of a real script succeeds with its log byte for byte, its times and its artifacts', async () => {
    const commit = await box.commit({ 'train.py': TRAIN });
    const shipment = box.shipment(commit, {
      run: 'python3 train.py',
      seed: { env: 'SEED' },
      artifacts: ['out/*.bin'],
    });
    const before = Date.now();
    assert.equal((await box.report(worker, shipment.run)).state, 'absent');
    assert.equal(await worker.submit(shipment), 'started');
    const report = await box.ended(worker, shipment.run);
    assert.equal(report.state, 'succeeded', report.reason);
    assert.equal(report.exitCode, 0);
    const expected = 'seed 7\nstep 0: loss 3\nstep 1: loss 2\nstep 2: loss 1\ncafé\n';
    assert.equal(await box.log(worker, shipment.run), expected);
    assert.equal(report.logBytes, Buffer.byteLength(expected));
    assert.equal((await worker.read(shipment.run, 'log', 5, 3)).toString(), '7\ns');
    assert.ok((report.startedAt ?? 0) >= before && (report.endedAt ?? 0) >= (report.startedAt ?? 0));

    const into = path.join(box.folder, 'collected');
    assert.deepEqual(await fetchAll(worker, shipment.run, into, 10_000), ['out/model.bin']);
    assert.equal((await fs.readFile(path.join(into, 'out/model.bin'))).length, 1000);
    assert.deepEqual(await fetchAll(worker, shipment.run, into, 999), [], 'nothing above the cap');

    assert.equal(await worker.submit(shipment), 'done');
    assert.ok((await worker.tidy([shipment.run])) > 1000);
    assert.equal((await box.report(worker, shipment.run)).state, 'absent');
  });

  it('can be asked which packages its own Python lacks, and imports none for it', async () => {
    const commit = await box.commit({ 'train.py': TRAIN });
    const setup =
      'python3 -m venv --without-pip "$RESEARCH_ENV" && d=$("$RESEARCH_ENV/bin/python3" -c "import site; print(site.getsitepackages()[0])") && mkdir "$d/onlyhere" && echo "raise SystemExit(3)" > "$d/onlyhere/__init__.py"';
    const shipment = box.shipment(commit, { run: 'python3 train.py', setup });
    await worker.submit(shipment);
    assert.equal((await box.ended(worker, shipment.run)).state, 'succeeded');
    assert.deepEqual(await worker.lacks(shipment.run, ['onlyhere', 'nowhere_at_all', 'json']), ['nowhere_at_all']);
    assert.equal(await worker.lacks('r-none-0000000000', ['json']).catch(() => undefined), undefined);
    assert.deepEqual(await worker.lacks(undefined, ['onlyhere', 'json']), ['onlyhere'], 'the account’s own Python');
  });

  it('sees every byte as committed, whatever the attributes say, and no repository', async () => {
    const bytes = Buffer.from('a\r\nb\n$Id$\r\n\xff', 'latin1');
    const commit = await box.commit({
      'data.bin': bytes,
      'hidden/x.txt': 'kept',
      '.gitattributes': '*.bin text eol=lf ident\nhidden/ export-ignore\n',
    });
    const committed = execFileSync('git', ['cat-file', 'blob', `${commit}:data.bin`], { cwd: box.repository });
    const shipment = box.shipment(commit, { run: 'cat hidden/x.txt && test ! -e .git' });
    await worker.submit(shipment);
    assert.equal((await box.ended(worker, shipment.run)).state, 'succeeded');
    const file = path.join(box.runFolder(shipment.run), 'code/data.bin');
    assert.deepEqual(await fs.readFile(file), committed);
  });

  it('that fails tells its exit code, and leaves its last words in the log', async () => {
    const commit = await box.commit({ 'train.py': 'raise SystemExit("no such data")' });
    const shipment = box.shipment(commit, { run: 'python3 train.py; exit 3' });
    await worker.submit(shipment);
    const report = await box.ended(worker, shipment.run);
    assert.equal(report.state, 'failed');
    assert.equal(report.exitCode, 3);
    assert.match(report.reason ?? '', /exit code 3\.$/);
    assert.match(await fs.readFile(path.join(box.runFolder(shipment.run), 'log'), 'utf8'), /no such data\n$/);
  });

  it('of a command that does not exist says so', async () => {
    const commit = await box.commit({ a: '1' });
    const shipment = box.shipment(commit, { run: 'no-such-trainer --fast' });
    await worker.submit(shipment);
    const report = await box.ended(worker, shipment.run);
    assert.equal(report.state, 'failed');
    assert.equal(report.exitCode, 127);
    assert.match(report.reason ?? '', /a program that was not found \(exit code 127\)/);
  });

  it('takes its seed as a flag, its variables and its inputs and links', async () => {
    const commit = await box.commit({ 'show.sh': 'echo "$@" "$COLOR"; cat data/in.txt far/away.txt' });
    const source = path.join(box.folder, 'in.txt');
    await fs.writeFile(source, 'input\n');
    await fs.mkdir(path.join(box.folder, 'far'));
    await fs.writeFile(path.join(box.folder, 'far/away.txt'), 'linked\n');
    const sha256 = createHash('sha256').update('input\n').digest('hex');
    const shipment = box.shipment(
      commit,
      {
        run: 'sh show.sh',
        seed: { flag: '--seed' },
        env: { COLOR: 'a b' },
        links: { far: path.join(box.folder, 'far') },
      },
      { inputs: [{ path: 'data/in.txt', source, sha256 }] },
    );
    await worker.submit(shipment);
    assert.equal((await box.ended(worker, shipment.run)).state, 'succeeded');
    assert.equal(await box.log(worker, shipment.run), '--seed 7 a b\ninput\nlinked\n');
  });

  it('is set up once per content of its setup inputs', async () => {
    const commit = await box.commit({ 'lock.txt': '1', a: '1' });
    const setup =
      'mkdir -p "$RESEARCH_ENV/bin" && echo built && echo x >>../../../../builds && printf "#!/bin/sh\\necho tool" > "$RESEARCH_ENV/bin/tool" && chmod +x "$RESEARCH_ENV/bin/tool"';
    const environment = { setup, setup_inputs: ['lock.txt'], run: 'tool' };
    const logs: string[] = [];
    for (const at of [commit, await box.commit({ a: '2' }), await box.commit({ 'lock.txt': '2' })]) {
      const shipment = box.shipment(at, environment);
      await worker.submit(shipment);
      assert.equal((await box.ended(worker, shipment.run)).state, 'succeeded');
      assert.equal(await box.log(worker, shipment.run), 'tool\n');
      const setupLog = await fs.readFile(path.join(box.runFolder(shipment.run), 'setup.log'), 'utf8');
      logs.push(`${setupLog}${await fs.readFile(path.join(box.folder, 'builds'), 'utf8')}`);
    }
    assert.deepEqual(logs, ['built\nx\n', 'built\nx\n', 'built\nx\nx\n']);
  });

  it('whose protected file was changed by it fails and names the file', async () => {
    const commit = await box.commit({ 'evaluate.py': 'honest', 'train.py': 'x' });
    const shipment = box.shipment(commit, {
      run: 'echo "loss 0"; echo cheat > evaluate.py',
      protected: ['evaluate.py', 'data/**'],
    });
    await worker.submit(shipment);
    const report = await box.ended(worker, shipment.run);
    assert.equal(report.state, 'failed');
    assert.match(report.reason ?? '', /protected.*evaluate\.py/i);
  });

  it('is evaluated from a fresh checkout with nothing of it but its artifacts', async () => {
    const commit = await box.commit({
      'model.py': 'good',
      'evaluate.sh': 'cat model.py; cat out/weights; test ! -e junk',
    });
    const shipment = box.shipment(commit, {
      run: 'mkdir out; echo " w" > out/weights; echo evil > model.py; touch junk',
      evaluate: 'sh evaluate.sh && test -d "$RESEARCH_RUN_DIR"',
      artifacts: ['out/*'],
    });
    await worker.submit(shipment);
    const report = await box.ended(worker, shipment.run);
    assert.equal(report.state, 'succeeded', report.reason);
    assert.equal(await box.log(worker, shipment.run), 'good w\n');
    assert.ok(!(await fs.readdir(box.runFolder(shipment.run))).includes('eval'));
  });

  it('gets its secrets, and they are nowhere on disk; keys it did not ask for it does not get', async () => {
    const secret = 'hunter2-very-secret-value';
    const commit = await box.commit({ a: '1' });
    const shipment = box.shipment(
      commit,
      {
        run: 'test "$WANDB_API_KEY" = "$WANTED" && echo right; echo "[$OPENAI_API_KEY]"',
        secrets: ['WANDB_API_KEY', 'WANTED'],
      },
      { secrets: { WANDB_API_KEY: secret, WANTED: secret } },
    );
    const keyed = box.worker({ system: { env: { ...process.env, OPENAI_API_KEY: 'sk-ours' } } });
    await keyed.submit(shipment);
    assert.equal((await box.ended(keyed, shipment.run)).state, 'succeeded');
    assert.equal(await box.log(keyed, shipment.run), 'right\n[]\n');
    assert.throws(() => execFileSync('grep', ['-r', secret, box.folder]), { status: 1 });
  });

  it('takes a commit that this machine lacks as a pack', async () => {
    const commit = await box.commit({ 'a.txt': 'packed' });
    const pack = execFileSync('git', ['pack-objects', '--stdout', '--revs', '-q'], {
      cwd: box.repository,
      input: `${commit}\n`,
    });
    const empty = path.join(box.folder, 'empty.git');
    execFileSync('git', ['init', '-q', '--bare', empty]);
    const shipment = box.shipment(commit, { run: 'cat a.txt' }, { gitDir: empty, pack: async () => pack });
    await worker.submit(shipment);
    assert.equal((await box.ended(worker, shipment.run)).state, 'succeeded');
    assert.equal(await box.log(worker, shipment.run), 'packed');
  });

  it('that wants GPUs of a box without any is told how to mend it', async () => {
    const commit = await box.commit({ a: '1' });
    const shipment = box.shipment(commit, { run: 'true', resources: { gpus: 1 } });
    await worker.submit(shipment);
    const report = await box.ended(worker, shipment.run);
    assert.equal(report.state, 'failed');
    assert.match(report.reason ?? '', /needs 1 GPU.*boxes\.yaml/);
  });

  it('cannot lead out of its folder', async () => {
    const commit = await box.commit({ a: '1' });
    const plain = box.shipment(commit, { run: 'true' });
    const bad = { ...plain, environment: { ...plain.environment, links: { '../../x': '/tmp' } } };
    await assert.rejects(worker.submit(bad), { code: 'bad-path' });
    const nowhere = box.shipment(commit, { run: 'true', links: { data: '/no/such/folder' } });
    await assert.rejects(worker.submit(nowhere), { code: 'link-missing' });
    assert.equal((await box.report(worker, nowhere.run)).state, 'absent');
    await assert.rejects(worker.poll(['../x']), { code: 'bad-run-id' });
  });

  it('is on a box that tells what it is and has', async () => {
    const report = await worker.probe();
    assert.equal(report.reachable, true);
    assert.match(report.hardware, /^cpu:./);
    assert.match(report.tools.git ?? '', /^\d+\.\d+/);
    assert.ok((report.disk?.freeBytes ?? 0) > 0);
  });
});
