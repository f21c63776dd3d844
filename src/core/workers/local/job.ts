import { availableParallelism } from 'node:os';
import type { Clock, Files, Random, Spawn } from '../../system/index.ts';
import { type Command, type CommandEnd, runCommand, type StopReason } from './command.ts';
import { ownEnvironment, runEnvironment, threadsOf } from './environment.ts';
import type { Layout, RunFolder, RunSpec } from './layout.ts';
import type { LockParts } from './lock.ts';
import { filesBelow } from './patterns.ts';

/** What the supervisor of one run works with. */
export interface Job {
  readonly parts: LockParts & {
    readonly clock: Clock;
    readonly files: Files;
    readonly spawn: Spawn;
    readonly random: Random;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly windows: boolean;
    readonly uptime: () => number;
  };
  readonly layout: Layout;
  readonly run: RunFolder;
  readonly spec: RunSpec;
  readonly secrets: Readonly<Record<string, string>>;
  /** Whether somebody told this process to stop. */
  readonly told: () => boolean;
}

/** How a run ends: thrown wherever that is known, caught in one place. */
export class RunEnd extends Error {
  readonly code: number;
  /** One word for programs, the same as on every box. */
  readonly reason: string;

  /** @param why in a sentence, for a person */
  constructor(code: number, reason: string, why: string) {
    super(why);
    this.code = code;
    this.reason = reason;
  }
}

/** Cancelled by a person, or told to stop by the machine. */
export async function mustStop(job: Job): Promise<StopReason | undefined> {
  if (await job.parts.files.info(job.run.cancel)) return 'cancelled';
  return job.told() ? 'killed' : undefined;
}

/** The end of a run whose `what` was stopped. */
export function stoppedEnd(stopped: StopReason, what: string, seconds: number): RunEnd {
  switch (stopped) {
    case 'cancelled':
      return new RunEnd(130, 'cancelled', `Cancelled during ${what}.`);
    case 'killed':
      return new RunEnd(143, 'killed', `The supervisor was told to stop during ${what}.`);
    case 'timeout':
      return new RunEnd(124, 'timeout', `Stopped after ${seconds} s, the timeout of resources, during ${what}.`);
    case 'disk-cap':
      return new RunEnd(
        74,
        'disk-cap',
        `Stopped during ${what}: its folder grew beyond max_disk of this box. Have the run keep less, or raise max_disk in boxes.yaml.`,
      );
  }
}

/** How often the run's folder is measured, at most: 30 s; and never more than a twentieth of the time. */
const MEASURE_MS = 30_000;

/** Says whether the run's folder, its inputs aside, has grown beyond the cap. It measures by itself, so nothing waits. */
function diskWatch({ parts, run, spec }: Job): () => boolean {
  const measureMs = spec.measureMs ?? MEASURE_MS;
  const inputs = new Set(spec.inputs.map(({ path: file }) => `code/${file}`));
  let over = false;
  let next = parts.clock.monotonic() + measureMs;
  const measure = async (): Promise<void> => {
    const began = parts.clock.monotonic();
    const found = await filesBelow(parts.files, run.folder);
    const own = found.filter(({ path: file }) => !inputs.has(file));
    over = own.reduce((sum, { size }) => sum + size, 0) > spec.maxDiskBytes;
    const now = parts.clock.monotonic();
    next = now + Math.max(measureMs, (now - began) * 20);
  };
  return () => {
    if (!over && parts.clock.monotonic() >= next) {
      next = Number.POSITIVE_INFINITY;
      // A folder that the run takes away meanwhile is measured the next time.
      measure().catch(() => {
        next = parts.clock.monotonic() + measureMs;
      });
    }
    return over;
  };
}

/** How a command of a run is run: what it gets beside the run's own. */
export interface RunOptions {
  readonly environmentFolder?: string;
  readonly gpus?: readonly number[];
  readonly seconds?: number;
  readonly log?: string;
  /** How many runs may share the processors. */
  readonly slots?: number;
  readonly extra?: Readonly<Record<string, string>>;
}

/** Runs one command of a run in a folder. @throws RunEnd when it was stopped */
export async function runInJob(
  job: Job,
  what: string,
  line: string,
  cwd: string,
  more: RunOptions,
): Promise<CommandEnd> {
  const { parts, run, spec } = job;
  const tooLarge = diskWatch(job);
  const limitSeconds = more.seconds ?? spec.timeoutSeconds;
  const command: Command = {
    run: run.id,
    line,
    cwd,
    env: {
      ...runEnvironment(ownEnvironment(parts.env), {
        id: run.id,
        variables: spec.variables,
        secrets: job.secrets,
        environmentFolder: more.environmentFolder,
        gpus: more.gpus ?? [],
        threads: threadsOf(availableParallelism(), more.slots ?? spec.cpuSlots),
        windows: parts.windows,
      }),
      ...more.extra,
    },
    log: more.log ?? run.log,
    logBytes: spec.maxLogBytes,
    limitSeconds,
    graceMs: spec.graceMs,
    lingerMs: spec.lingerMs,
    mustStop: async () => (await mustStop(job)) ?? (tooLarge() ? 'disk-cap' : undefined),
    onStart: async (pid) => {
      // Only for a person who looks; a full disk is for the command itself to meet.
      await parts.files.write(run.child, `${pid} ${parts.processes.startTime(pid) ?? '-'}\n`).catch(() => {});
    },
  };
  const end = await runCommand({ ...parts, pid: parts.me.pid }, command);
  if (end.stopped !== undefined) throw stoppedEnd(end.stopped, what, limitSeconds);
  return end;
}
