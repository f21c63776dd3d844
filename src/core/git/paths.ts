import { HumanError } from '../domain/index.ts';

/** Characters that HFS+ ignores in names: `.g<U+200C>it` is `.git` there. */
const IGNORED_BY_HFS = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;
const DRIVE = /^[A-Za-z]:/;

function isGitFolder(segment: string): boolean {
  const plain = segment.replace(IGNORED_BY_HFS, '').toLowerCase();
  const windows = plain.split(':')[0]?.replace(/[. ]+$/, '');
  return windows === '.git' || windows === 'git~1';
}

/**
 * What is wrong with a path inside a repository, in words; undefined when it is good: relative, `/` as separator,
 * no `.` or `..`, nothing of `.git` on any file system.
 */
export function pathProblem(path: string): string | undefined {
  if (path === '') return 'the path is empty';
  if (path.includes('\0') || path.includes('\n')) return 'the path holds a control character';
  if (path.includes('\\')) return 'the path holds a backslash; use /';
  if (path.startsWith('/') || DRIVE.test(path)) return 'the path is absolute; it must lie in the repository';
  if (path.startsWith('~/')) return 'the path starts in a home folder; it must lie in the repository';
  for (const segment of path.split('/')) {
    if (segment === '..') return 'the path leaves the repository';
    if (segment === '' || segment === '.') return 'the path has an empty or . part';
    if (isGitFolder(segment)) return 'the path lies in a .git folder';
  }
  return undefined;
}

/** @throws HumanError `path-escape` naming the path and what is wrong with it */
export function requirePath(path: string): void {
  const problem = pathProblem(path);
  if (problem !== undefined) {
    throw new HumanError(`${JSON.stringify(path)} cannot be a file of this repository: ${problem}.`, {
      code: 'path-escape',
    });
  }
}
