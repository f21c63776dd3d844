import { strict as assert } from 'node:assert';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { isEnd, type Run } from '../../../src/core/domain/index.ts';
import type { Research } from '../../../src/core/research.ts';
import { recorded, stays } from '../../support/gpu-records.ts';
import { freeLocks } from '../../support/locks.ts';
import { eventually } from '../../support/processes.ts';
import { makePlace, openAt, type Place, until } from '../../support/research.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';

describe('A box that is taken away with waiting runs, and given back', () => {
  let boxes: TestBox[];
  let folder: string;
  let place: Place;
  let research: Research;

  before(function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
  });

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'give-back-'));
    chmodSync(folder, 0o777);
    boxes = [];
    for (const name of ['alpha', 'beta']) boxes.push(await startBox({ name, env: { BOX: name } }));
    const source = path.join(folder, 'source');
    const config = path.join(folder, 'ssh_config');
    writeFileSync(config, boxes.map((box) => `Include ${box.sshConfigFile}\n`).join(''));
    // Each stands still on its box until the box's gate is there.
    const work = `while [ ! -e ${folder}/$BOX ]; do sleep 0.05; done`;
    const yaml = [
      'name: give-back',
      `run: ${JSON.stringify(recorded(records(), work))}`,
      'objective: { metric: val_loss, goal: minimize }',
      "editable: ['*.txt']",
      'resources: { gpus: 0, timeout: 5m }',
      'seed: { env: SEED }',
    ];
    const made = makePlace(folder, { RESEARCH_COPILOT_SSH_CONFIG: config });
    writeFileSync(path.join(made.repo, 'research.yaml'), `${yaml.join('\n')}\n`);
    rmSync(source, { recursive: true, force: true });
    made.git('add', '-A');
    made.git('commit', '-q', '-m', 'Wait for the box');
    writeFileSync(records(), '');
    chmodSync(records(), 0o666);
    place = made;
  });

  afterEach(async () => {
    for (const name of ['alpha', 'beta']) open(name);
    await research?.close();
    for (const box of boxes ?? []) await box.stop();
    place?.dispose();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const records = () => path.join(folder, 'records');
  const open = (box: string) => writeFileSync(path.join(folder, box), '');
  const alpha = () => boxes[0] as TestBox;
  const name = (names: readonly string[], more = '') =>
    place.boxes(
      `boxes:\n${names.map((one) => `  - { name: ${one}, kind: ssh, host: ${one}, gpus: [], cpu_slots: 1, sandbox: none${more} }\n`).join('')}`,
    );
  const rows = async (): Promise<readonly Run[]> => (await research.state()).runs;
  const when = (what: string, is: (all: readonly Run[]) => boolean) =>
    until(research, what, async () => {
      const all = await rows();
      return is(all) ? all : undefined;
    }).catch(async (error: Error) => {
      const seen = (await rows()).map((run) => `${run.id} ${run.box ?? ''} ${run.state} ${run.reason ?? ''}`);
      throw new Error(`${error.message}\n${seen.join('\n')}`);
    });
  const cut = async (box: TestBox) => {
    await box.stopServer();
    box.dropConnections();
    await when('the box being unreachable', (all) => all.some((run) => run.unreachableSince !== undefined));
  };
  /** Every seed has exactly one run that counts, and it succeeded; no row was launched twice. */
  const eachCountsOnce = (all: readonly Run[], seeds: number) => {
    assert.deepEqual(
      all
        .filter((run) => run.counts)
        .map((run) => `${run.seed} ${run.state}`)
        .sort(),
      Array.from({ length: seeds }, (_, index) => `${index + 1} succeeded`),
    );
    const launched = stays(records()).map((stay) => stay.run);
    assert.deepEqual([...launched].sort(), [...new Set(launched)].sort(), 'none was launched twice');
  };
  const allEnded = (all: readonly Run[]) => all.every((run) => isEnd(run.state));
  const clean = async () => {
    await research.close();
    for (const box of boxes) await freeLocks(box, path.join(box.home, 'locks'));
  };

  /** One run at work on alpha, which is alone, and so many that wait there. */
  const fillAlpha = async (seeds: number, more = '') => {
    name(['alpha'], more);
    research = await openAt(place);
    await research.runBaseline({ seeds });
    await when('one at work', (all) => all.some((run) => run.state === 'running'));
    await when('another waiting there', (all) => all.some((run) => run.state === 'waiting'));
  };

  it('by a person who gives it up: copies run elsewhere, and what it ended all the same counts no second time', async () => {
    await fillAlpha(2);
    await cut(alpha());
    name(['alpha', 'beta']);
    await research.setBox('alpha', 'give-up');
    open('beta');
    await when(
      'copies at their end on beta',
      (all) => all.filter((run) => run.box === 'beta' && run.state === 'succeeded').length === 2,
    );
    // It works on alone: both of its runs end there too, before it hears that they were given up.
    open('alpha');
    await eventually('alpha at its end', () => stays(records()).filter(({ end }) => end !== undefined).length === 4);
    await alpha().startServer();
    await research.setBox('alpha', 'resume');
    await research.checkBoxes({ names: ['alpha'] });
    const all = await when('alpha telling of its runs', allEnded);
    assert.equal(all.length, 4);
    assert.equal(all.filter((run) => run.state === 'succeeded').length, 4, 'both copies are kept');
    eachCountsOnce(all, 2);
    await clean();
  });

  it('by a person who gives it up: what still waits there when it is back never begins', async function () {
    if (process.env.FULL !== '1') {
      console.log('skipped: what waits on a box that comes back; FULL=1 tries it too');
      this.skip();
    }
    await fillAlpha(2);
    await cut(alpha());
    name(['alpha', 'beta']);
    await research.setBox('alpha', 'give-up');
    open('beta');
    await when(
      'copies at their end on beta',
      (all) => all.filter((run) => run.box === 'beta' && run.state === 'succeeded').length === 2,
    );
    await alpha().startServer();
    await research.setBox('alpha', 'resume');
    await research.checkBoxes({ names: ['alpha'] });
    const all = await when('alpha having dropped its copies', allEnded);
    open('alpha');
    assert.deepEqual(
      all.filter((run) => run.box === 'alpha').map((run) => run.state),
      ['cancelled', 'cancelled'],
    );
    assert.equal(stays(records()).length, 3, 'the one that waited on alpha never began');
    eachCountsOnce(all, 2);
    await clean();
  });

  it('from boxes.yaml, and put back: its runs stand still meanwhile, and each ends once', async () => {
    await fillAlpha(2);
    name(['beta']);
    open('beta');
    await when('the rows saying so', (all) => all.every((run) => /no box named alpha/.test(run.reason ?? '')));
    open('alpha');
    name(['alpha', 'beta']);
    const all = await when('the end of both', allEnded);
    assert.deepEqual(
      all.map((run) => [run.box, run.state]),
      [
        ['alpha', 'succeeded'],
        ['alpha', 'succeeded'],
      ],
    );
    eachCountsOnce(all, 2);
    await clean();
  });

  it('for longer than its runs may wait: it drops what did not begin in time, which runs elsewhere, once', async () => {
    for (const box of boxes) box.bend('RC_TICK=1');
    await fillAlpha(2, ', away_hours: 0.003');
    await cut(alpha());
    // Nobody is connected: the box itself finds that the time to begin has passed.
    await eventually(
      'nothing waiting on alpha',
      () =>
        !alpha()
          .processes()
          .some(({ command }) => command.includes('/supervise.sh ')),
    );
    await alpha().startServer();
    name(['alpha', 'beta'], ', away_hours: 0.003');
    open('beta');
    await research.checkBoxes({ names: ['alpha', 'beta'] });
    await when('a copy at its end on beta', (all) =>
      all.some((run) => run.retries !== undefined && run.box === 'beta' && run.state === 'succeeded'),
    );
    open('alpha');
    const all = await when('the end of all', allEnded);
    assert.equal(stays(records()).length, 2, 'each seed ran once');
    eachCountsOnce(all, 2);
    await clean();
  });
});
