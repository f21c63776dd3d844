import { strict as assert } from 'node:assert';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { RunState } from '../../../src/core/domain/index.ts';
import type { Research } from '../../../src/core/research.ts';
import { checkout, makePlace, openAt, type Place, until } from '../../support/research.ts';

/** A run that tells each launch to a file and stands still in each state until a gate file is there. */
function gatedRepo(gates: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'gated-'));
  const wait = (name: string) => `while [ ! -e ${gates}/${name} ]; do sleep 0.05; done`;
  writeFileSync(
    path.join(folder, 'research.yaml'),
    [
      'name: gated',
      `setup: sh setup.sh`,
      `run: sh train.sh`,
      `evaluate: sh evaluate.sh`,
      'objective: { metric: val_loss, goal: minimize }',
      'editable: [train.sh]',
      'protected: [evaluate.sh, setup.sh]',
      'resources: { gpus: 0, timeout: 5m }',
      'seed: { env: SEED }',
      '',
    ].join('\n'),
  );
  writeFileSync(path.join(folder, 'setup.sh'), `${wait('preparing')}\n`);
  const train = [
    `echo "$RUN_ID" >> ${gates}/launches`,
    'i=0',
    'while [ $i -lt 200 ]; do echo "step $i: train loss 1.0, val loss 2.$i"; i=$((i+1)); done',
    wait('running'),
    'echo "step 200: train loss 1.0, val loss 1.5"',
  ];
  writeFileSync(path.join(folder, 'train.sh'), `${train.join('\n')}\n`);
  writeFileSync(path.join(folder, 'evaluate.sh'), `${wait('finishing')}\necho "val_loss: 1.25"\n`);
  return folder;
}

class Window {
  readonly process: ChildProcess;

  constructor(place: Place, holder: string) {
    const entry = path.join(checkout, 'out/test/boxes/loop/driver.entry.js');
    this.process = spawn(process.execPath, ['--enable-source-maps', entry, place.repo, holder], {
      env: place.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }

  async opened(): Promise<this> {
    if (this.process.stdout) await once(this.process.stdout, 'data');
    return this;
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
  }
}

const STATES = ['waiting', 'preparing', 'running', 'finishing'] as const satisfies readonly RunState[];

describe('a driving process that is killed', function () {
  this.timeout(120_000);
  let place: Place;
  let gates: string;
  let source: string;
  let watcher: Research;
  const windows: Window[] = [];

  const window = async (holder: string): Promise<Window> => {
    const one = await new Window(place, holder).opened();
    windows.push(one);
    return one;
  };
  const open = (name: string) => writeFileSync(path.join(gates, name), '');
  const stateOf = (id: string, state: RunState) =>
    until(watcher, `run ${id} being ${state}`, async () => {
      const run = (await watcher.state()).runs.find((row) => row.id === id);
      return run?.state === state ? run : undefined;
    });

  beforeEach(async () => {
    gates = mkdtempSync(path.join(tmpdir(), 'gates-'));
    source = gatedRepo(gates);
    place = makePlace(source);
    place.boxes('boxes:\n  - { name: here, kind: local, slots: 1 }\n');
    watcher = await openAt(place, { mayDrive: false });
  });

  afterEach(async () => {
    for (const name of [...STATES, 'blocker']) open(name);
    for (const one of windows.splice(0)) await one.kill();
    await watcher.close();
    place.dispose();
    rmSync(source, { recursive: true, force: true });
    rmSync(gates, { recursive: true, force: true });
  });

  for (const state of STATES) {
    it(`while a run is ${state}: the next one ends it once, with its whole log, launched once`, async () => {
      const first = await window('first');
      const order = ['waiting', 'preparing', 'running', 'finishing'];
      for (const earlier of order.slice(0, order.indexOf(state))) open(earlier);
      let blocker: string | undefined;
      if (state === 'waiting') {
        // The only slot is taken by another run, so that this one waits on the box.
        [blocker] = await watcher.runBaseline({ seeds: 1 });
        await stateOf(blocker ?? '', 'preparing');
      }
      const ids = await watcher.runBaseline({ seeds: 1 });
      const [id = ''] = ids;
      await stateOf(id, state);
      await first.kill();
      await window('second');
      for (const later of order) open(later);
      const [ended] = await watcher.waitForRuns([id]);
      if (blocker) await watcher.waitForRuns([blocker]);
      assert.equal(ended?.state, 'succeeded', ended?.reason);
      const launches = readFileSync(path.join(gates, 'launches'), 'utf8').trim().split('\n');
      assert.deepEqual(
        launches.filter((line) => line === id),
        [id],
        'launched once',
      );
      const onBox = readFileSync(path.join(place.data, 'research-copilot/v1/runs', id, 'log'));
      const here = readFileSync(watcher.logFile(id));
      const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
      assert.equal(sha(here), sha(onBox), 'the local log is the box’s log');
      const curve = await watcher.curve(id, 'val_loss');
      const steps = curve.filter((point) => point.step !== null).map((point) => point.step);
      assert.deepEqual(
        steps,
        Array.from({ length: 201 }, (_, step) => step),
        'no line twice, none lost',
      );
    });
  }

  it('is followed by exactly one of the other windows', async () => {
    const first = await window('first');
    await until(watcher, 'somebody driving', async () =>
      (await watcher.state()).driver.pid === first.process.pid ? true : undefined,
    );
    await window('second');
    await window('terminal');
    for (const name of STATES) open(name);
    const [id = ''] = await watcher.runBaseline({ seeds: 1 });
    await first.kill();
    const next = await until(watcher, 'another one driving', async () => {
      const { driver } = await watcher.state();
      return driver.pid !== undefined && driver.pid !== first.process.pid ? driver.pid : undefined;
    });
    assert.ok(windows.some((one) => one.process.pid === next));
    const [ended] = await watcher.waitForRuns([id]);
    assert.equal(ended?.state, 'succeeded', ended?.reason);
    assert.equal(readFileSync(path.join(gates, 'launches'), 'utf8').trim().split('\n').length, 1);
  });
});

describe('a cancelled run', function () {
  this.timeout(60_000);
  it('leaves no process and no later launch, whatever state it was in', async () => {
    const gates = mkdtempSync(path.join(tmpdir(), 'gates-'));
    const source = gatedRepo(gates);
    const place = makePlace(source);
    place.boxes('boxes:\n  - { name: here, kind: local, slots: 1 }\n');
    mkdirSync(gates, { recursive: true });
    writeFileSync(path.join(gates, 'preparing'), '');
    const research = await openAt(place);
    try {
      const [first = '', second = ''] = await research.runBaseline({ seeds: 2 });
      await until(research, 'the first running', async () =>
        (await research.state()).runs.find((run) => run.state === 'running') ? true : undefined,
      );
      await research.cancelRun(second);
      await research.cancelRun(first);
      const ended = await research.waitForRuns([first, second]);
      assert.deepEqual(
        ended.map((run) => run.state),
        ['cancelled', 'cancelled'],
      );
      const launches = existsSync(path.join(gates, 'launches'))
        ? readFileSync(path.join(gates, 'launches'), 'utf8').trim().split('\n')
        : [];
      assert.equal(launches.length, 1, 'the waiting one never began');
    } finally {
      await research.close();
      place.dispose();
      rmSync(source, { recursive: true, force: true });
      rmSync(gates, { recursive: true, force: true });
    }
  });
});
