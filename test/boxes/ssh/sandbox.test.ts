import * as assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { GitRepo } from '../../support/git-repo.ts';
import { pollUntil, shipmentOf, wholeLog } from '../../support/shipments.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { type TestWorker, workerOf } from '../../support/workers.ts';

/** Leaves its session, its parents and its environment behind and closes what it was given, then rewrites the reward. */
const DAEMON = `
import os, sys, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
os.chdir("/")
os.closerange(0, int(sys.argv[2]))
while True:
    try:
        with open(sys.argv[1] + "/evaluate.py", "w") as file: file.write('print("score 1000")')
        with open(sys.argv[1] + "/came", "w") as file: file.write("x")
    except OSError: pass
    time.sleep(0.002)
`;

/** Why bwrap cannot work for an account of this machine; undefined where it can. */
function whyNoBwrap(): string | undefined {
  const tried = spawnSync('bwrap', ['--ro-bind', '/', '/', '--unshare-pid', '--proc', '/proc', 'true'], {
    encoding: 'utf8',
    uid: process.getuid?.() === 0 ? 65534 : undefined,
  });
  if (tried.error) return 'bwrap is missing: apt-get install -y --no-install-recommends bubblewrap';
  return tried.status === 0 ? undefined : `bwrap does not work on this machine: ${tried.stderr.trim()}`;
}

