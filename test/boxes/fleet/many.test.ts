import { strict as assert } from 'node:assert';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { isEnd, type Run } from '../../../src/core/domain/index.ts';
import type { Research } from '../../../src/core/research.ts';
import { openStore, type Store } from '../../../src/core/store/index.ts';
import { mostPerGpu, recorded, stays } from '../../support/gpu-records.ts';
import { freeLocks } from '../../support/locks.ts';
import { eventually } from '../../support/processes.ts';
import { makePlace, openAt, type Place } from '../../support/research.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { Window } from '../../support/window.ts';

/** By box, its GPUs: eight in all. */
const GPUS = [4, 2, 2];
const RUNS = process.env.FULL === '1' ? 200 : 60;
const LONG = 480_000;
/** While a box is held its runs do not end: on a busy machine they would end faster than others are sent. */
const WORK = 'while [ -e "$HOME/hold" ]; do sleep 0.1; done; sleep 0.2';

/** Runs that a box has, ended or not. */
function received(box: TestBox): number {
  const folder = path.join(box.root, 'runs');
  if (!existsSync(folder)) return 0;
  return readdirSync(folder).filter((run) => existsSync(path.join(folder, run, 'pid'))).length;
}

describe(`${RUNS} queued runs over three boxes with eight GPUs`, function () {
  this.timeout(LONG * 1.5);
  const boxes: TestBox[] = [];
  let source: string;
  let place: Place;
  let research: Research;
  let store: Store;
  const windows: Window[] = [];

  const records = (box: TestBox) => stays(path.join(box.home, 'records'));
  const all = () => boxes.flatMap(records);
  const ended = () => all().filter(({ end }) => end !== undefined).length;

  before(async function () {
    const why = whyNoBox() ?? (process.getuid?.() === 0 ? undefined : 'three accounts need root');
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    if (RUNS < 200) console.log(`${RUNS} runs; FULL=1 queues 200.`);
    for (const [index, gpus] of GPUS.entries()) boxes.push(await startBox({ name: `many${index}`, gpus }));
    source = mkdtempSync(path.join(tmpdir(), 'many-'));
    const yaml = [
      'name: many',
      `run: ${JSON.stringify(recorded('$HOME/records', WORK))}`,
      'objective: { metric: val_loss, goal: minimize }',
      "editable: ['*.txt']",
      'resources: { gpus: 1, timeout: 5m }',
      'seed: { env: SEED }',
    ];
    writeFileSync(path.join(source, 'research.yaml'), `${yaml.join('\n')}\n`);
    const config = path.join(source, '..', `${path.basename(source)}.config`);
    writeFileSync(config, boxes.map((box) => `Include ${box.sshConfigFile}\n`).join(''));
    place = makePlace(source, { RESEARCH_COPILOT_SSH_CONFIG: config });
    const lines = boxes.map((box) => `  - { name: ${box.name}, kind: ssh, host: ${box.name}, sandbox: none }\n`);
    place.boxes(`boxes:\n${lines.join('')}`);
    research = await openAt(place, { mayDrive: false });
    const file = path.join(place.repo, '.git/research/research.db');
    store = await openStore({ ...place.system, file, pid: process.pid });
  });

  after(async () => {
    for (const window of windows) await window.kill();
    await store?.close();
    await research?.close();
    for (const box of boxes) await box.stop();
    place?.dispose();
    if (source) for (const name of [source, `${source}.config`]) rmSync(name, { recursive: true, force: true });
  });

  it('all finish once, never two on a GPU, though the client is gone for the middle third', async () => {
    windows.push(await Window.open(place, 'first'));
    const ids = await research.runBaseline({ seeds: RUNS });
    assert.equal(ids.length, RUNS);
    // Once some have ended the boxes are known to be quick, and are sent what they can do while nobody is there.
    const third = Math.ceil(RUNS / 3);
    // The rows come after the boxes: only the boxes know how much is left to do without us.
    const sent = () => boxes.reduce((sum, box) => sum + received(box), 0);
    const picture = async () =>
      [...Map.groupBy(await store.runs({}), (run) => run.state)].map(([state, runs]) => `${runs.length} ${state}`);
    const held = boxes.map((box) => path.join(box.home, 'hold'));
    await eventually('a third ended', () => ended() >= third, LONG);
    for (const file of held) writeFileSync(file, '');
    await eventually('a third sent ahead', () => sent() - ended() >= third, LONG).catch(async (error: Error) => {
      throw new Error(
        `${error.message}: ${(await picture()).join(', ')}, ${ended()} ended on the boxes\n${windows[0]?.said}`,
      );
    });
    await windows[0]?.kill();
    const before = ended();
    for (const file of held) rmSync(file);
    // All that they were sent, and no more than a third: the rest is for the next client to find at work.
    const goal = Math.min(sent(), before + third);
    assert.ok(goal > before, 'the client went too late');
    await eventually('the boxes working on alone', () => ended() >= goal, LONG).catch(async (error: Error) => {
      throw new Error(
        `${error.message}: ${ended()} of ${sent()} ended on the boxes; rows: ${(await picture()).join(', ')}`,
      );
    });
    const alone = ended() - before;
    windows.push(await Window.open(place, 'second'));
    const rows = await eventually(
      'the end of all',
      async () => {
        const runs = await store.runs({});
        return runs.every((run) => isEnd(run.state)) && runs;
      },
      LONG,
    );
    console.log(`    ${before} had ended before the client went, ${alone} ended while it was gone`);
    check(rows);
    await windows[1]?.kill();
    for (const box of boxes) await freeLocks(box, path.join(box.home, 'locks'));
  });

  function check(rows: readonly Run[]): void {
    const bad = rows.filter((run) => run.state !== 'succeeded' || run.attempt !== 1);
    assert.deepEqual(
      bad.map((run) => `${run.id} ${run.state} ${run.reason ?? ''}`),
      [],
    );
    assert.equal(rows.length, RUNS, 'no run was added');
    const seen = all();
    assert.equal(new Set(seen.map(({ run }) => run)).size, RUNS);
    assert.equal(seen.length, RUNS, 'each ran once');
    for (const box of boxes) {
      const most = mostPerGpu(records(box));
      assert.deepEqual(
        [...most.values()],
        [...most.keys()].map(() => 1),
        `never two on a GPU of ${box.name}`,
      );
      assert.equal(most.size, GPUS[boxes.indexOf(box)], `every GPU of ${box.name} worked`);
    }
  }
});
