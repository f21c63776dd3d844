import type { Clock, Processes } from '../../system/index.ts';

export type StopReason = 'cancelled' | 'killed' | 'timeout' | 'disk-cap';

export interface CommandEnd {
  /** Exit status of the command's own process. */
  readonly code: number;
  /** Set where we stopped it. */
  readonly stopped?: StopReason;
}

export interface Command {
  readonly run: string;
  readonly line: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly log: string;
  /** How much of what it prints is kept, in bytes. */
  readonly logBytes: number;
  readonly limitSeconds: number;
  readonly graceMs: number;
  readonly lingerMs: number;
  /** Asked every tick: whether to stop, and why. */
  readonly mustStop: () => Promise<StopReason | undefined>;
  readonly onStart: (pid: number) => Promise<void>;
}

const TICK_MS = 100;
/** How long a killed process may take to leave: it may hang in the kernel, and then there is nothing to wait for. */
const KILLED_MS = 10_000;

export interface CommandParts {
  readonly clock: Clock;
  readonly processes: Processes;
  readonly windows: boolean;
  readonly pid: number;
  /** Seconds since the machine started, sleep included. Setting the clock does not move it. */
  readonly uptime: () => number;
}

export type SweepParts = Pick<CommandParts, 'clock' | 'processes' | 'pid'>;

/** Everything that belongs to a run, except the one who asks. */
function members({ processes, pid }: SweepParts, leader: number, run: string): number[] {
  return processes.tree(leader, 'RUN_ID', run).filter((member) => member !== pid);
}

/**
 * Ends every process of a run: lets it linger, tells it to stop, gives it a grace, kills it. Each process is told
 * once: a second signal would interrupt the checkpoint it may be writing.
 */
export async function sweep(
  parts: SweepParts,
  leader: number,
  run: string,
  lingerMs: number,
  graceMs: number,
): Promise<void> {
  const { clock, processes } = parts;
  const begin = clock.monotonic();
  const told = new Set<number>();
  for (;;) {
    const left = members(parts, leader, run);
    if (left.length === 0) return;
    const passed = clock.monotonic() - begin;
    if (passed >= lingerMs + graceMs + KILLED_MS) return;
    if (passed >= lingerMs + graceMs) {
      for (const pid of left) processes.signal(pid, 'SIGKILL');
    } else if (passed >= lingerMs) {
      for (const pid of left.filter((member) => !told.has(member))) {
        told.add(pid);
        processes.signal(pid, 'SIGTERM');
      }
    }
    await clock.sleep(TICK_MS);
  }
}

/** Waits for something, but no longer; and leaves no timer, which would keep the supervisor alive after its run. */
async function atMost(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  const enough = new AbortController();
  await Promise.race([work, clock.sleep(ms, enough.signal).catch(() => {})]);
  enough.abort();
}

/**
 * Runs a command line to its end in a session of its own, with its output in the log, and leaves no process of it.
 * The limit is the machine's uptime: it passes while the machine sleeps, and no clock that is set ends a run.
 */
export async function runCommand(parts: CommandParts, command: Command): Promise<CommandEnd> {
  const { clock, processes } = parts;
  const [shell, args] = parts.windows
    ? ['cmd.exe', ['/d', '/s', '/c', command.line]]
    : ['/bin/sh', ['-c', command.line]];
  const began = parts.uptime();
  const child = await processes.startIntoFile(shell, args, {
    cwd: command.cwd,
    env: command.env,
    file: command.log,
    capBytes: command.logBytes,
  });
  await command.onStart(child.pid);

  let end: number | undefined;
  const ended = child.ended.then(({ code }) => {
    end = code;
  });
  let stopped: StopReason | undefined;
  while (end === undefined && stopped === undefined) {
    const late = parts.uptime() - began > command.limitSeconds;
    stopped = (await command.mustStop()) ?? (late ? 'timeout' : undefined);
    if (stopped === undefined) await Promise.race([ended, clock.sleep(TICK_MS)]);
  }
  if (parts.windows) {
    if (stopped !== undefined) processes.signal(child.pid, 'SIGKILL');
  } else {
    await sweep(parts, child.pid, command.run, stopped === undefined ? command.lingerMs : 0, command.graceMs);
  }
  await atMost(clock, KILLED_MS, child.logged);
  // What ignores even a kill is left to the machine; the run has ended all the same.
  if (end === undefined) await atMost(clock, KILLED_MS, ended);
  return { code: end ?? 137, ...(stopped === undefined ? {} : { stopped }) };
}
