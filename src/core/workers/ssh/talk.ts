import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../system/index.ts';
import { type ExecCall, frameScript } from '../box/transport.ts';

const IDLE_MS = 120_000;
const MAX_STDERR = 64 * 1024;

/** The ends of one BOOT that runs on a box, however it was started there. */
export interface Pipes {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Its exit status when all was said; undefined where the link ended before it. */
  readonly ended: Promise<number | undefined>;
  close(): void;
}

export interface Said {
  readonly code: number | undefined;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Sends a call's script and input, and takes what it says. `onIdle` is called when nothing moved for the call's
 * `idleMs`: it ends the connection and gives the error.
 * @throws the signal's reason; what `onIdle` gives; what the input throws
 */
export function talk(pipes: Pipes, call: ExecCall, clock: Clock, onIdle: () => Error): Promise<Said> {
  const { signal } = call;
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let errorBytes = 0;
    const idleMs = call.idleMs ?? IDLE_MS;
    let last = clock.monotonic();
    const busy = () => {
      last = clock.monotonic();
    };
    const watch = clock.every(Math.min(idleMs, 5000), () => {
      // A box that says nothing for so long has a link or a disk that hangs: start over.
      if (clock.monotonic() - last >= idleMs) fail(onIdle());
    });
    const settle = () => {
      watch.dispose();
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (error: unknown) => {
      settle();
      reject(error);
    };
    const onAbort = () => {
      pipes.close();
      fail(signal?.reason);
    };
    pipes.stdin.on('error', () => {});
    if (signal?.aborted) {
      onAbort();
      return;
    }
    signal?.addEventListener('abort', onAbort, { once: true });
    pipes.stdout.on('data', (chunk: Buffer) => {
      busy();
      if (call.onStdout) call.onStdout(chunk);
      else stdout.push(chunk);
    });
    // Unread stderr would stall the channel.
    pipes.stderr.on('data', (chunk: Buffer) => {
      busy();
      call.onStderr?.(chunk);
      errorBytes += chunk.length;
      if (errorBytes <= MAX_STDERR) stderr.push(chunk);
    });
    pipes.ended.then((code) => {
      settle();
      resolve({ code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8') });
    }, fail);
    feed(pipes.stdin, call, busy).catch((error) => {
      pipes.close();
      fail(error);
    });
  });
}

async function feed(stdin: Writable, call: ExecCall, busy: () => void): Promise<void> {
  const write = (chunk: Uint8Array) =>
    new Promise<void>((resolve) => {
      if (stdin.write(chunk)) resolve();
      else {
        const go = () => {
          stdin.off('drain', go);
          stdin.off('close', go);
          busy();
          resolve();
        };
        stdin.on('drain', go);
        stdin.on('close', go);
      }
    });
  const head = frameScript(call.script);
  if (call.input instanceof Uint8Array) {
    await write(Buffer.concat([head, call.input]));
  } else {
    await write(head);
    if (call.input) {
      for await (const chunk of call.input()) {
        if (!stdin.writable || stdin.destroyed) return;
        await write(chunk);
      }
    }
  }
  stdin.end();
}
