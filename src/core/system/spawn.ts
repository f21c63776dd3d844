import { type ChildProcess, spawn } from 'node:child_process';

export interface SpawnOptions {
  readonly cwd?: string;
  /** The whole environment of the child; default: this process's own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: Uint8Array | string;
  readonly signal?: AbortSignal;
  /** Stops reading and kills the child past this many bytes of stdout; default 256 MiB. */
  readonly maxBytes?: number;
}

export interface SpawnResult {
  /** Exit status; 128 + signal where a signal ended it. */
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export interface Spawn {
  /**
   * Runs a program to its end. Never through a shell.
   * @throws the system error (`ENOENT`, `EACCES`) when it cannot start; the signal's reason when aborted
   */
  run(program: string, args: readonly string[], options?: SpawnOptions): Promise<SpawnResult>;
  /** Starts a program in a session of its own, with its stdin given and closed, and forgets it. Gives its pid. */
  detach(
    program: string,
    args: readonly string[],
    options?: SpawnOptions & { readonly logFile?: number },
  ): Promise<number>;
  /** Starts a program in a process group of its own and hands out its pipes; `endPiped` ends it. */
  pipe(program: string, args: readonly string[], options?: Omit<SpawnOptions, 'input' | 'maxBytes'>): ChildProcess;
}

/** Ends a program that `pipe` started, with what it started itself. */
export function endPiped(child: ChildProcess): void {
  try {
    if (process.platform !== 'win32' && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    else child.kill();
  } catch {
    // It ended first.
  }
}

const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;

export const realSpawn: Spawn = {
  run(program, args, options = {}) {
    return new Promise((resolve, reject) => {
      if (options.signal?.aborted) {
        reject(options.signal.reason);
        return;
      }
      const child = spawn(program, args, {
        cwd: options.cwd,
        env: options.env as NodeJS.ProcessEnv | undefined,
        stdio: ['pipe', 'pipe', 'pipe'],
        windowsHide: true,
        // Ctrl+C in a terminal goes to the whole process group: a git in the middle of a write must not be hit by what
        // is meant for us. On Windows a process of its own group would open a console.
        detached: process.platform !== 'win32',
      });
      const out: Buffer[] = [];
      const err: Buffer[] = [];
      let bytes = 0;
      const limit = options.maxBytes ?? DEFAULT_MAX_BYTES;
      const onAbort = () => child.kill('SIGTERM');
      options.signal?.addEventListener('abort', onAbort, { once: true });
      child.stdout.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > limit) child.kill('SIGKILL');
        else out.push(chunk);
      });
      child.stderr.on('data', (chunk: Buffer) => {
        if (err.length < 1024) err.push(chunk);
      });
      child.once('error', (error) => {
        options.signal?.removeEventListener('abort', onAbort);
        reject(error);
      });
      child.once('close', (code, signal) => {
        options.signal?.removeEventListener('abort', onAbort);
        if (options.signal?.aborted) {
          reject(options.signal.reason);
        } else if (bytes > limit) {
          reject(new Error(`${program} printed more than ${limit} bytes`));
        } else {
          const status = code ?? 128 + (signal === 'SIGKILL' ? 9 : 15);
          resolve({ code: status, stdout: Buffer.concat(out), stderr: Buffer.concat(err) });
        }
      });
      // A child that ends without reading its stdin is no failure of ours; its exit status tells.
      child.stdin.on('error', () => {});
      child.stdin.end(options.input ?? '');
    });
  },
  detach(program, args, options = {}) {
    return new Promise((resolve, reject) => {
      const output = options.logFile ?? 'ignore';
      const child = spawn(program, args, {
        cwd: options.cwd,
        env: options.env as NodeJS.ProcessEnv | undefined,
        detached: true,
        stdio: [options.input === undefined ? 'ignore' : 'pipe', output, output],
        windowsHide: true,
      });
      child.once('error', reject);
      child.once('spawn', () => {
        child.stdin?.on('error', () => {});
        child.stdin?.end(options.input);
        child.unref();
        resolve(child.pid ?? 0);
      });
    });
  },
  pipe(program, args, options = {}) {
    return spawn(program, args, {
      cwd: options.cwd,
      env: options.env as NodeJS.ProcessEnv | undefined,
      signal: options.signal,
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
      // As in `run`; and what asks at a terminal finds none.
      detached: process.platform !== 'win32',
    });
  },
};
