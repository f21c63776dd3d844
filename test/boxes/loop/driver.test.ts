import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { RunState } from '../../../src/core/domain/index.ts';
import type { Research } from '../../../src/core/research.ts';
import { makePlace, openAt, type Place, until } from '../../support/research.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { Window } from '../../support/window.ts';

/** A run that tells each launch to a file and stands still in each state until a gate file is there. */
function gatedRepo(gates: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'gated-'));
  const wait = (name: string) => `while [ ! -e ${gates}/${name} ]; do sleep 0.05; done`;
  writeFileSync(
    path.join(folder, 'research.yaml'),
    [
      'name: gated',
      'setup: sh setup.sh',
      'setup_inputs: [setup.sh]',
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

const STATES = [
  'queued',
  'shipping',
  'waiting',
  'preparing',
  'running',
  'finishing',
] as const satisfies readonly RunState[];
/** The gates a run stands before, in the order of its states. */
const GATES = ['preparing', 'running', 'finishing'] as const;

/** Where the runs go: this machine, or a real sshd. */
interface Target {
  readonly yaml: string;
  readonly env: NodeJS.ProcessEnv;
  log(place: Place, run: string): Buffer;
  /** Holds what the link carries, as a dead network does; none where there is no link. */
  freeze?(): () => void;
  stop(): Promise<void>;
}

const local: Target = {
  yaml: 'boxes:\n  - { name: here, kind: local, slots: 1 }\n',
  env: {},
  log: (place, run) => readFileSync(path.join(place.data, 'research-copilot/v1/runs', run, 'log')),
  stop: async () => {},
};

function overSsh(box: TestBox): Target {
  return {
    yaml: `boxes:\n  - { name: far, kind: ssh, host: ${box.name}, gpus: [], cpu_slots: 1, root: "${box.root}" }\n`,
    env: { RESEARCH_COPILOT_SSH_CONFIG: box.sshConfigFile },
    log: (_place, run) => readFileSync(path.join(box.root, 'runs', run, 'log')),
    freeze() {
      const signal = (name: string) => execFileSync('pkill', [`-${name}`, '-u', box.user, 'sshd']);
      signal('STOP');
      return () => signal('CONT');
    },
    stop: () => box.stop(),
  };
}

for (const kind of ['local', 'ssh'] as const) {
  describe(`a driving process that is killed (${kind} box)`, () => {
    let target: Target;
    let place: Place;
    let gates: string;
    let source: string;
    let watcher: Research;
    const windows: Window[] = [];

    const window = async (holder: string): Promise<Window> => {
      const one = await Window.open(place, holder);
      windows.push(one);
      return one;
    };
    const open = (name: string) => writeFileSync(path.join(gates, name), '');
    const stateOf = (id: string, state: RunState) =>
      until(watcher, `run ${id} being ${state}`, async () => {
        const run = (await watcher.state()).runs.find((row) => row.id === id);
        return run?.state === state ? run : undefined;
      });

    before(async function () {
      const why = kind === 'ssh' ? whyNoBox() : undefined;
      if (why !== undefined) {
        console.log(`skipped: ${why}`);
        this.skip();
      }
      target = kind === 'ssh' ? overSsh(await startBox({ name: 'loopbox' })) : local;
    });

    after(async () => {
      await target?.stop();
    });

    beforeEach(async () => {
      gates = mkdtempSync(path.join(tmpdir(), 'gates-'));
      chmodSync(gates, 0o777);
      source = gatedRepo(gates);
      place = makePlace(source, target.env);
      place.boxes(target.yaml);
      watcher = await openAt(place, { mayDrive: false });
    });

    afterEach(async () => {
      for (const name of GATES) open(name);
      for (const one of windows.splice(0)) await one.kill();
      await watcher.close();
      place.dispose();
      rmSync(source, { recursive: true, force: true });
      rmSync(gates, { recursive: true, force: true });
    });

    for (const state of STATES.filter((one) => kind === 'ssh' || one !== 'shipping')) {
      it(`while a run is ${state}: the next one ends it once, with its whole log, launched once`, async () => {
        const first = await window('first');
        for (const earlier of GATES.slice(0, Math.max(0, (GATES as readonly string[]).indexOf(state)))) open(earlier);
        const before: string[] = [];
        let thaw: (() => void) | undefined;
        if (state === 'queued' || state === 'waiting' || state === 'shipping') {
          // The only slot is taken by another run, so that this one waits on the box; a third one has no place there.
          before.push(...(await watcher.runBaseline({ seeds: state === 'queued' ? 2 : 1 })));
          await stateOf(before[0] ?? '', 'preparing');
          if (state === 'queued') await stateOf(before[1] ?? '', 'waiting');
          if (state === 'shipping') thaw = target.freeze?.();
        }
        const [id = ''] = await watcher.runBaseline({ seeds: 1 });
        await stateOf(id, state);
        await first.kill();
        thaw?.();
        await window('second');
        for (const later of GATES) open(later);
        const [ended] = await watcher.waitForRuns([id]);
        await watcher.waitForRuns(before);
        assert.equal(ended?.state, 'succeeded', ended?.reason);
        const launches = readFileSync(path.join(gates, 'launches'), 'utf8').trim().split('\n');
        assert.deepEqual(
          launches.filter((line) => line === id),
          [id],
          'launched once',
        );
        const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
        const here = readFileSync(watcher.logFile(id));
        assert.equal(sha(here), sha(target.log(place, id)), 'the local log is the box’s log');
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
      for (const name of GATES) open(name);
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
}

describe('a cancelled run', () => {
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
