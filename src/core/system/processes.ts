import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** How a process ended. */
export interface ProcessEnd {
  /** Exit status; 128 + signal where a signal ended it. */
  readonly code: number;
  readonly signal: NodeJS.Signals | null;
}

/** Other processes of this machine. */
export interface Processes {
  /**
   * Whether a process runs: a zombie does not. With `startTime` (as `startTime()` gave it) a later process that got
   * the same pid is not taken for it.
   */
  alive(pid: number, startTime?: string): boolean;
  /** When the process started, in the kernel's own count; undefined where the system does not tell (not Linux). */
  startTime(pid: number): string | undefined;
  /** Sends a signal to a process, or to a whole group with a negative pid. False where there is none to get it. */
  signal(pid: number, signal: NodeJS.Signals): boolean;
  /** Pids of the processes whose environment holds `NAME=value`; empty where the system does not tell. */
  withVariable(name: string, value: string): number[];
  /** Where pids mean the same processes: this boot of this machine and this pid namespace. */
  machine(hostname: string): string;
  /** Starts a program in a session of its own, its stdout and stderr appended to a file by the kernel. */
  startIntoFile(
    program: string,
    args: readonly string[],
    options: { readonly cwd: string; readonly env: Readonly<Record<string, string>>; readonly file: string },
  ): Promise<{ readonly pid: number; readonly ended: Promise<ProcessEnd> }>;
}

const SIGNAL_NUMBERS: Partial<Record<NodeJS.Signals, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGXCPU: 24,
};

function tryRead(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return undefined;
  }
}

/** State letter and start time of /proc/PID/stat; the program's name before them may hold spaces and brackets. */
function stat(pid: number): { readonly state: string; readonly startTime: string } | undefined {
  const text = tryRead(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startTime: fields[19] ?? '' };
}

export const realProcesses: Processes = {
  alive(pid, startTime) {
    if (!Number.isInteger(pid) || pid <= 0) return false;
    if (process.platform === 'linux') {
      const found = stat(pid);
      if (!found || found.state === 'Z' || found.state === 'X') return false;
      return startTime === undefined || startTime === found.startTime;
    }
    try {
      process.kill(pid, 0);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EPERM';
    }
  },
  startTime: (pid) => stat(pid)?.startTime,
  signal(pid, signal) {
    try {
      return process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
      if ((error as NodeJS.ErrnoException).code === 'EPERM') return true;
      throw error;
    }
  },
  withVariable(name, value) {
    if (process.platform !== 'linux') return [];
    const wanted = `${name}=${value}`;
    const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
    return pids
      .filter((pid) => tryRead(`/proc/${pid}/environ`)?.split('\0').includes(wanted))
      .map(Number)
      .filter((pid) => realProcesses.alive(pid));
  },
  machine(hostname) {
    let namespace = '';
    try {
      namespace = readlinkSync('/proc/self/ns/pid');
    } catch {
      // Not Linux: the host's name has to do.
    }
    return [hostname, tryRead('/proc/sys/kernel/random/boot_id')?.trim() ?? '', namespace].join(' ').trim();
  },
  startIntoFile(program, args, options) {
    return new Promise((resolve, reject) => {
      const file = openSync(options.file, 'a', 0o600);
      const child = spawn(program, args, {
        cwd: options.cwd,
        env: options.env as NodeJS.ProcessEnv,
        detached: true,
        stdio: ['ignore', file, file],
        windowsHide: true,
      });
      const ended = new Promise<ProcessEnd>((done) => {
        child.once('exit', (code, signal) => {
          done({ code: code ?? 128 + ((signal && SIGNAL_NUMBERS[signal]) || 0), signal });
        });
      });
      child.once('error', (error) => {
        closeSync(file);
        reject(error);
      });
      child.once('spawn', () => {
        closeSync(file);
        resolve({ pid: child.pid ?? 0, ended });
      });
    });
  },
};
