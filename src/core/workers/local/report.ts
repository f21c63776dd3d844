import * as path from 'node:path';
import { extraOf } from '../box/answers.ts';
import type { RunReport } from '../types.ts';
import { type HolderParts, readLife } from './holder.ts';
import type { RunFolder } from './layout.ts';

const LIVE: ReadonlySet<string> = new Set(['waiting', 'preparing', 'running', 'finishing']);

type Ended = Pick<RunReport, 'state' | 'exitCode' | 'reason' | 'cause' | 'endedAt'>;

/** What an exit file says; undefined where it is none. */
export function parseExit(text: string, why: string): Ended | undefined {
  const [, code = '', word = '', epoch = ''] = /^(\d+) (\S+) (\d+(?:\.\d+)?)\s*$/.exec(text) ?? [];
  if (code === '') return undefined;
  const exitCode = Number(code);
  const ended = { exitCode, endedAt: Math.round(Number(epoch) * 1000) };
  const reason = why === '' ? word : why;
  if (word === 'cancelled') return { ...ended, state: 'cancelled', reason };
  if (word === 'timeout') return { ...ended, state: 'timed-out', reason };
  if (word === 'exited' && exitCode === 0) return { ...ended, state: 'succeeded' };
  return { ...ended, state: 'failed', reason, cause: word };
}

async function readExit(parts: HolderParts, run: RunFolder): Promise<Ended | undefined> {
  const text = await parts.files.readText(run.exit);
  return text === undefined ? undefined : parseExit(text, ((await parts.files.readText(run.why)) ?? '').trim());
}

async function stateOf(
  parts: HolderParts,
  run: RunFolder,
  starting: () => Promise<boolean>,
): Promise<Ended | Pick<RunReport, 'state'>> {
  const ended = await readExit(parts, run);
  if (ended) return ended;
  const life = await readLife(run.pid, parts);
  if (life === undefined) return { state: (await starting()) ? 'waiting' : 'absent' };
  if (life === 'alive') {
    const word = ((await parts.files.readText(run.state)) ?? '').trim();
    return { state: LIVE.has(word) ? (word as RunReport['state']) : 'waiting' };
  }
  // It may have ended between the two looks.
  const late = await readExit(parts, run);
  return late ?? { state: 'lost', reason: 'The process that owned the run on this machine is gone and left no exit.' };
}

/**
 * How a run stands, from its folder alone.
 * @param starting whether somebody is handing it over just now
 * @param queue the waiting runs, head first
 */
export async function reportOf(
  parts: HolderParts,
  run: RunFolder,
  starting: () => Promise<boolean>,
  queue: readonly string[],
): Promise<RunReport> {
  const state = await stateOf(parts, run, starting);
  const started = Number((await parts.files.readText(run.started)) ?? Number.NaN);
  const gpus = ((await parts.files.readText(run.gpus)) ?? '').split(/\s+/).filter((uuid) => uuid !== '');
  const place = queue.indexOf(run.id);
  const [use, evaluated, sandbox] = await Promise.all(
    ['use', 'evaluated', 'sandbox'].map(
      async (name) => (await parts.files.readText(path.join(run.folder, name)))?.trim() ?? '',
    ),
  );
  return {
    run: run.id,
    ...state,
    // After the exit was seen, so that the size that comes with an end is the whole log.
    logBytes: (await parts.files.info(run.log))?.size ?? 0,
    startedAt: Number.isFinite(started) ? started : undefined,
    gpus,
    ...(use === '' ? {} : extraOf(`+use ${use}`, {})),
    ...(evaluated === '' ? {} : extraOf(`+evaluated ${evaluated}`, {})),
    ...(sandbox === '' ? {} : extraOf(`+sandbox ${sandbox}`, {})),
    position: state.state === 'waiting' && place >= 0 ? place + 1 : undefined,
  };
}
