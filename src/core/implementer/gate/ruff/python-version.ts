import type { Texts } from '../../types.ts';

/** The oldest Python that today's PyTorch runs on: what is not known to be newer is taken for it. */
const OLDEST = 10;
/** The newest that this ruff knows. */
const NEWEST = 14;

export interface PythonTarget {
  /** The minor version of Python 3. */
  readonly minor: number;
  /** False where the repository names none: then what only a newer Python takes is a warning. */
  readonly known: boolean;
}

/** Ruff's word for it: `py310`. */
export function ruffTarget({ minor }: PythonTarget): string {
  return `py3${minor}`;
}

/** The Python that a repository says it runs on: `.python-version`, else the lower bound of `requires-python`. */
export function pythonTarget(files: Texts): PythonTarget {
  const pinned = /^(?:[a-z]+-?)?3\.(\d{1,2})(?:\.\d+)?\s*$/m.exec(files.get('.python-version')?.slice(0, 200) ?? '');
  const project = files.get('pyproject.toml')?.slice(0, 100_000) ?? '';
  const required = /^[ \t]*requires-python[ \t]*=[ \t]*["'][^"'\n]{0,80}?(?:>=|~=|==)[ \t]*3\.(\d{1,2})/m.exec(project);
  const named = pinned?.[1] ?? required?.[1];
  if (named === undefined) return { minor: OLDEST, known: false };
  return { minor: Math.min(NEWEST, Math.max(7, Number(named))), known: true };
}
