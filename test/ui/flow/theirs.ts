import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import type { Place } from '../../support/research.ts';

/** What a person has lying about in their repository: a stash, a staged change, a dirty file, an untracked one. */
export function makeMess(place: Place): void {
  const write = (file: string, text: string) => writeFileSync(path.join(place.repo, file), text);
  write('program.md', 'A thought put aside for later.\n');
  place.git('stash', 'push', '-q', '-m', 'put aside');
  write('notes.md', 'Staged, not committed.\r\nNo newline at the end');
  place.git('add', 'notes.md');
  write('program.md', `${readFileSync(path.join(place.repo, 'program.md'), 'utf8')}\nHalf a sentence of my own\n`);
  write('scratch.txt', 'untracked\n');
}

/** Everything of a person's repository that a review must leave as it is, byte for byte. */
export function fingerprint(place: Place): Readonly<Record<string, string>> {
  const bytes = (file: string) =>
    createHash('sha256')
      .update(readFileSync(path.join(place.repo, file)))
      .digest('hex');
  const files = place.git('ls-files', '-z', '--cached', '--others', '--exclude-standard').split('\0').filter(Boolean);
  return {
    head: place.git('symbolic-ref', 'HEAD') + place.git('rev-parse', 'HEAD'),
    main: place.git('reflog', 'show', 'main'),
    stash: place.git('stash', 'list', '--format=%H %gs'),
    staged: place.git('ls-files', '--stage'),
    index: bytes('.git/index'),
    status: place.git('--no-optional-locks', 'status', '--porcelain=v2', '--untracked-files=all'),
    ...Object.fromEntries(files.map((file) => [file, bytes(file)])),
  };
}

/** The mess is done with: what was dirty is as committed again; the stash stays. */
export function tidyUp(place: Place): void {
  place.git('reset', '-q', '--hard');
  place.git('clean', '-q', '-f');
}
