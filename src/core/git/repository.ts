import { type CandidateId, HumanError } from '../domain/index.ts';
import { diffTrees, patchBytes } from './diff.ts';
import { cloneKey } from './key.ts';
import { mergeBranch } from './merge.ts';
import { findMissingContent, listFiles, readFile, readFiles } from './objects.ts';
import { makePack, makeParentless } from './pack.ts';
import { createBranch, dropRef, keepRef, listRefs } from './refs.ts';
import { listReviews, startReview } from './review/open.ts';
import type { Git } from './run.ts';
import { readStatus } from './status.ts';
import type { FileChange, FileDiff, Repository, Review, Status, TreeFile } from './types.ts';
import { applyPatch, writeChangedTree, writeWorkingTree } from './write.ts';

/** Where a repository lies, absolute. `gitDir` is that of the open worktree, `commonDir` the clone's. */
export interface Places {
  readonly root: string;
  readonly gitDir: string;
  readonly commonDir: string;
}

/** The room's face: says which of its parts does what, with the repository's folder filled in. */
export class GitRepository implements Repository {
  readonly root: string;
  readonly commonDir: string;
  readonly #git: Git;
  readonly #places: Places;

  constructor(git: Git, places: Places) {
    this.root = places.root;
    this.commonDir = places.commonDir;
    this.#git = git;
    this.#places = places;
  }

  async head(): Promise<{ readonly commit: string; readonly branch: string } | undefined> {
    const commit = await this.resolve('HEAD');
    if (commit === undefined) return undefined;
    const branch = (await this.#git.maybe(['symbolic-ref', '--quiet', 'HEAD'])) ?? '';
    return { commit, branch: branch.replace(/^refs\/heads\//, '') };
  }

  status(): Promise<Status> {
    return readStatus(this.#git, this.#places.gitDir);
  }

  async snapshot(message: string): Promise<string> {
    const head = await this.resolve('HEAD');
    if (head === undefined) {
      throw new HumanError(`${this.root} has no commit yet. Commit your files first.`, { code: 'no-commits' });
    }
    const tree = await writeWorkingTree(this.#git, `${this.#places.gitDir}/index`);
    if (tree === (await this.#git.text(['rev-parse', `${head}^{tree}`]))) return head;
    // HEAD's own date: the same dirty tree gives the same commit, hence the same base.
    const date = await this.#git.text([
      '-c',
      'log.showSignature=false',
      'show',
      '--no-patch',
      '--format=%ct +0000',
      head,
    ]);
    const commit = await this.#git.commitTree(tree, [head], message, date);
    await this.keep(`refs/research/snapshots/${commit.slice(0, 16)}`, commit);
    return commit;
  }

  async resolve(revision: string): Promise<string | undefined> {
    if (revision.startsWith('-')) return undefined;
    return await this.#git.maybe(['rev-parse', '--verify', '--quiet', `${revision}^{commit}`]);
  }

  files(commit: string): Promise<TreeFile[]> {
    return listFiles(this.#git, commit);
  }

  read(commit: string, path: string): Promise<Buffer | undefined> {
    return readFile(this.#git, commit, path);
  }

  readMany(commit: string, paths: readonly string[]): Promise<Map<string, Buffer>> {
    return readFiles(this.#git, commit, paths);
  }

  missingContent(commit: string): Promise<readonly { readonly path: string; readonly why: 'lfs' | 'submodule' }[]> {
    return findMissingContent(this.#git, commit);
  }

  async propose(proposal: {
    readonly from: string;
    readonly changes: ReadonlyMap<string, FileChange>;
    readonly message: string;
    readonly name: string;
  }): Promise<string> {
    const tree = await writeChangedTree(this.#git, proposal.from, proposal.changes);
    const commit = await this.#git.commitTree(tree, [proposal.from], proposal.message);
    await this.keep(`refs/research/candidates/${proposal.name}`, commit);
    return commit;
  }

  diff(from: string, to: string, options: { readonly context?: number } = {}): Promise<FileDiff[]> {
    return diffTrees(this.#git, from, to, { context: options.context ?? 3, renames: true });
  }

  patch(from: string, to: string): Promise<Buffer> {
    return patchBytes(this.#git, from, to);
  }

  applyThroughGit(from: string, patch: Uint8Array, paths: readonly string[]): Promise<Map<string, Buffer | undefined>> {
    return applyPatch(this.#git, from, patch, paths);
  }

  openReview(candidate: CandidateId, from: string, proposal: string): Promise<Review> {
    return startReview(this.#git, { candidate, from, proposal });
  }

  reviews(): Promise<Review[]> {
    return listReviews(this.#git);
  }

  keep(ref: string, commit: string): Promise<void> {
    return keepRef(this.#git, ref, commit);
  }

  refs(): Promise<readonly { readonly name: string; readonly commit: string }[]> {
    return listRefs(this.#git);
  }

  dropRef(ref: string): Promise<void> {
    return dropRef(this.#git, ref);
  }

  makeBranch(name: string, commit: string): Promise<string> {
    return createBranch(this.#git, name, commit);
  }

  merge(branch: string, message: string): Promise<string> {
    return mergeBranch(this.#git, this.#places.gitDir, branch, message);
  }

  pack(want: readonly string[], have: readonly string[]): Promise<Buffer> {
    return makePack(this.#git, want, have);
  }

  parentless(commit: string): Promise<string> {
    return makeParentless(this.#git, commit);
  }

  key(): Promise<string> {
    return cloneKey(this.#git, this.root, this.commonDir);
  }
}
