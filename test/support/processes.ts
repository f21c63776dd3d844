import { type ChildProcess, spawn } from 'node:child_process';
import * as path from 'node:path';
import * as readline from 'node:readline';
import { PATIENCE_MS } from './patience.ts';

/** A Node child of a test, its lines of output and its end. */
export interface Child {
  readonly process: ChildProcess;
  readonly lines: readonly string[];
  /** The first line (also of the past) that starts so. Rejects when the child ends without it. */
  line(start: string): Promise<string>;
  /** Kills it as a crash would and waits until it is gone. */
  kill(): Promise<void>;
  readonly ended: Promise<number | null>;
}

/** Starts a built `*.entry.ts` of the tests, named by its path in the repository. */
export function startEntry(entry: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Child {
  const file = path.resolve('out', entry.replace(/\.ts$/, '.js'));
  const child = spawn(process.execPath, ['--enable-source-maps', file, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  });
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  const tell = (): void => {
    for (const watcher of [...watchers]) watcher();
  };
  readline.createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    tell();
  });
  let over = false;
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      over = true;
      resolve(code);
      tell();
    });
  });
  return {
    process: child,
    lines,
    ended,
    line: (start) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.find((line) => line.startsWith(start));
          if (found === undefined && !over) return;
          watchers.delete(look);
          if (found === undefined) reject(new Error(`the child ended without "${start}": ${lines.join(' | ')}`));
          else resolve(found);
        };
        watchers.add(look);
        look();
      }),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Looks every 20 ms until `look` gives something, at most `deadline` ms. */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  deadline = PATIENCE_MS,
): Promise<T> {
  const end = performance.now() + deadline;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`did not come in ${deadline} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
