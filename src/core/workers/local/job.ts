import type { Clock, Files, Random, Spawn } from '../../system/index.ts';
import { type Command, type CommandEnd, runCommand, type StopReason } from './command.ts';
import { ownEnvironment, runEnvironment } from './environment.ts';
import type { Layout, RunFolder, RunSpec } from './layout.ts';
import type { LockParts } from './lock.ts';

/** What the supervisor of one run works with. */
export interface Job {
  readonly parts: LockParts & {
    readonly clock: Clock;
    readonly files: Files;
    readonly spawn: Spawn;
    readonly random: Random;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly windows: boolean;
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
  }
}

/** Runs one command of a run in a folder. @throws RunEnd when it was stopped */
export async function runInJob(
  job: Job,
  what: string,
  line: string,
  cwd: string,
  more: {
    readonly environmentFolder?: string;
    readonly gpus?: readonly number[];
    readonly seconds?: number;
    readonly extra?: Readonly<Record<string, string>>;
  },
): Promise<CommandEnd> {
  const { parts, run, spec } = job;
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
        windows: parts.windows,
      }),
      ...more.extra,
    },
    log: run.log,
    limitSeconds,
    graceMs: spec.graceMs,
    lingerMs: spec.lingerMs,
    mustStop: () => mustStop(job),
    onStart: async (pid) => {
      // Only for a person who looks; a full disk is for the command itself to meet.
      await parts.files.write(run.child, `${pid} ${parts.processes.startTime(pid) ?? '-'}\n`).catch(() => {});
    },
  };
  const end = await runCommand({ ...parts, pid: parts.me.pid }, command);
  if (end.stopped !== undefined) throw stoppedEnd(end.stopped, what, limitSeconds);
  return end;
}
