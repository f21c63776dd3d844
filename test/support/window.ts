import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as path from 'node:path';
import { checkout, type Place } from './research.ts';

/** A process of its own that opens a place's research and drives it (`test/boxes/loop/driver.entry.ts`). */
export class Window {
  readonly process: ChildProcess;
  #said = '';

  private constructor(place: Place, holder: string) {
    const entry = path.join(checkout, 'out/test/boxes/loop/driver.entry.js');
    this.process = spawn(process.execPath, ['--enable-source-maps', entry, place.repo, holder], {
      env: place.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stderr?.on('data', (chunk: Buffer) => {
      this.#said += chunk.toString('utf8');
    });
  }

  /** Resolves when it has the research open. */
  static async open(place: Place, holder: string): Promise<Window> {
    const window = new Window(place, holder);
    await Promise.race([
      once(window.process.stdout as NodeJS.ReadableStream, 'data'),
      once(window.process, 'exit').then(() => {
        throw new Error(`${holder} ended before it was open: ${window.said}`);
      }),
    ]);
    return window;
  }

  /** What it logged so far. */
  get said(): string {
    return this.#said;
  }

  /** Kills it as a crash would; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
  }
}
