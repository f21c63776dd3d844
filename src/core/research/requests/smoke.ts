import {
  type Base,
  type Candidate,
  type CandidateId,
  HumanError,
  isEnd,
  type Run,
  smokeOf,
} from '../../domain/index.ts';
import type { BoxGates, SmokeOutcome } from '../../implementer/index.ts';
import { commandFailed } from '../../search/index.ts';
import { commandsKey } from '../consents.ts';
import { logTail } from '../log-tail.ts';
import { smokes } from '../may-smoke.ts';
import { type Parts, requireBase } from '../parts.ts';
import { newestTries, withRetries } from '../tries.ts';
import { isHandedOver } from './handed-over.ts';
import type { Job } from './index.ts';
import { smokePayload } from './payloads.ts';
import { newRunIds } from './runs.ts';

/** How long a patch waits for a box to begin its smoke run, and to be heard of again while it runs. */
const PATIENCE_MS = 5 * 60_000;
const LOOK_MS = 250;
const TAIL = 4000;
const SEED = 1;

type SmokeJob = Pick<Job, 'parts' | 'request' | 'lease' | 'signal' | 'classes' | 'unattended'>;

/** What a candidate's patch is asked of boxes while it is made: for packages, and by its smoke run where it may. */
export async function boxGatesOf(
  job: SmokeJob & Pick<Job, 'missingModules'>,
  base: Base,
  candidate: Candidate,
): Promise<BoxGates> {
  const { parts, signal, missingModules, unattended } = job;
  const asks: BoxGates = { missingImports: (modules) => missingModules(base.id, modules, signal) };
  if (!(await smokes(parts, base, { unattended }))) return asks;
  return {
    ...asks,
    smoke: async (changes) => smokeRun(job, candidate.id, await commitForSmoke(parts, candidate, changes)),
  };
}

/** New texts by path as the bytes of a commit. */
export function bytesOf(changes: ReadonlyMap<string, string | null>): Map<string, { readonly bytes: Buffer } | null> {
  return new Map(
    [...changes].map(([path, text]) => [path, text === null ? null : { bytes: Buffer.from(text, 'utf8') }] as const),
  );
}

/** A commit of changes that are no proposal yet: kept by a ref of its own until its smoke run has ended. */
export function commitForSmoke(
  { repository }: Parts,
  candidate: Pick<Candidate, 'id' | 'cutFrom'>,
  changes: ReadonlyMap<string, string | null>,
): Promise<string> {
  const { id, cutFrom: from } = candidate;
  return repository.propose({ from, changes: bytesOf(changes), message: `Smoke run of #${id}`, name: smokeName(id) });
}

function smokeName(id: CandidateId): string {
  return `${id}-smoke`;
}

/** A smoke run that somebody outside of the driver asks for. */
export async function smokeOnRequest(job: Job): Promise<SmokeOutcome> {
  const { candidate, commit } = smokePayload.parse(job.request.payload);
  return smokeRun(job, candidate, commit);
}

/**
 * Runs the smoke command on a commit of a candidate that is still being made, on whichever box begins it first, and
 * waits for its end. The same bytes are not run twice: a driver that goes on where another died finds their run.
 */
export async function smokeRun(job: SmokeJob, id: CandidateId, commit: string): Promise<SmokeOutcome> {
  const { parts } = job;
  const candidate = await parts.store.candidate(id);
  if (!candidate) throw new HumanError(`There is no candidate #${id}.`, { code: 'no-candidate' });
  const base = await requireBase(parts, candidate.base);
  const smoke = smokeOf(base.environment);
  if (!smoke) return { kind: 'not-run', why: 'research.yaml names no smoke command.' };
  if (!(await parts.consents.has('commands', commandsKey(parts.repository.root, base.environment)))) {
    return { kind: 'not-run', why: 'nobody has agreed yet that the commands of research.yaml run on your boxes.' };
  }
  if ((await job.classes(smoke.gpus)).length === 0) {
    const wants = smoke.gpus === 0 ? 'runs without a GPU' : `runs of ${smoke.gpus} GPU${smoke.gpus === 1 ? '' : 's'}`;
    return { kind: 'not-run', why: `no box takes ${wants} now (smoke in research.yaml).` };
  }
  try {
    const run = await endOf(job, (await runOf(parts, candidate, commit)) ?? (await queue(job, candidate, commit)));
    return smokeOutcome(run, smoke.timeout, await logTail(parts, run, TAIL));
  } finally {
    await parts.repository.dropRef(`refs/research/candidates/${smokeName(id)}`);
  }
}

