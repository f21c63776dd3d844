import * as assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { SshConnection } from '../../../src/core/workers/ssh/worker.ts';
import { GitRepo } from '../../support/git-repo.ts';
import { fetchAll, newRunId, pollUntil, shipmentOf, wholeLog } from '../../support/shipments.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { workerBy } from '../../support/workers.ts';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** What must hold whichever client reaches the box; what is slow is held to the second one in the full tests only. */
const cases = (client: 'ssh2' | 'system') => () => {
  const both = it;
  const more = (title: string, run: () => Promise<void>) => {
    if (client === 'ssh2' || process.env.FULL === '1') it(title, run);
  };

  let box: TestBox;
  let folder: string;
  let repo: GitRepo;
  let base: string;
  let ssh: ReturnType<typeof workerBy>;
  /** Bytes and calls, where the client counts them. */
  const traffic = () => (ssh.transport instanceof SshConnection ? ssh.transport.traffic() : undefined);

  before(async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    folder = mkdtempSync(path.join(tmpdir(), 'rc-ssh-'));
    repo = new GitRepo(path.join(folder, `it's "the" $(repo)`));
    base = repo.commit({
      'train.py': Array.from({ length: 200 }, (_, line) => `print("line ${line} of the script")\n`).join(''),
      'data/a file with spaces.txt': 'x\n',
    });
    box = await startBox({ name: 'box1', gpus: 2 });
    ssh = workerBy(client, box);
  });
  after(async () => {
    ssh?.transport.dispose();
    await box?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  both('runs to success, and its log here is the box’s byte for byte', async () => {
    const shipment = shipmentOf(repo, base, { run: 'python3 train.py; head -c 300000 /dev/urandom' });
    assert.equal(await ssh.worker.submit(shipment), 'started');
    const report = await pollUntil(ssh.worker, shipment.run);
    assert.equal(report.state, 'succeeded');
    const log = await wholeLog(ssh.worker, shipment.run);
    assert.equal(sha256(log), sha256(readFileSync(path.join(box.root, 'runs', shipment.run, 'log'))));
    assert.equal(report.logBytes, log.length);
    assert.ok((report.startedAt ?? 0) > 0 && (report.endedAt ?? 0) >= (report.startedAt ?? 0));
  });

  more('ships a one-line change to a known box in at most three calls and 4 KB', async () => {
    const commit = repo.commit({
      'train.py': readFileSync(path.join(repo.root, 'train.py'), 'utf8').replace('line 7 ', 'line seven '),
    });
    const shipment = shipmentOf(repo, commit, { run: 'python3 train.py' });
    await ssh.worker.poll([shipment.run]);
    const before = traffic();
    assert.equal(await ssh.worker.submit(shipment), 'started');
    const after = traffic();
    assert.equal((await pollUntil(ssh.worker, shipment.run)).state, 'succeeded');
    assert.match((await wholeLog(ssh.worker, shipment.run)).toString(), /line seven of/);
    if (!before || !after) return;
    const bytes = after.read - before.read + after.written - before.written;
    console.log(`      ${after.calls - before.calls} calls, ${bytes} bytes on the wire`);
    assert.ok(after.calls - before.calls <= 3);
    assert.ok(bytes <= 4096, `${bytes} bytes`);
  });

  both('knows which packages a run’s own Python lacks, without importing any', async () => {
    const setup =
      'python3 -m venv --without-pip "$RESEARCH_ENV" && d=$("$RESEARCH_ENV/bin/python3" -c "import site; print(site.getsitepackages()[0])") && mkdir "$d/onlyhere" && echo "raise SystemExit(3)" > "$d/onlyhere/__init__.py"';
    const shipment = shipmentOf(repo, base, { run: 'python3 -c "import json"', setup });
    await ssh.worker.submit(shipment);
    const report = await pollUntil(ssh.worker, shipment.run);
    assert.equal(report.state, 'succeeded', report.reason);
    const asked = ['onlyhere', 'nowhere_at_all', 'json', '; rm -rf ~'];
    assert.deepEqual(await ssh.worker.lacks(shipment.run, asked), ['nowhere_at_all']);
    assert.equal(await ssh.worker.lacks(newRunId(), asked), undefined, 'no such run, so nobody can tell');
    assert.deepEqual(await ssh.worker.lacks(undefined, ['json', 'nowhere_at_all']), ['nowhere_at_all']);
  });

  both('keeps the exit code of a failing command, and says when the command does not exist', async () => {
    const failing = shipmentOf(repo, base, { run: 'echo before; exit 41' });
    const missing = shipmentOf(repo, base, { run: 'no-such-program --at-all' });
    await Promise.all([ssh.worker.submit(failing), ssh.worker.submit(missing)]);
    const first = await pollUntil(ssh.worker, failing.run);
    assert.deepEqual([first.state, first.exitCode], ['failed', 41]);
    const second = await pollUntil(ssh.worker, missing.run);
    assert.deepEqual([second.state, second.exitCode], ['failed', 127]);
    assert.match(second.reason ?? '', /could not be started/);
    assert.match((await wholeLog(ssh.worker, missing.run)).toString(), /no-such-program/);
  });

  more('leaves no process of a cancelled run, even one that left the session and ignores TERM', async () => {
    const shipment = shipmentOf(repo, base, {
      run: 'setsid sh -c \'trap "" TERM; while :; do sleep 0.1; done\' & echo up; sleep 100',
    });
    await ssh.worker.submit(shipment);
    await pollUntil(ssh.worker, shipment.run, new Set(['running']));
    await ssh.worker.cancel(shipment.run);
    const report = await pollUntil(ssh.worker, shipment.run);
    assert.equal(report.state, 'cancelled');
    assert.deepEqual(
      box.processes().filter(({ environ }) => environ.includes(`RUN_ID=${shipment.run}`)),
      [],
    );
  });

  more('sweeps what a run that succeeded left behind', async () => {
    const shipment = shipmentOf(repo, base, { run: 'setsid sleep 300 & echo done' });
    await ssh.worker.submit(shipment);
    assert.equal((await pollUntil(ssh.worker, shipment.run)).state, 'succeeded');
    assert.deepEqual(
      box.processes().filter(({ environ }) => environ.includes(`RUN_ID=${shipment.run}`)),
      [],
    );
  });

  more('stops a run at its timeout', async () => {
    const shipment = shipmentOf(repo, base, { run: 'sleep 300', resources: { gpus: 0, timeout: '1s' } });
    await ssh.worker.submit(shipment);
    const report = await pollUntil(ssh.worker, shipment.run);
    assert.equal(report.state, 'timed-out');
    assert.match(report.reason ?? '', /1 s/);
  });

  more('starts once, however many ask at the same time', async () => {
    const shipment = shipmentOf(repo, base, { run: 'echo x >>"$HOME/starts"; sleep 3' });
    const answers = await Promise.all(Array.from({ length: 8 }, () => ssh.worker.submit(shipment)));
    assert.equal(answers.filter((answer) => answer === 'started').length, 1, answers.join());
    assert.ok(
      answers.every((answer) => answer === 'started' || answer === 'already'),
      answers.join(),
    );
    await pollUntil(ssh.worker, shipment.run);
    assert.equal(readFileSync(path.join(box.home, 'starts'), 'utf8'), 'x\n');
    assert.equal(await ssh.worker.submit(shipment), 'done');
  });

  both('carries any value unharmed: quotes, line breaks, $(), unicode, 4 KB', async () => {
    const env = {
      QUOTES: `it's "quoted" \`back\` $(touch /tmp/never) \\ end`,
      LINES: 'one\ntwo\n\n',
      DASH: '-rf /',
      LONG: 'ü'.repeat(2048),
      EMPTY: '',
    };
    const shipment = shipmentOf(
      repo,
      base,
      {
        run: `python3 -c 'import os, json; print(json.dumps({k: os.environ[k] for k in ${JSON.stringify(Object.keys(env))}}))'`,
        env,
      },
      { secrets: { TOKEN: 'a\'b"c$(d)\n' } },
    );
    await ssh.worker.submit(shipment);
    assert.equal((await pollUntil(ssh.worker, shipment.run)).state, 'succeeded');
    assert.deepEqual(JSON.parse((await wholeLog(ssh.worker, shipment.run)).toString()), env);
  });

  more('never writes a secret to the box’s disk or shows it in a command line', async () => {
    const secret = `s3cret-${newRunId()}`;
    const shipment = shipmentOf(
      repo,
      base,
      {
        run: `test "$WANDB_API_KEY" = ${secret.split('').join("''")} && echo has it; while [ ! -e "$HOME/go" ]; do sleep 0.05; done`,
      },
      { secrets: { WANDB_API_KEY: secret } },
    );
    await ssh.worker.submit(shipment);
    await pollUntil(ssh.worker, shipment.run, new Set(['running']));
    const shown = box.processes().filter(({ command }) => command.includes(secret));
    assert.deepEqual(shown, []);
    const onDisk = spawnSync('grep', ['-rlF', secret, box.home], { encoding: 'utf8' }).stdout;
    assert.equal(onDisk, '');
    writeFileSync(path.join(box.home, 'go'), '');
    assert.equal((await pollUntil(ssh.worker, shipment.run)).state, 'succeeded');
    assert.match((await wholeLog(ssh.worker, shipment.run)).toString(), /has it/);
  });

  both('ships inputs once by content, lays links, and says which link is missing', async () => {
    const source = path.join(folder, 'tokens.bin');
    const bytes = randomBytes(3_000_000);
    writeFileSync(source, bytes);
    const inputs = [{ path: 'data/tokens one.bin', source, sha256: sha256(bytes) }];
    const environment = {
      run: 'sha256sum "data/tokens one.bin" shared/passwd',
      links: { 'shared/passwd': '/etc/hosts' },
    };
    const first = shipmentOf(repo, base, environment, { inputs });
    await ssh.worker.submit(first);
    assert.equal((await pollUntil(ssh.worker, first.run)).state, 'succeeded');
    const log = (await wholeLog(ssh.worker, first.run)).toString();
    assert.ok(log.includes(sha256(bytes)) && log.includes(sha256(readFileSync('/etc/hosts'))));
    const again = shipmentOf(repo, base, environment, { inputs });
    const before = traffic();
    await ssh.worker.submit(again);
    const after = traffic();
    if (before && after) assert.ok(after.written - before.written < 10_000, 'the input was sent again');
    await pollUntil(ssh.worker, again.run);

    const missing = shipmentOf(repo, base, { run: 'true', links: { data: '/no/such/folder' } });
    await assert.rejects(ssh.worker.submit(missing), (error: Error & { code: string }) => {
      assert.equal(error.code, 'link-missing');
      assert.match(error.message, /links: data points to \/no\/such\/folder on .*does not exist there/);
      return true;
    });
    assert.equal((await ssh.worker.poll([missing.run]))[0]?.state, 'absent');
    const hidden = shipmentOf(repo, base, { run: 'true', links: { data: '/etc/shadow' } });
    await assert.rejects(ssh.worker.submit(hidden), /cannot be read there/);
  });

  more('fails a run that touched a protected file, and evaluates from a fresh checkout', async () => {
    const commit = repo.commit({
      'evaluate.py': 'import pathlib; print("score", pathlib.Path("out/model.txt").read_text())\n',
      'helper.py': 'VALUE = 1\n',
    });
    const honest = shipmentOf(repo, commit, {
      run: 'mkdir out; printf 42 >out/model.txt; echo "VALUE = 2" >helper.py',
      evaluate: 'python3 evaluate.py; cat helper.py',
      protected: ['evaluate.py'],
      artifacts: ['out/*'],
    });
    const cheat = shipmentOf(repo, commit, {
      run: 'touch -r evaluate.py stamp; sed -i s/score/Score/ evaluate.py; touch -r stamp evaluate.py',
      evaluate: 'python3 evaluate.py',
      protected: ['evaluate.py'],
    });
    await Promise.all([ssh.worker.submit(honest), ssh.worker.submit(cheat)]);
    assert.equal((await pollUntil(ssh.worker, honest.run)).state, 'succeeded');
    assert.equal((await wholeLog(ssh.worker, honest.run)).toString(), 'score 42\nVALUE = 1\n');
    const report = await pollUntil(ssh.worker, cheat.run);
    assert.equal(report.state, 'failed');
    assert.match(report.reason ?? '', /Protected files .* evaluate\.py/);
    assert.equal((await wholeLog(ssh.worker, cheat.run)).toString(), '');

    const into = path.join(folder, 'collected');
    assert.deepEqual(await fetchAll(ssh.worker, honest.run, into, 1000), ['out/model.txt']);
    assert.equal(readFileSync(path.join(into, 'out/model.txt'), 'utf8'), '42');
    assert.deepEqual(await fetchAll(ssh.worker, honest.run, path.join(folder, 'none'), 1), []);
  });

  more('collects no file through a link out of the run', async () => {
    const shipment = shipmentOf(repo, base, {
      run: 'mkdir out real; ln -s /etc out/etc; ln -s /etc/passwd out/passwd; echo fine >out/fine',
      artifacts: ['out/**'],
    });
    await ssh.worker.submit(shipment);
    await pollUntil(ssh.worker, shipment.run);
    assert.deepEqual(await fetchAll(ssh.worker, shipment.run, path.join(folder, 'linked'), 1e9), ['out/fine']);
  });

  more(
    'builds the environment once for runs that want it at the same time, and again when its inputs change',
    async () => {
      const commit = repo.commit({ 'uv.lock': '1\n' });
      const environment = {
        setup:
          'echo built >>"$HOME/builds"; mkdir -p "$RESEARCH_ENV/bin"; printf "#!/bin/sh\\necho from env\\n" >"$RESEARCH_ENV/bin/tool"; chmod +x "$RESEARCH_ENV/bin/tool"',
        setup_inputs: ['uv.lock'],
        run: 'tool',
      };
      const runs = [1, 2, 3].map(() => shipmentOf(repo, commit, environment));
      await Promise.all(runs.map((shipment) => ssh.worker.submit(shipment)));
      for (const { run } of runs) assert.equal((await pollUntil(ssh.worker, run)).state, 'succeeded');
      assert.equal(readFileSync(path.join(box.home, 'builds'), 'utf8'), 'built\n');
      assert.match((await wholeLog(ssh.worker, runs[1]?.run ?? '')).toString(), /from env/);
      const changed = shipmentOf(repo, repo.commit({ 'uv.lock': '2\n' }), environment);
      await ssh.worker.submit(changed);
      await pollUntil(ssh.worker, changed.run);
      assert.equal(readFileSync(path.join(box.home, 'builds'), 'utf8'), 'built\nbuilt\n');
      const broken = shipmentOf(repo, commit, { ...environment, setup: 'echo no network; exit 3' });
      await ssh.worker.submit(broken);
      const report = await pollUntil(ssh.worker, broken.run);
      assert.match(report.reason ?? '', /setup ended with exit code 3/);
    },
  );

  more('tidies ended runs only', async () => {
    const ended = shipmentOf(repo, base, { run: 'true' });
    const live = shipmentOf(repo, base, { run: 'sleep 100' });
    await ssh.worker.submit(ended);
    await ssh.worker.submit(live);
    await pollUntil(ssh.worker, ended.run);
    await pollUntil(ssh.worker, live.run, new Set(['running']));
    assert.ok((await ssh.worker.tidy([ended.run, live.run])) > 0);
    const reports = await ssh.worker.poll([ended.run, live.run]);
    assert.deepEqual(
      reports.map(({ state }) => state),
      ['absent', 'running'],
    );
    await ssh.worker.cancel(live.run);
    await pollUntil(ssh.worker, live.run);
  });

  more('never starts a run that was cancelled before it came, or after its time', async () => {
    const early = shipmentOf(repo, base, { run: 'true' });
    await ssh.worker.cancel(early.run);
    assert.equal(await ssh.worker.submit(early), 'done');
    assert.equal((await pollUntil(ssh.worker, early.run)).state, 'cancelled');
    const late = shipmentOf(repo, base, { run: 'true' }, { startBefore: 1000 });
    await ssh.worker.submit(late);
    assert.match((await pollUntil(ssh.worker, late.run)).reason ?? '', /time to start had passed/);
  });
};

describe('A run on an ssh box', cases('ssh2'));
describe('A run on an ssh box, by the system’s ssh', cases('system'));
