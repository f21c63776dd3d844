import * as path from 'node:path';
import { sweep } from './command.ts';
import { listTree, type TreeEntry } from './git.ts';
import { listGpus } from './gpus.ts';
import { BEAT_MS, formatHolder } from './holder.ts';
import { type Job, mustStop, RunEnd, type RunOptions, runInJob, stoppedEnd } from './job.ts';
import { matcher } from './patterns.ts';
import { bringArtifacts, layOut, setUp, treeOf } from './prepare.ts';
import { changedFiles } from './protect.ts';
import { type HeldSlots, waitForSlots } from './slots.ts';

interface Slots {
  readonly held: HeldSlots;
  /** How many there are on this box. */
  readonly count: number;
  readonly gpus: readonly { readonly index: number; readonly uuid: string }[];
}

async function waitForTurn(job: Job): Promise<Slots> {
  const { parts, layout, run, spec } = job;
  // start_before is a time of the clock; from here on the machine's uptime counts, whatever is set meanwhile.
  const patience = spec.startBefore === undefined ? undefined : spec.startBefore - parts.clock.now() / 1000;
  const deadline = patience === undefined ? undefined : parts.uptime() + patience;
  const check = async (): Promise<void> => {
    const stop = await mustStop(job);
    if (stop === 'cancelled') throw new RunEnd(130, 'cancelled', 'Cancelled while it waited.');
    if (stop) throw stoppedEnd(stop, 'its wait', 0);
    if (deadline !== undefined && (parts.uptime() > deadline || (patience ?? 0) < 0)) {
      throw new RunEnd(125, 'expired', 'It found no slot before its time to start had passed.');
    }
  };
  const listed = spec.gpus > 0 ? await listGpus(parts.spawn) : { gpus: [] };
  const gpus = listed.gpus.filter(({ index }) => spec.gpuList === 'all' || spec.gpuList.includes(index));
  const names =
    spec.gpus > 0
      ? gpus.map(({ uuid }) => `gpu-${uuid}`)
      : Array.from({ length: spec.cpuSlots }, (_, index) => `cpu-${index}`);
  const count = Math.max(1, spec.gpus);
  if (names.length < count) {
    throw new RunEnd(
      125,
      'no-slot',
      `It needs ${spec.gpus} GPU(s) and this box gives ${gpus.length}. See gpus of this box in boxes.yaml, and resources in research.yaml.`,
    );
  }
  const leftovers = (other: string): boolean => other !== '' && parts.processes.tree(0, 'RUN_ID', other).length > 0;
  const held = await waitForSlots(parts, layout, { run: run.id, names, count, leftovers, check });
  return {
    held,
    count: names.length,
    gpus: spec.gpus > 0 ? gpus.filter(({ uuid }) => held.names.includes(`gpu-${uuid}`)) : [],
  };
}

async function checkProtected(job: Job, tree: readonly TreeEntry[], when: string): Promise<void> {
  const isProtected = matcher(job.spec.protected);
  const entries = tree.filter((entry) => isProtected(entry.path));
  const unreadable = entries.find((entry) => entry.path.includes('\u{fffd}'));
  if (unreadable) {
    throw new RunEnd(
      74,
      'protected-unreadable',
      `The name of the protected file ${unreadable.path} is not UTF-8, so it cannot be checked on this machine. Rename it, or run on an ssh box.`,
    );
  }
  // A link on the box stands where the commit may have had a file: that is what `links` asks for.
  const linked = matcher(Object.keys(job.spec.links).map((link) => `${link.replaceAll(/[^\w/-]/g, '\\$&')}(/.*)?`));
  const shipped = new Set(job.spec.inputs.map((input) => input.path));
  const judged = entries.filter((entry) => !linked(entry.path) && !shipped.has(entry.path));
  const changed = await changedFiles(job.parts.files, job.run.code, judged);
  if (changed.length === 0) return;
  const named = changed.slice(0, 5).join(', ') + (changed.length > 5 ? ` and ${changed.length - 5} more` : '');
  throw new RunEnd(74, 'protected-changed', `Protected files are not as committed ${when}: ${named}.`);
}