describe('The sandbox of an ssh box', () => {
  let box: TestBox;
  let folder: string;
  let repo: GitRepo;
  let base: string;
  const workers: TestWorker[] = [];
  const noBwrap = whyNoBwrap();

  const workerWith = (part: Readonly<Record<string, unknown>>) => {
    const made = workerOf(box, { box: part });
    workers.push(made);
    return made.worker;
  };
  /** A stand-in for a program of the box; undefined takes it away. */
  const program = (name: string, text: string | undefined) => {
    const file = path.join(path.dirname(box.home), 'bin', name);
    if (text === undefined) rmSync(file, { force: true });
    else writeFileSync(file, text, { mode: 0o755 });
  };
  const inRun = (run: string, name: string) => path.join(box.root, 'runs', run, name);

  before(async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    folder = mkdtempSync(path.join(tmpdir(), 'rc-sandbox-'));
    repo = new GitRepo(path.join(folder, 'repo'));
    base = repo.commit({ 'daemon.py': DAEMON, 'evaluate.py': 'print("score 1")\n', 'uv.lock': '1\n' });
    box = await startBox({ name: 'box6', gpus: 1 });
    mkdirSync(path.join(box.home, '.ssh'));
    writeFileSync(path.join(box.home, '.ssh/id'), 'PRIVATE KEY');
  });
  afterEach(() => {
    for (const name of ['bwrap', 'docker', 'apptainer']) program(name, undefined);
  });
  after(async () => {
    for (const { connection } of workers) connection.dispose();
    await box?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it('bwrap: shows a run its own folder and hides keys, other runs, locks and processes', async function () {
    if (noBwrap !== undefined) {
      console.log(`      skipped: ${noBwrap}`);
      this.skip();
    }
    const worker = workerWith({ sandbox: 'bwrap' });
    const shipment = shipmentOf(
      repo,
      base,
      {
        setup: 'mkdir -p "$RESEARCH_ENV" && echo env >"$RESEARCH_ENV/made"',
        setup_inputs: ['uv.lock'],
        run: [
          `cat ${box.home}/.ssh/id 2>/dev/null && echo LEAK key`,
          `ls -A ${box.root}/runs | grep -qv "$RUN_ID" && echo LEAK runs`,
          `[ "$(ls -A ${box.home}/locks 2>/dev/null)" = "" ] || echo LEAK locks`,
          `[ -e ${box.root}/runs/$RUN_ID/spec ] && echo LEAK spec`,
          // A folder's descriptor would lead out of the sandbox.
          'for fd in /proc/self/fd/*; do [ -d "$fd" ] && [ "$(basename "$fd")" -gt 3 ] && echo LEAK descriptor; done',
          '[ "$(ls -d /proc/[0-9]* | wc -l)" -lt 8 ] || echo LEAK processes',
          'touch /etc/x /usr/x "$RESEARCH_ENV/y" 2>/dev/null && echo LEAK write',
          'cat "$RESEARCH_ENV/made"; mkdir out; for f in out/a /tmp/b "$HOME/c" /dev/shm/d; do echo x >"$f" && echo "wrote $(basename "$f")"; done',
          'grep "Max core file size" /proc/self/limits',
        ].join('\n'),
        evaluate: 'cat out/a; [ -e /tmp/b ] || [ -e "$HOME/c" ] || echo clean',
        artifacts: ['out/*'],
      },
      {},
    );
    await worker.submit(shipment);
    const report = await pollUntil(worker, shipment.run);
    const log = (await wholeLog(worker, shipment.run)).toString();
    assert.equal(report.state, 'succeeded', `${report.reason}\n${log}`);
    assert.doesNotMatch(log, /LEAK/);
    assert.match(log, /^env\nwrote a\nwrote b\nwrote c\nwrote d\n.*core file size +0 .*\nx\nclean\n$/);
    assert.equal(report.sandbox, 'bwrap');
    assert.ok(!existsSync(inRun(shipment.run, 'tmp')) && !existsSync(inRun(shipment.run, 'home')));
  });

  it('bwrap: a cancel lets the run save, then leaves nothing; the GPU is held until then', async function () {
    if (noBwrap !== undefined) {
      console.log(`      skipped: ${noBwrap}`);
      this.skip();
    }
    const worker = workerWith({ sandbox: 'bwrap' });
    const resources = { gpus: 1, timeout: '1m' };
    const first = shipmentOf(repo, base, {
      // The shell's own stderr away: of its sleep that the TERM met it may say "Terminated", or not.
      run: 'exec 2>/dev/null; env -i setsid sh -c \'trap "" TERM; while :; do sleep 0.1; done\' & trap "echo saving; sleep 0.3; echo saved; exit 0" TERM; echo up; while :; do sleep 0.05; done',
      resources,
    });
    const second = shipmentOf(repo, base, { run: 'echo second', resources });
    await worker.submit(first);
    await pollUntil(worker, first.run, new Set(['running']));
    for (let up = ''; !up.includes('up'); ) up = (await wholeLog(worker, first.run)).toString();
    await worker.submit(second);
    await worker.cancel(first.run);
    assert.equal((await pollUntil(worker, first.run)).state, 'cancelled');
    assert.equal((await wholeLog(worker, first.run)).toString(), 'up\nsaving\nsaved\n');
    assert.equal((await pollUntil(worker, second.run)).state, 'succeeded');
    assert.deepEqual(
      box.processes().filter(({ command }) => command.includes('trap')),
      [],
    );
  });

  it('no daemon of a run lives to rewrite the reward, whatever it left behind', async () => {
    const kinds = noBwrap === undefined ? ['none', 'bwrap'] : ['none'];
    if (noBwrap !== undefined) console.log(`      without bwrap: ${noBwrap}`);
    for (const sandbox of kinds) {
      const worker = workerWith({ sandbox });
      const shipment = shipmentOf(repo, base, {
        // Outside a sandbox the slot's lock in its hands gives it away; inside, nothing it does matters.
        run: `env -i "$(command -v python3)" daemon.py "$PWD" ${sandbox === 'none' ? 3 : 256}; env -i "$(command -v python3)" daemon.py "\${PWD%/code}/eval" ${sandbox === 'none' ? 3 : 256}; while [ ! -e came ]; do sleep 0.02; done`,
        evaluate: 'cat evaluate.py; python3 evaluate.py; sleep 0.2; cat evaluate.py; ls',
      });
      await worker.submit(shipment);
      const report = await pollUntil(worker, shipment.run);
      assert.equal(report.state, 'succeeded', report.reason);
      assert.equal(
        (await wholeLog(worker, shipment.run)).toString(),
        'print("score 1")\nscore 1\nprint("score 1")\ndaemon.py\nevaluate.py\nuv.lock\n',
      );
      assert.deepEqual(
        box.processes().filter(({ command }) => command.includes('daemon.py')),
        [],
        sandbox,
      );
    }
  });

  it('fails a run whose named sandbox does not work, and says why; auto runs without and says none', async () => {
    program('bwrap', '#!/bin/sh\necho "bwrap: setting up uid map: Permission denied" >&2\nexit 1\n');
    const named = workerWith({ sandbox: 'bwrap' });
    const refused = shipmentOf(repo, base, { run: 'echo never' });
    await named.submit(refused);
    const report = await pollUntil(named, refused.run);
    assert.equal(report.state, 'failed');
    assert.match(report.reason ?? '', /bwrap of this box cannot be used.*setting up uid map: Permission denied/);
    assert.match(report.reason ?? '', /boxes\.yaml/);
    assert.equal((await wholeLog(named, refused.run)).length, 0);

    box.bend('RC_SANDBOX=auto');
    const auto = workerWith({ sandbox: 'auto' });
    const plain = shipmentOf(repo, base, { run: 'echo ran' });
    await auto.submit(plain);
    const ran = await pollUntil(auto, plain.run);
    assert.deepEqual([ran.state, ran.sandbox], ['succeeded', 'none']);

    const imageless = workerWith({ sandbox: 'docker' });
    program('docker', '#!/bin/sh\nexit 0\n');
    const missing = shipmentOf(repo, base, { run: 'echo never' });
    await imageless.submit(missing);
    assert.match((await pollUntil(imageless, missing.run)).reason ?? '', /docker needs sandbox_image/);
  });

  // docker and apptainer are stand-ins here: what is shown is the command line, not that they isolate.
  it('docker (stand-in): runs in the image with the run’s folder, GPU and variables; no secret in an argument', async () => {
    program(
      'docker',
      `#!/bin/sh
[ "$1" = rm ] && { echo "$*" >>"${box.home}/docker-rm"; exit 0; }
for arg; do case $arg in 'echo works') echo works; exit 0 ;; esac; done
printf '%s\\n' "$@" >"${box.home}/docker-args"
while [ "$1" != img:1 ]; do [ "$1" = --workdir ] && cd "$2"; shift; done
shift
exec /bin/sh "$@"
`,
    );
    const worker = workerWith({ sandbox: 'docker', sandbox_image: 'img:1' });
    const shipment = shipmentOf(
      repo,
      base,
      { run: 'echo "$A"; cat uv.lock', env: { A: 'it is $HOME' }, resources: { gpus: 1, timeout: '1m' } },
      { secrets: { TOKEN: 'hunter2' } },
    );
    await worker.submit(shipment);
    const report = await pollUntil(worker, shipment.run);
    assert.equal(report.state, 'succeeded', report.reason);
    assert.equal((await wholeLog(worker, shipment.run)).toString(), 'it is $HOME\n1\n');
    const args = readFileSync(path.join(box.home, 'docker-args'), 'utf8');
    const code = inRun(shipment.run, 'code');
    assert.ok(args.includes(`--volume\n${code}:${code}\n`), args);
    assert.match(args, /--gpus\n"device=GPU-/);
    assert.match(args, /--env\nA\n[\s\S]*--env\nTOKEN\n/);
    assert.match(args, /--read-only\n[\s\S]*--cap-drop\nALL\n/);
    assert.doesNotMatch(args, /hunter2|it is \$HOME/);
    assert.match(readFileSync(path.join(box.home, 'docker-rm'), 'utf8'), new RegExp(`rm -f rc-${shipment.run}-run`));
  });

  it('apptainer (stand-in): gets the run’s folder and, by APPTAINERENV_, its variables', async () => {
    program(
      'apptainer',
      `#!/bin/sh
for arg; do case $arg in 'echo works') echo works; exit 0 ;; esac; done
printf '%s\\n' "$@" >"${box.home}/apptainer-args"
while [ "$1" != img.sif ]; do [ "$1" = --pwd ] && cd "$2"; shift; done
shift
unset A
A=$APPTAINERENV_A TOKEN=$APPTAINERENV_TOKEN exec "$@"
`,
    );
    const worker = workerWith({ sandbox: 'apptainer', sandbox_image: 'img.sif' });
    const shipment = shipmentOf(
      repo,
      base,
      { run: 'echo "$A"; printf %s "$TOKEN" | wc -c', env: { A: 'it is $HOME' } },
      { secrets: { TOKEN: 'hunter2' } },
    );
    await worker.submit(shipment);
    const report = await pollUntil(worker, shipment.run);
    assert.equal(report.state, 'succeeded', report.reason);
    assert.equal((await wholeLog(worker, shipment.run)).toString(), 'it is $HOME\n7\n');
    const args = readFileSync(path.join(box.home, 'apptainer-args'), 'utf8');
    assert.match(args, /^exec\n--containall\n--no-home\n--pwd\n/);
    assert.doesNotMatch(args, /hunter2/);
  });
});
