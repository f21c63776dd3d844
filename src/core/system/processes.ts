import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** How a process ended. */
export interface ProcessEnd {
  /** Exit status; 128 + signal where a signal ended it. */
  readonly code: number;
  readonly signal: NodeJS.Signals | null;
}

export interface StartIntoFileOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where stdout and stderr are appended. */
  readonly file: string;
  /** How many bytes more the file may get. Without it, and on Windows, the kernel appends and there is no cap. */
  readonly capBytes?: number;
  /** Written to its stdin, which is then closed; none: an empty stdin. */
  readonly input?: string;
  /** This process may end before it. */
  readonly leave?: boolean;
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
  /**
   * The live processes of what `leader` began: those of its session and group, and those whose environment holds
   * `NAME=value`, which finds the ones that left both. Give 0 for a leader that is not known to be the same.
   * Only the group, as one negative pid, where the system does not tell more (not Linux).
   */
  tree(leader: number, name: string, value: string): number[];
  /** Where pids mean the same processes: this boot of this machine and this pid namespace. */
  machine(hostname: string): string;
  /**
   * Starts a program in a session of its own, its output appended to a file.
   * @throws the system error (`ENOENT`, `EACCES`, `ENOSPC`) when it cannot start
   */
  startIntoFile(
    program: string,
    args: readonly string[],
    options: StartIntoFileOptions,
  ): Promise<{
    readonly pid: number;
    readonly ended: Promise<ProcessEnd>;
    /** Resolves when the file has the last byte: not before all that got the output from it have ended. */
    readonly logged: Promise<void>;
  }>;
}

/**
 * Copies its stdin to the end of file $1 until that has $2 bytes, in blocks of 512; then adds a line and drops the rest.
 * A process of its own, so that nothing that happens to whoever watches the program can end or stall it. What a full
 * disk does not take is dropped, and said.
 */
const KEEP_LOG = `
while :; do
  (ulimit -f $((($2 + 511) / 512)) && exec cat) >>"$1" 2>/dev/null && exit 0
  if [ $(($(wc -c <"$1"))) -ge "$2" ]; then
    printf '\\n[research-copilot: the log reached max_log of this box and ends here; the run goes on]\\n' >>"$1"
    exec cat >/dev/null
  fi
  dd bs=65536 count=1 of=/dev/null 2>/dev/null
  printf '\\n[research-copilot: the disk was full; some of the log is missing here]\\n' >>"$1" 2>/dev/null
done`;

/** Where a program's output goes: straight into the file, or through a keeper of its cap. */
function openLog(file: string, capBytes: number | undefined, env: NodeJS.ProcessEnv) {
  const descriptor = openSync(file, 'a', 0o600);
  if (capBytes === undefined || process.platform === 'win32') {
    return { target: descriptor, logged: Promise.resolve(), close: () => closeSync(descriptor) };
  }
  const most = fstatSync(descriptor).size + capBytes;
  closeSync(descriptor);
  const keeper = spawn('/bin/sh', ['-c', KEEP_LOG, 'sh', file, String(most)], {
    env: { PATH: env.PATH },
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const logged = new Promise<void>((done) => {
    keeper.once('exit', () => done());
    keeper.once('error', () => done());
  });
  keeper.stdin.on('error', () => {});
  keeper.unref();
  return { target: keeper.stdin, logged, close: () => keeper.stdin.destroy() };
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

interface Stat {
  readonly state: string;
  readonly group: number;
  readonly session: number;
  readonly startTime: string;
}

/** What /proc/PID/stat tells; the program's name in it may hold spaces and brackets. */
function stat(pid: number): Stat | undefined {
  const text = tryRead(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    state: fields[0] ?? '',
    group: Number(fields[2]),
    session: Number(fields[3]),
    startTime: fields[19] ?? '',
  };
}

const gone = (found: Stat | undefined): boolean => !found || found.state === 'Z' || found.state === 'X';

function signalled(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH') return false;
    if (code === 'EPERM') return true;
    throw error;
  }
}

export const realProcesses: Processes = {
  alive(pid, startTime) {
    if (!Number.isInteger(pid) || pid <= 0) return false;
    if (process.platform !== 'linux') return signalled(pid, 0);
    const found = stat(pid);
    return !gone(found) && (startTime === undefined || startTime === found?.startTime);
  },
  startTime: (pid) => stat(pid)?.startTime,
  signal: (pid, signal) => signalled(pid, signal),
  tree(leader, name, value) {
    if (process.platform !== 'linux') return leader > 0 && signalled(-leader, 0) ? [-leader] : [];
    const wanted = `${name}=${value}`;
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .map(Number)
      .filter((pid) => {
        const found = stat(pid);
        if (gone(found)) return false;
        if (leader > 0 && (found?.session === leader || found?.group === leader)) return true;
        return tryRead(`/proc/${pid}/environ`)?.split('\0').includes(wanted) ?? false;
      });
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
      const env = options.env as NodeJS.ProcessEnv;
      const log = openLog(options.file, options.capBytes, env);
      const child = spawn(program, args, {
        cwd: options.cwd,
        env,
        detached: true,
        stdio: [options.input === undefined ? 'ignore' : 'pipe', log.target, log.target],
        windowsHide: true,
      });
      const ended = new Promise<ProcessEnd>((done) => {
        child.once('exit', (code, signal) => {
          done({ code: code ?? 128 + ((signal && SIGNAL_NUMBERS[signal]) || 0), signal });
        });
      });
      child.once('error', (error) => {
        log.close();
        reject(error);
      });
      child.once('spawn', () => {
        log.close();
        // A child that ends without reading its stdin is no failure of ours.
        child.stdin?.on('error', () => {});
        child.stdin?.end(options.input);
        if (options.leave) child.unref();
        resolve({ pid: child.pid ?? 0, ended, logged: log.logged });
      });
    });
  },
};