function checkCode(what: string, code: number): void {
  if (code === 0) return;
  if (code === 126 || code === 127) {
    const why = code === 127 ? 'names a program that was not found' : 'names a program that cannot be run';
    throw new RunEnd(code, 'command-not-found', `The ${what} command ${why} (exit code ${code}).`);
  }
  const reason = what === 'evaluate' ? 'evaluate-failed' : 'exited';
  throw new RunEnd(code, reason, `The ${what} command ended with exit code ${code}.`);
}

/** Runs `evaluate` where nothing of the run but its artifacts can reach it: a fresh checkout of the tree. */
async function evaluate(job: Job, tree: string, line: string, more: RunOptions): Promise<void> {
  const { files } = job.parts;
  const { run } = job;
  await layOut(job, tree, run.evaluation);
  await bringArtifacts(job);
  await files.write(run.evaluated, `${(await files.info(run.log))?.size ?? 0}\n`);
  const extra = { RESEARCH_RUN_DIR: run.code };
  const { code } = await runInJob(job, 'evaluate', line, run.evaluation, { ...more, extra });
  checkCode('evaluate', code);
}

async function live(job: Job, onSlots: (slots: Slots) => void): Promise<void> {
  const { parts, layout, run, spec } = job;
  const { files } = parts;
  await files.write(run.state, 'waiting\n');
  const slots = await waitForTurn(job);
  onSlots(slots);
  await files.write(run.gpus, slots.gpus.map(({ uuid }) => `${uuid}\n`).join(''));
  await files.write(run.state, 'preparing\n');
  const id = await treeOf(job);
  const tree = await listTree(parts, path.join(layout.repos, `${spec.repo}.git`), id);
  await layOut(job, id, run.code);
  const environmentFolder = await setUp(job, tree);
  if (environmentFolder !== undefined) await files.write(run.environment, `${environmentFolder}\n`);
  await checkProtected(job, tree, 'before the start');

  await files.write(run.started, `${parts.clock.now()}\n`);
  await files.write(run.state, 'running\n');
  const more = { environmentFolder, gpus: slots.gpus.map(({ index }) => index), slots: slots.count };
  const { code } = await runInJob(job, 'run', spec.run, run.code, more);
  await files.write(run.state, 'finishing\n');
  await checkProtected(job, tree, 'after the end');
  checkCode('run', code);
  if (spec.evaluate !== undefined) await evaluate(job, id, spec.evaluate, more);
}

/** Writes how it ended, once, also on a full disk: then what was kept in reserve is given back first. */
async function writeExit(job: Job, end: RunEnd): Promise<void> {
  const { files, clock } = job.parts;
  const { run } = job;
  const why = `${end.message.replaceAll(/\s+/g, ' ').slice(0, 2000)}\n`;
  for (;;) {
    try {
      if (await files.info(run.exit)) return;
      await files.write(run.why, why);
      await files.write(run.exit, `${end.code} ${end.reason} ${(clock.now() / 1000).toFixed(3)}\n`);
      await files.remove(run.reserve);
      return;
    } catch {
      await files.remove(run.reserve);
      await clock.sleep(1000);
    }
  }
}

/** Owns one run from its place in the queue to its exit file. */
export async function supervise(job: Job): Promise<void> {
  let slots: Slots | undefined;
  let end = new RunEnd(0, 'exited', '');
  const { clock, files, me } = job.parts;
  const beat = clock.every(BEAT_MS, () => {
    files.write(job.run.pid, formatHolder(me), 0o600).catch(() => {});
  });
  try {
    await live(job, (taken) => {
      slots = taken;
    });
  } catch (error) {
    if (error instanceof RunEnd) end = error;
    else {
      const full = (error as NodeJS.ErrnoException).code === 'ENOSPC';
      const why = full ? `The disk of ${job.layout.root} is full. Make room and run it again.` : String(error);
      end = new RunEnd(74, full ? 'disk-full' : 'supervisor-failed', why);
      await files.append(job.run.supervisorLog, `${(error as Error).stack ?? why}\n`).catch(() => {});
    }
  }
  await sweep({ ...job.parts, pid: job.parts.me.pid }, 0, job.run.id, 0, job.spec.graceMs);
  await files.remove(job.run.evaluation);
  beat.dispose();
  await writeExit(job, end);
  await slots?.held.release();
}
