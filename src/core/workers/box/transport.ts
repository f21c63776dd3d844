/**
 * The command a box is asked to run, the same for every call. It reads one line, the length of a script in bytes, then
 * the script, and runs it; what follows on stdin is the script's. (`/bin/sh -s` would do the same with bash, but dash
 * reads its script in blocks and takes bytes away from the commands in it.) Safe in any login shell: one quoted word
 * with no backslash, no exclamation mark and no line break.
 */
export const BOOT = `/bin/sh -c 'IFS= read -r n && s=$(dd bs="$n" count=1 iflag=fullblock 2>/dev/null) && eval "$s"'`;

/** What goes first on the stdin of BOOT. */
export function frameScript(script: string): Buffer {
  const body = Buffer.from(script, 'utf8');
  return Buffer.concat([Buffer.from(`${body.length}\n`), body]);
}

export interface ExecCall {
  readonly script: string;
  /** For the script's stdin; a function where it is too big to hold, called once an attempt. */
  readonly input?: Uint8Array | (() => AsyncIterable<Uint8Array>);
  readonly signal?: AbortSignal;
  /** Milliseconds without a byte in either direction after which the box counts as unreachable. Default 120,000. */
  readonly idleMs?: number;
  /** Takes what the script prints as it comes; the result's `stdout` is then empty. */
  readonly onStdout?: (chunk: Buffer) => void;
  /** Hears what the script says on stderr as it comes. */
  readonly onStderr?: (chunk: Buffer) => void;
}

export interface ExecResult {
  readonly code: number;
  readonly stdout: Buffer;
  /** At most 64 KiB. */
  readonly stderr: string;
}

/**
 * A way to run BOOT on a box. A call either gives what the script said or throws HumanError `unreachable`, `host-key`
 * or `auth`; a link that dies in the middle is `unreachable`.
 */
export interface Transport {
  /** For messages: `user@host:port`. */
  readonly where: string;
  exec(call: ExecCall): Promise<ExecResult>;
  dispose(): void;
}
