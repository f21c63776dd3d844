/** The text files of a commit, by path. */
export type Texts = ReadonlyMap<string, string>;

/** A proposed value, with what it was told from: a file and its line where there is one. */
export interface Finding<T> {
  readonly value: T;
  readonly reason: string;
}

/** A value that was told, or why it could not be told and what a person can do about it. */
export type Told<T> = { readonly found: Finding<T> } | { readonly open: string };

/** The 1-based line of an offset. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}

/** The first line of a text that matches, 1-based. */
export function firstLine(
  text: string,
  expression: RegExp,
): { readonly line: number; readonly match: RegExpExecArray } | undefined {
  let line = 0;
  for (const row of text.split('\n')) {
    line += 1;
    const match = row.length > 2000 ? null : expression.exec(row);
    if (match) return { line, match };
  }
  return undefined;
}

/** `a, b and 2 more`. */
export function list(names: readonly string[], most = 4): string {
  const shown = names.slice(0, most);
  const more = names.length - shown.length;
  if (more > 0) return `${shown.join(', ')} and ${more} more`;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

export function isPython(file: string): boolean {
  return file.endsWith('.py');
}

export function isShell(file: string): boolean {
  return /\.(sh|bash|sbatch|slurm)$/.test(file);
}

export function baseName(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}

export function depthOf(file: string): number {
  return file.split('/').length - 1;
}
