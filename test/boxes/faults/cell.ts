import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { isEnd, type Run, type RunId } from '../../../src/core/domain/index.ts';
import { freeLocks } from '../../support/locks.ts';
import { eventually } from '../../support/processes.ts';
import { EXPECTED, type Fault, type HeldState, STATES } from './expected.ts';
import { INJECT } from './faults.ts';
import { PRINTED } from './repo.ts';
import { World } from './world.ts';

/** How a cell ended: the states of its attempts, first to last, and what is wrong with that, if anything. */
export interface Outcome {
  readonly fault: Fault;
  readonly state: HeldState;
  readonly attempts: string;
  readonly error?: Error;
}

/** Faults that need something of the run on the box, also while it is shipped. */
const BESIDE_OWNER: ReadonlySet<Fault> = new Set(['supervisor killed', 'rebooted', 'folder deleted']);

/** Does one fault to one run in one state, on a box of its own, and looks at what came of it. */
export async function runCell(fault: Fault, state: HeldState): Promise<Outcome> {
  let attempts: readonly Run[] = [];
  let error: Error | undefined;
  const name = `f${[...fault].filter((letter) => /[a-z]/.test(letter)).join('')}`.slice(0, 8) + state.slice(0, 3);
  const world = await World.make(name, {
    smallDisk: fault === 'disk full',
    holdIn: BESIDE_OWNER.has(fault) ? 'folder' : 'pack',
  });
  try {
    if (fault === 'answer cut') world.allowCuts();
    for (const earlier of STATES.slice(0, STATES.indexOf(state))) world.open(earlier);
    if (state === 'waiting') await world.takeSlot();
    await world.drive();
    const [id = ''] = await world.research.runBaseline({ seeds: 1 });
    await world.held(id, state);
    await INJECT[fault](world, id, state);
    world.openAll();
    attempts = await allEnded(world, id);
    check(world, attempts, EXPECTED[fault][state].ends);
    await world.leave();
    await freeLocks(world.box, path.join(world.box.home, 'locks'), world.root);
  } catch (thrown) {
    error = thrown instanceof Error ? thrown : new Error(String(thrown));
    if (attempts.length === 0) attempts = await world.store.runs({}).catch(() => []);
    error.message = `${error.message}\n${picture(world, attempts)}`;
  } finally {
    await world.dispose();
  }
  return { fault, state, attempts: attempts.map((run) => run.state).join(' → ') || 'nothing', error };
}

/** The run and the attempts that followed it, when the last has ended and no further one is on its way. */
function allEnded(world: World, id: RunId): Promise<readonly Run[]> {
  return eventually(`the end of ${id}`, async () => {
    const runs = (await world.store.runs({})).toSorted((a, b) => a.attempt - b.attempt);
    const last = runs.at(-1);
    return last && isEnd(last.state) && last.state !== 'lost' && runs.every((run) => isEnd(run.state)) && runs;
  });
}

function check(world: World, attempts: readonly Run[], ends: 'done' | 'lost'): void {
  const said = attempts
    .map((run) => `${run.state}${run.reason === undefined ? '' : ` (${run.reason})`}`)
    .join(', then ');
  const wanted = ends === 'done' ? ['succeeded'] : ['lost', 'succeeded'];
  assert.deepEqual(
    attempts.map((run) => run.state),
    wanted,
    `it ended ${said}`,
  );
  const last = attempts.at(-1) as Run;
  assert.equal(last.counts, true, 'the attempt that ended counts');
  assert.deepEqual(last.objective, { state: 'ok', value: 1.25 }, 'its number is the one that evaluate printed');
  const launches = lines(path.join(world.gates, 'launches'));
  assert.deepEqual(launches, [...new Set(launches)], 'no attempt was launched twice');
  assert.equal(launches.at(-1), last.id, 'the attempt that ended was launched');
  const there = readFileSync(path.join(world.root, 'runs', last.id, 'log'));
  const here = readFileSync(world.research.logFile(last.id));
  assert.equal(sha(there), sha(Buffer.from(PRINTED)), 'the log on the box is what the process printed');
  assert.equal(sha(here), sha(there), 'the log here is the log on the box');
  assert.equal(last.logBytes, there.length, 'the row counts the bytes of the log');
}

const list = (folder: string) => (existsSync(folder) ? readdirSync(folder).map((name) => path.join(folder, name)) : []);
const lines = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []);
const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** What somebody who looks for the cause wants to see. */
function picture(world: World, attempts: readonly Run[]): string {
  const rows = attempts.map(
    (run) => `row ${run.id}: ${run.state}, ${run.logBytes} bytes, ${run.reason ?? 'no reason'}`,
  );
  const folders = list(path.join(world.root, 'runs')).flatMap((folder) => [
    `on the box ${path.basename(folder)}: ${readdirSync(folder).join(' ')}`,
    ...['exit', 'why', 'state', 'supervisor'].flatMap((name) =>
      lines(path.join(folder, name)).map((line) => `  ${name}: ${line}`),
    ),
  ]);
  const processes = world.box.processes().map(({ pid, command }) => `process ${pid}: ${command}`);
  return [...rows, ...folders, ...processes, world.said.trim()].join('\n');
}
