import { spawn } from 'node:child_process';
import {
  BOOT,
  type ExecCall,
  type ExecResult,
  frameScript,
  type Transport,
} from '../../src/core/workers/box/transport.ts';

/** A box without a box: BOOT run by this machine's shell, with a home folder of its own. Counts what crosses. */
export class ShellTransport implements Transport {
  readonly where = 'this machine';
  execs = 0;
  readonly #env: NodeJS.ProcessEnv;
  readonly #prelude: string;
  readonly #bash: boolean;

  /** `prelude` runs before, as a noisy login script would. `bash`: /bin/sh is bash, in a mount namespace (root only). */
  constructor(home: string, options: { readonly prelude?: string; readonly bash?: boolean } = {}) {
    this.#env = { PATH: process.env.PATH, HOME: home };
    this.#prelude = options.prelude ?? '';
    this.#bash = options.bash ?? false;
  }

  exec(call: ExecCall): Promise<ExecResult> {
    this.execs += 1;
    return new Promise((resolve, reject) => {
      const command = `${this.#prelude}\n${BOOT}`;
      const [program, args] = this.#bash
        ? [
            'unshare',
            ['-m', 'bash', '-c', 'mount --bind /bin/bash "$(realpath /bin/sh)" && exec /bin/sh -c "$0"', command],
          ]
        : ['/bin/sh', ['-c', command]];
      const child = spawn(program as string, args as string[], { env: this.#env, signal: call.signal, cwd: '/' });
      const out: Buffer[] = [];
      const err: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => (call.onStdout ? call.onStdout(chunk) : out.push(chunk)));
      child.stderr.on('data', (chunk: Buffer) => {
        call.onStderr?.(chunk);
        err.push(chunk);
      });
      child.on('error', reject);
      child.stdin.on('error', () => {});
      child.on('exit', (code) =>
        setTimeout(
          () => resolve({ code: code ?? -1, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() }),
          5,
        ),
      );
      child.stdin.write(frameScript(call.script));
      void (async () => {
        if (call.input instanceof Uint8Array) child.stdin.write(call.input);
        else if (call.input) for await (const chunk of call.input()) child.stdin.write(chunk);
        child.stdin.end();
      })();
    });
  }

  dispose(): void {}
}
