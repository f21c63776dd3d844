import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { Run } from '../../../src/core/domain/index.ts';
import { openResearch, type Research } from '../../../src/core/research.ts';
import { agreeingHost, makePlace, type Place, until } from '../../support/research.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { movableClock } from '../../support/store.ts';

/** A run that says on which box it began, and stands still until that box's gate is open. */
function gatedRepo(gates: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'moves-'));
  const lines = [
    'name: moves',
    'run: sh train.sh',
    'objective: { metric: val_loss, goal: minimize }',
    'editable: [train.sh]',
    'resources: { gpus: 0, timeout: 5m }',
    'seed: { env: SEED }',
    '',
  ];
  writeFileSync(path.join(folder, 'research.yaml'), lines.join('\n'));
  const train = [
    `: > "${gates}/launch $BOX $RUN_ID"`,
    `while [ ! -e ${gates}/$BOX ]; do sleep 0.05; done`,
    'echo "val_loss: 1.$SEED"',
    '',
  ];
  writeFileSync(path.join(folder, 'train.sh'), train.join('\n'));
  return folder;
}

describe('runs that move from one box to another', () => {
  let boxes: TestBox[];
  let configFile: string;
  let gates: string;
  let source: string;
  let place: Place;
  let research: Research;
  const clock = movableClock();

  before(async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    boxes = [];
    for (const name of ['alpha', 'beta']) boxes.push(await startBox({ name, env: { BOX: name } }));
    configFile = path.join(mkdtempSync(path.join(tmpdir(), 'moves-ssh-')), 'config');
    writeFileSync(configFile, boxes.map((box) => readFileSync(box.sshConfigFile, 'utf8')).join('\n'));
  });

  after(async () => {
    for (const box of boxes ?? []) await box.stop();
    if (configFile) rmSync(path.dirname(configFile), { recursive: true, force: true });
  });

  beforeEach(() => {
    gates = mkdtempSync(path.join(tmpdir(), 'gates-'));
    chmodSync(gates, 0o777);
    source = gatedRepo(gates);
    // A local run has no box to tell it where it is.
    place = makePlace(source, { RESEARCH_COPILOT_SSH_CONFIG: configFile, BOX: 'here' });
  });

  afterEach(async () => {
    for (const name of ['here', ...boxes.map((box) => box.name)]) open(name);
    await research?.close();
    place.dispose();
    for (const folder of [source, gates]) rmSync(folder, { recursive: true, force: true });
  });

  const open = (box: string) => writeFileSync(path.join(gates, box), '');
  const launches = () => readdirSync(gates).filter((name) => name.startsWith('launch '));
  const start = async (names: readonly string[], more = '') => {
    const line = (name: string) => `  - { name: ${name}, kind: ssh, host: ${name}, gpus: [], cpu_slots: 1${more} }\n`;
    place.boxes(`boxes:\n${names.map(line).join('')}`);
    research = await openResearch({
      folder: place.repo,
      host: agreeingHost(),
      holder: 'test',
      system: { ...place.system, clock },
    });
  };
  const runs = async (): Promise<readonly Run[]> => (await research.state()).runs;
  const when = (what: string, is: (rows: readonly Run[]) => boolean) =>
    until(research, what, async () => {
      const rows = await runs();
      return is(rows) ? rows : undefined;
    });
  const counting = (rows: readonly Run[]) =>
    rows
      .filter((run) => run.counts)
      .map((run) => `${run.seed} ${run.state}`)
      .sort();

  it('leaves a drained box what it began, and takes back what waits there: each seed runs and counts once', async () => {
    await start(['alpha', 'beta']);
    const asked = await research.runBaseline({ seeds: 4 });
    const before = await when('one at work and one waiting on each', (rows) => {
      const at = (box: string, state: string) => rows.some((run) => run.box === box && run.state === state);
      return ['alpha', 'beta'].every((box) => at(box, 'running') && at(box, 'waiting'));
    });
    const waited = before.find((run) => run.box === 'alpha' && run.state === 'waiting');
    await research.setBox('alpha', 'drain');
    await when('the waiting one being back in the queue', (rows) => rows.some((run) => run.retries === waited?.id));
    const [extra = ''] = await research.runBaseline({ seeds: 1 });
    open('alpha');
    open('beta');
    const ended = await research.waitForRuns([...asked, extra]);
    assert.deepEqual(
      ended.map((run) => run.state),
      ended.map(() => 'succeeded'),
    );
    const rows = await runs();
    const left = rows.find((run) => run.id === waited?.id);
    assert.equal(left?.state, 'cancelled');
    assert.match(left?.reason ?? '', /Taken back from alpha/);
    assert.equal(launches().filter((line) => line.startsWith('launch alpha ')).length, 1, 'nothing new began on alpha');
    assert.equal(launches().length, 5);
    assert.deepEqual(
      counting(rows),
      [1, 2, 3, 4].map((seed) => `${seed} succeeded`),
    );
    await research.setBox('alpha', 'resume');
    assert.ok(!(await research.boxes()).some((box) => box.drained));
  });

  it('moves what can no longer begin from a box that is silent; where it began all the same, one copy counts', async () => {
    await start(['alpha'], ', away_hours: 1');
    const [alpha] = boxes;
    assert.ok(alpha);
    const [first = '', second = ''] = await research.runBaseline({ seeds: 2 });
    await when('one at work and one waiting', (rows) => {
      const state = (id: string) => rows.find((run) => run.id === id)?.state;
      return state(first) === 'running' && state(second) === 'waiting';
    });
    await alpha.stopServer();
    execFileSync('pkill', ['-KILL', '-u', alpha.user, 'sshd']);
    await when('the box being unreachable', (rows) => rows.every((run) => run.unreachableSince !== undefined));
    place.boxes(
      'boxes:\n  - { name: alpha, kind: ssh, host: alpha, gpus: [], cpu_slots: 1, away_hours: 1 }\n  - { name: beta, kind: ssh, host: beta, gpus: [], cpu_slots: 1 }\n',
    );
    clock.advance(59 * 60_000);
    assert.ok(
      (await runs()).every((run) => run.retries === undefined),
      'its time has not come',
    );
    // The box works on without us, and begins the second in time.
    open('alpha');
    open('beta');
    clock.advance(20 * 60_000);
    const moved = await when('a copy at its end elsewhere', (rows) =>
      rows.some((run) => run.retries === second && run.state === 'succeeded'),
    );
    assert.equal(moved.find((run) => run.retries === second)?.box, 'beta');
    assert.match(moved.find((run) => run.id === second)?.reason ?? '', /Moved to beta/);
    assert.equal(moved.find((run) => run.id === first)?.cancelAsked, false, 'what had begun is left alone');
    await research.waitForRuns([second]);
    await alpha.startServer();
    clock.advance(2 * 60_000);
    const rows = await when('alpha telling what became of its runs', (all) =>
      [first, second].every((id) => all.find((run) => run.id === id)?.state === 'succeeded'),
    );
    assert.equal(rows.length, 3);
    assert.deepEqual(counting(rows), ['1 succeeded', '2 succeeded']);
    assert.equal(rows.find((run) => run.id === second)?.counts, false, 'the later try counts');
  });

  it('are never asked for on another machine that their box’s name stands for by now', async () => {
    const line = (root: string) =>
      place.boxes(`boxes:\n  - { name: here, kind: local, root: "${path.join(place.root, root)}" }\n`);
    await start([]);
    line('first');
    const [id = ''] = await research.runBaseline({ seeds: 1 });
    await when('it being at work', (rows) => rows[0]?.state === 'running');
    line('second');
    const left = await when('its row saying so', (rows) => /another machine/.test(rows[0]?.reason ?? ''));
    assert.equal(left[0]?.state, 'running', 'a stranger’s word that it has no such run is not asked for');
    line('first');
    open('here');
    const [ended] = await research.waitForRuns([id]);
    assert.equal(ended?.state, 'succeeded');
  });
});
