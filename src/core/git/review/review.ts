import { type CandidateId, HumanError } from '../../domain/index.ts';
import { diffTrees, rawDiff } from '../diff.ts';
import { readBlobs } from '../objects.ts';
import { hunkId } from '../parse-diff.ts';
import { createBranch, keepRef } from '../refs.ts';
import { type Git, GitFailed, splitNul } from '../run.ts';
import type { FileChange, FileDiff, Hunk, Review } from '../types.ts';
import { writeChangedTree, writeWorkingTree } from '../write.ts';
import { placeInCommit, reverse, takeHunk } from './hunk.ts';
import { discard, type Entry, type ReviewState, readState, type Sides, sameEntry, writeState } from './state.ts';

interface Trees {
  readonly index: string;
  readonly work: string;
}

const LOCK_TRIES = 60;
const LOCK_WAIT_MS = 50;

/** One review folder. Its actions run one after the other; each changes one path on one side. */
export class CandidateReview implements Review {
  readonly candidate: CandidateId;
  readonly folder: string;
  readonly #main: Git;
  readonly #git: Git;
  #state: ReviewState;
  #proposed: readonly string[] | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(main: Git, folder: string, state: ReviewState) {
    this.candidate = state.candidate;
    this.folder = folder;
    this.#main = main;
    this.#git = main.in(folder);
    this.#state = state;
  }

  async accepted(): Promise<FileDiff[]> {
    const { from } = this.#state;
    return await diffTrees(this.#git, from, await this.#indexTree(), { context: 3, renames: false });
  }

  async undecided(): Promise<FileDiff[]> {
    return await this.#undecided(await this.#trees());
  }

  acceptHunk(path: string, hunk: string): Promise<void> {
    return this.#act(path, async (sides, trees) => {
      const found = await this.#findHunk(trees, path, hunk);
      if (!sides.index || !sides.work) return { index: sides.work, work: sides.work };
      const bytes = takeHunk(await this.#bytes(sides.index), await this.#bytes(sides.work), found);
      return { index: { mode: sides.index.mode, blob: await this.#git.writeBlob(bytes) }, work: sides.work };
    });
  }

  rejectHunk(path: string, hunk: string): Promise<void> {
    return this.#act(path, async (sides, trees) => {
      const found = await this.#findHunk(trees, path, hunk);
      if (!sides.index || !sides.work) return { index: sides.index, work: sides.index };
      const bytes = takeHunk(await this.#bytes(sides.work), await this.#bytes(sides.index), reverse(found));
      return { index: sides.index, work: { mode: sides.work.mode, blob: await this.#git.writeBlob(bytes) } };
    });
  }

  acceptFile(path: string): Promise<void> {
    return this.#act(path, async (sides) => ({ index: sides.work, work: sides.work }));
  }

  rejectFile(path: string): Promise<void> {
    return this.#act(path, async (sides) => ({ index: sides.index, work: sides.index }));
  }

  /** @throws HumanError `changed-since` when the file was changed by other means since, which undo would lose */
  undo(): Promise<boolean> {
    return this.#queue(async () => {
      const last = this.#state.undo.at(-1);
      if (!last) return false;
      const now = await this.#sides(await this.#trees(), last.path);
      if (!sameEntry(now.index, last.after.index) || !sameEntry(now.work, last.after.work)) {
        throw new HumanError(
          `${last.path} was changed since it was accepted or rejected; undoing that would lose the change.`,
          { code: 'changed-since' },
        );
      }
      await this.#apply(last.path, now, last.before);
      await this.#save({ ...this.#state, undo: this.#state.undo.slice(0, -1) });
      return true;
    });
  }

  changes(side: 'accepted' | 'proposed'): Promise<ReadonlyMap<string, Buffer | null>> {
    return this.#queue(async () => {
      const trees = await this.#trees();
      const tree = side === 'accepted' ? trees.index : trees.work;
      const changes = await this.#changesOf(await rawDiff(this.#git, this.#state.from, tree, false));
      return new Map([...changes].map(([path, change]) => [path, change?.bytes ?? null] as const));
    });
  }

  approve(message: string, branch: string): Promise<string> {
    return this.#queue(async () => {
      const trees = await this.#trees();
      const open = await this.#undecided(trees);
      if (open.length > 0) {
        const names = open.map((file) => file.path).join(', ');
        throw new HumanError(
          `#${this.candidate} still has changes that are neither accepted nor rejected: ${names}. Decide them, then approve.`,
          { code: 'undecided' },
        );
      }
      const { from } = this.#state;
      const changed = await rawDiff(this.#git, from, trees.index, false);
      if (changed.length === 0) {
        throw new HumanError(
          `Nothing of #${this.candidate} was accepted, so there is nothing to approve. Reject it instead.`,
          {
            code: 'empty',
          },
        );
      }
      const commit = await this.#commit(message, trees.index, changed);
      await createBranch(this.#main, branch, commit);
      return commit;
    });
  }

  close(): Promise<void> {
    return this.#queue(() => discard(this.#main, this.folder));
  }

  /** The accepted tree carried over into the clone: its new blobs lie in the review's own object store. */
  async #commit(message: string, tree: string, changed: Awaited<ReturnType<typeof rawDiff>>): Promise<string> {
    const { from } = this.#state;
    const ref = `refs/research/approved/${this.candidate}`;
    const earlier = await this.#main.maybe(['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]);
    if (earlier !== undefined) {
      const made = await this.#main.text(['rev-parse', `${earlier}^{tree}`, `${earlier}^`]);
      if (made === `${tree}\n${from}`) return earlier;
    }
    const written = await writeChangedTree(this.#main, from, await this.#changesOf(changed));
    if (written !== tree) throw new Error(`the approved tree of ${this.candidate} came out as ${written}, not ${tree}`);
    const commit = await this.#main.commitTree(tree, [from], message);
    await keepRef(this.#main, ref, commit);
    return commit;
  }

  async #changesOf(changed: Awaited<ReturnType<typeof rawDiff>>): Promise<ReadonlyMap<string, FileChange>> {
    const kept = changed.filter((one) => one.status !== 'D');
    const blobs = await this.#readBlobs(kept.map((one) => one.newBlob));
    const changes = new Map<string, FileChange>();
    for (const one of changed) {
      const bytes = blobs.get(one.newBlob);
      changes.set(one.path, one.status === 'D' || !bytes ? null : { bytes, mode: one.newMode });
    }
    return changes;
  }

  async #readBlobs(ids: readonly string[]): Promise<Map<string, Buffer>> {
    if (ids.length === 0) return new Map();
    const answers = await this.#git.text(['cat-file', '--batch-check=%(objectname) %(objectsize)'], {
      input: `${ids.join('\n')}\n`,
    });
    const sized = answers.split('\n').map((line) => {
      const [blob = '', size = '0'] = line.split(' ');
      return { blob, size: Number(size) };
    });
    return await readBlobs(this.#git, sized);
  }

  #act(path: string, decide: (sides: Sides, trees: Trees) => Promise<Sides>): Promise<void> {
    return this.#queue(async () => {
      const trees = await this.#trees();
      const before = await this.#sides(trees, path);
      if (sameEntry(before.index, before.work)) throw stale(path);
      const after = await decide(before, trees);
      await this.#apply(path, before, after);
      await this.#save({ ...this.#state, undo: [...this.#state.undo, { path, before, after }] });
    });
  }

  #queue<T>(work: () => Promise<T>): Promise<T> {
    const fresh = async () => {
      // Another object of this review, or another window, may have acted since.
      this.#state = (await readState(this.#git.tools.files, this.folder)) ?? this.#state;
      return await work();
    };
    const result = this.#last.then(fresh);
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #save(state: ReviewState): Promise<void> {
    this.#state = state;
    await writeState(this.#git.tools.files, this.folder, state);
  }

  async #indexTree(): Promise<string> {
    const { files } = this.#git.tools;
    // Of a copy: write-tree on the index itself would take its lock from VS Code.
    return await this.#git.withIndex(async (env, copy) => {
      const bytes = await files.read(`${this.folder}/.git/index`);
      if (bytes) await files.write(copy, bytes);
      return await this.#git.text(['write-tree'], { env });
    });
  }

  async #trees(): Promise<Trees> {
    const ours = await this.#proposedPaths();
    const index = await this.#indexTree();
    return { index, work: await writeWorkingTree(this.#git, `${this.folder}/.git/index`, ours) };
  }

  /** A file of the proposal counts even where the repository's own rules ignore it. */
  async #proposedPaths(): Promise<readonly string[]> {
    const { from, proposal } = this.#state;
    this.#proposed ??= (await rawDiff(this.#main, from, proposal, false)).map((change) => change.path);
    return this.#proposed;
  }

  async #sides(trees: Trees, path: string): Promise<Sides> {
    const entry = async (tree: string): Promise<Entry> => {
      const [line] = splitNul(await this.#git.run(['ls-tree', '-z', '--full-tree', tree, '--', path]));
      const [mode = '', type = '', blob = ''] = (line?.slice(0, line.indexOf('\t')) ?? '').split(' ');
      return type === '' || type === 'tree' ? null : { mode, blob };
    };
    return { index: await entry(trees.index), work: await entry(trees.work) };
  }

  /** Index against working tree, each hunk named by its place in the commit the patch is cut from. */
  async #undecided(trees: Trees): Promise<FileDiff[]> {
    const { from } = this.#state;
    const options = { context: 0, renames: false };
    const [open, accepted] = await Promise.all([
      diffTrees(this.#git, trees.index, trees.work, options),
      diffTrees(this.#git, from, trees.index, options),
    ]);
    const above = new Map(accepted.map((file) => [file.path, file.hunks]));
    return open.map((file) => ({
      ...file,
      hunks: file.hunks.map((hunk) => ({
        ...hunk,
        id: hunkId(file.path, placeInCommit(hunk, above.get(file.path) ?? []), hunk.lines),
      })),
    }));
  }

  async #findHunk(trees: Trees, path: string, id: string): Promise<Hunk> {
    const file = (await this.#undecided(trees)).find((one) => one.path === path);
    const hunk = file?.hunks.find((one) => one.id === id);
    if (!hunk) throw stale(path);
    return hunk;
  }

  async #bytes(entry: NonNullable<Entry>): Promise<Buffer> {
    return await this.#git.run(['cat-file', 'blob', entry.blob]);
  }

  async #apply(path: string, before: Sides, after: Sides): Promise<void> {
    if (!sameEntry(before.work, after.work)) await this.#writeWork(path, after.work);
    if (!sameEntry(before.index, after.index))
      await this.#unlocked(['update-index', '-z', '--index-info'], line(path, after.index));
    await this.#git.attempt(['update-index', '-q', '--refresh']);
  }

  /** Through git, so that links, modes and folders in the way come out as git would have them. */
  async #writeWork(path: string, entry: Entry): Promise<void> {
    if (!entry) {
      await this.#git.tools.files.remove(`${this.folder}/${path}`);
      return;
    }
    await this.#git.withIndex(async (env) => {
      await this.#git.run(['update-index', '-z', '--index-info'], { env, input: line(path, entry) });
      await this.#git.run(['checkout-index', '--force', '--', path], { env });
    });
  }

  /** VS Code's own git takes the index lock now and then, for some milliseconds. */
  async #unlocked(args: readonly string[], input: string): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#git.run(args, { input });
        return;
      } catch (error) {
        if (!(error instanceof GitFailed) || !error.stderr.includes('index.lock') || tries >= LOCK_TRIES) throw error;
        await this.#git.tools.clock.sleep(LOCK_WAIT_MS);
      }
    }
  }
}

function line(path: string, entry: Entry): string {
  return entry ? `${entry.mode} ${entry.blob}\t${path}\0` : `0 ${'0'.repeat(40)}\t${path}\0`;
}

function stale(path: string): HumanError {
  return new HumanError(`${path} has changed since that hunk was listed. Look at the diff again, then decide.`, {
    code: 'stale-hunk',
  });
}
