/** The exit codes, as docs/terminal.md states them. */
export const EXIT = { done: 0, failed: 1, usage: 2, unreachable: 3, bug: 70, interrupted: 130 } as const;
