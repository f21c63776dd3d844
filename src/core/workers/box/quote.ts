/**
 * One word for a POSIX shell, whatever it holds: the only way a value gets into a script of ours.
 * @throws Error for a NUL byte, which no argument can carry
 */
export function shq(value: string): string {
  if (value.includes('\0')) throw new Error('A shell word cannot hold a NUL byte.');
  return `'${value.replaceAll("'", "'\\''")}'`;
}

/** Words for a POSIX shell, separated by blanks. */
export function shqAll(values: readonly string[]): string {
  return values.map(shq).join(' ');
}
