import * as path from 'node:path';
import { type CandidateId, HumanError } from '../../domain/index.ts';
import type { Git } from '../run.ts';
import type { Review } from '../types.ts';
import { CandidateReview } from './review.ts';
import { discard, type ReviewState, readState, writeState } from './state.ts';

/**
 * A review folder is a small repository of its own that borrows the clone's objects, not a linked worktree: a linked
 * one shares `info/attributes` and the config with the person's folder, so eol, filter, ident and encoding attributes
 * could not be switched off for it alone, and `git add` in VS Code would stage other bytes than the proposal's.
 */
const ATTRIBUTES = '* -text !eol !ident !filter !working-tree-encoding !diff !merge !whitespace\n';

const SETTINGS = `[core]
	autocrlf = false
	safecrlf = false
	attributesFile = /dev/null
	hooksPath = /dev/null
	fsmonitor = false
	sparseCheckout = false
[gc]
	auto = 0
[maintenance]
	auto = false
[commit]
	gpgSign = false
`;
/** A folder half made is left alone this long: another window may be making it. */
const HALF_MADE_MS = 10 * 60 * 1000;

type Subject = Pick<ReviewState, 'candidate' | 'from' | 'proposal'>;

/** Opens the review of a candidate, as it was left or anew. @throws HumanError `research-folder` */
export async function startReview(main: Git, subject: Subject): Promise<Review> {
  const { files, random } = main.tools;
  const parent = await makeReviewsFolder(main);
  const folder = `${parent}/${folderName(subject.candidate)}`;
  const state = await readState(files, folder);
  if (state && state.from === subject.from && state.proposal === subject.proposal) {
    return new CandidateReview(main, folder, state);
  }
  await discard(main, folder);
  const fresh: ReviewState = { version: 1, ...subject, undo: [] };
  const making = `${parent}/.new-${random.word(8)}`;
  try {
    await fill(main, making, subject);
    await writeState(files, making, fresh);
    await files.rename(making, folder);
  } catch (error) {
    await files.remove(making);
    // Another window may have been first.
    const other = await readState(files, folder);
    if (other?.from !== subject.from || other.proposal !== subject.proposal) throw error;
    return new CandidateReview(main, folder, other);
  }
  return new CandidateReview(main, folder, fresh);
}

function folderName(candidate: CandidateId): string {
  if (!/^[0-9A-Za-z]+([.-][0-9A-Za-z]+)*$/.test(candidate)) throw new Error(`${candidate} is no candidate id`);
  return candidate.replaceAll('.', '-');
}

/** `.research/review` in the working tree; `.research` ignores itself, so git never shows it. */
async function makeReviewsFolder(main: Git): Promise<string> {
  const { files } = main.tools;
  const research = `${main.folder}/.research`;
  const parent = `${research}/review`;
  for (const folder of [research, parent]) {
    const info = await files.info(folder);
    // A link that a repository brings along could lead anywhere.
    if (info && info.kind !== 'folder') {
      throw new HumanError(`${folder} is not a folder, and reviews are kept there. Move it away, then try again.`, {
        code: 'research-folder',
      });
    }
    await files.makeFolder(folder);
  }
  await files.create(`${research}/.gitignore`, '*\n');
  return parent;
}

async function fill(main: Git, folder: string, subject: Subject): Promise<void> {
  const { files } = main.tools;
  await main.run(['init', '--quiet', '--template=', folder]);
  const objects = path.resolve(main.folder, await main.text(['rev-parse', '--git-path', 'objects']));
  await files.write(`${folder}/.git/objects/info/alternates`, `${objects}\n`);
  await files.write(`${folder}/.git/info/attributes`, ATTRIBUTES);
  await files.append(`${folder}/.git/config`, SETTINGS);
  const shallow = path.resolve(main.folder, await main.text(['rev-parse', '--git-path', 'shallow']));
  const grafts = await files.read(shallow);
  if (grafts) await files.write(`${folder}/.git/shallow`, grafts);
  const review = main.in(folder);
  await review.run(['update-ref', '--no-deref', 'HEAD', subject.from]);
  await review.run(['read-tree', '--reset', '-u', subject.proposal]);
  await review.run(['read-tree', '--reset', subject.from]);
  await review.attempt(['update-index', '-q', '--refresh']);
}

/** Reviews whose folder is on disk. Sweeps what is half made, half removed, or about commits that are gone. */
export async function listReviews(main: Git): Promise<Review[]> {
  const { files, clock } = main.tools;
  const parent = `${main.folder}/.research/review`;
  if ((await files.info(`${main.folder}/.research`))?.kind !== 'folder') return [];
  if ((await files.info(parent))?.kind !== 'folder') return [];
  const reviews: Review[] = [];
  for (const name of await files.list(parent)) {
    const folder = `${parent}/${name}`;
    if (name.startsWith('.old-')) {
      await files.remove(folder);
    } else if (name.startsWith('.new-')) {
      const made = (await files.info(folder))?.modifiedAt ?? 0;
      if (clock.now() - made > HALF_MADE_MS) await files.remove(folder);
    } else {
      const state = await readState(files, folder);
      if (!state) continue;
      if (await isThere(main, state)) reviews.push(new CandidateReview(main, folder, state));
      else await discard(main, folder);
    }
  }
  return reviews;
}

async function isThere(main: Git, state: ReviewState): Promise<boolean> {
  const answers = await main.text(['cat-file', '--batch-check=%(objecttype)'], {
    input: `${state.from}\n${state.proposal}\n`,
  });
  return answers === 'commit\ncommit';
}