/** What a smoke run that ended, or was given up, says of its patch. */
export function smokeOutcome(run: Run, timeout: string, tail: string): SmokeOutcome {
  const { state, exitCode, startedAt, reason = '' } = run;
  if (state === 'succeeded') return { kind: 'passed' };
  if (commandFailed(run)) return { kind: 'failed', why: `It ended with exit code ${exitCode}.`, tail };
  // Its time begins with its command: setup has a limit of its own.
  if (state === 'timed-out' && startedAt !== undefined) {
    return { kind: 'failed', why: `It had not ended after ${timeout}.`, tail };
  }
  if (!isEnd(state)) {
    const where = startedAt === undefined ? 'no box began it in time' : `${run.box} was not heard of any more`;
    return { kind: 'not-run', why: `${where}.${reason === '' ? '' : ` ${reason}`}` };
  }
  return { kind: 'not-run', why: `${state === 'cancelled' ? 'it was cancelled.' : reason || state}` };
}

/** The smoke run of the same bytes, if one was queued: of a driver that died, or of an earlier answer. */
async function runOf({ store, repository }: Parts, { id }: Candidate, commit: string): Promise<Run | undefined> {
  const tree = await repository.parentless(commit);
  const own = (await store.runs({ candidate: id })).filter((run) => run.purpose === 'smoke' && !run.retries);
  for (const run of own) {
    const tried = newestTries([run.id], await withRetries(store, [run.id])).at(-1);
    if (!run.commit || tried?.state === 'cancelled' || tried?.state === 'lost') continue;
    // Its ref is gone, so that its commit may be, too: then it is run again.
    const same = await repository.parentless(run.commit).then(
      (other) => other === tree,
      () => false,
    );
    if (same) return run;
  }
  return undefined;
}

async function queue({ parts, lease }: SmokeJob, { id, base }: Candidate, commit: string): Promise<Run> {
  const had = (await parts.store.runs({ candidate: id })).filter((run) => run.purpose === 'smoke');
  const attempt = Math.max(0, ...had.map((run) => run.attempt)) + 1;
  const runs = newRunIds(parts, [SEED]).map(
    (one) => ({ ...one, base, candidate: id, purpose: 'smoke', commit, attempt }) as const,
  );
  const [run] = await parts.store.addRuns(lease(), runs);
  if (!run) throw new Error(`no smoke run of ${id}`);
  return run;
}

/** A search says how far all of its ideas are; whoever waits for one patch is told what it waits for. */
async function say({ parts, request, lease, unattended }: SmokeJob, { candidate, state, box }: Run): Promise<void> {
  if (unattended) return;
  const text = `#${candidate}: smoke run ${state}${box === undefined ? '' : ` on ${box}`}`;
  await parts.store.setRequestProgress(lease(), request.id, { text });
}

/** The run once it has ended; as it stands, and told to stop, where nobody begins it or its box fell silent. */
async function endOf(job: SmokeJob, first: Run): Promise<Run> {
  const { signal } = job;
  const { store, system } = job.parts;
  let shown: Run['state'] | undefined;
  let heard = system.clock.monotonic();
  for (;;) {
    const run = newestTries([first.id], await withRetries(store, [first.id])).at(-1) ?? first;
    if (isEnd(run.state) && run.state !== 'lost') return run;
    if (isEnd(run.state) && (await store.runs({ retries: [run.id] })).length === 0) return run;
    if (run.state !== shown) await say(job, run);
    shown = run.state;
    const begun = run.state === 'preparing' || run.state === 'running' || run.state === 'finishing';
    if (begun && run.unreachableSince === undefined) heard = system.clock.monotonic();
    if (system.clock.monotonic() - heard > PATIENCE_MS) {
      await store.askToCancelRun(run.id);
      return run;
    }
    try {
      await system.clock.sleep(LOOK_MS, signal);
    } catch (error) {
      // Whoever drives next waits for the same run; a person who cancels wants none.
      if (!isHandedOver(signal.reason)) await store.askToCancelRun(run.id);
      throw error;
    }
  }
}
