import type { CandidateId } from '../domain/index.ts';

export interface TreeFile {
  /** Repository path with `/`. */
  readonly path: string;
  /** `100644`, `100755`, `120000` (link), `160000` (submodule). */
  readonly mode: string;
  readonly size: number;
  readonly blob: string;
}

export interface Status {
  readonly clean: boolean;
  readonly changed: readonly string[];
  readonly untracked: readonly string[];
  /** A merge, rebase, cherry-pick or bisect is under way. */
  readonly operation?: string;
}

/** New bytes of one path, or null to delete it. */
export type FileChange = { readonly bytes: Buffer; readonly mode?: string } | null;

export interface Hunk {
  /** Stable while the hunk's own lines do not change: path, content and place hashed. */
  readonly id: string;
  /** 1-based; a count of 0 means "after this line". */
  readonly oldStart: number;
  readonly oldCount: number;
  readonly newStart: number;
  readonly newCount: number;
  /** With their leading ` `, `-`, `+`, `\`; no `\n`. The `\r` of a CRLF line stays: it may be the change. */
  readonly lines: readonly string[];
}

export interface FileDiff {
  readonly path: string;
  readonly oldPath?: string;
  readonly kind: 'modified' | 'added' | 'deleted' | 'renamed' | 'mode';
  readonly binary: boolean;
  readonly hunks: readonly Hunk[];
  readonly added: number;
  readonly removed: number;
}

/**
 * One candidate under review: a folder whose HEAD is what the patch is cut from, whose **index is what was accepted**
 * and whose **working tree is what is still proposed or accepted**. VS Code's own Stage and Revert act on the same
 * state. It is a small repository of its own that borrows the clone's objects (review/open.ts says why), with all
 * attributes that would change bytes switched off.
 */
export interface Review {
  readonly candidate: CandidateId;
  /** The review folder: `<repo>/.research/review/<candidate>`, the candidate's dot written as a dash. */
  readonly folder: string;
  /** HEAD against index: accepted so far. */
  accepted(): Promise<FileDiff[]>;
  /** Index against working tree: not yet decided. Zero context, so each change is one hunk. */
  undecided(): Promise<FileDiff[]>;
  /**
   * The new bytes by path, null for a deletion: of what was accepted (the index), or of all that stands in the working
   * tree, decided or not.
   */
  changes(side: 'accepted' | 'proposed'): Promise<ReadonlyMap<string, Buffer | null>>;
  /** @throws HumanError `stale-hunk` when the file changed since the hunk was listed */
  acceptHunk(path: string, hunk: string): Promise<void>;
  rejectHunk(path: string, hunk: string): Promise<void>;
  acceptFile(path: string): Promise<void>;
  rejectFile(path: string): Promise<void>;
  /**
   * Takes back the last accept or reject of ours; false when there is none.
   * @throws HumanError `changed-since` when the file was changed by other means since, which undo would lose
   */
  undo(): Promise<boolean>;
  /**
   * Commits the index on top of what the patch was cut from and keeps it by ref. Gives the commit.
   * @throws HumanError `undecided` naming the files, `empty` when nothing was accepted
   */
  approve(message: string, branch: string): Promise<string>;
  /** Removes the worktree; the proposal stays. */
  close(): Promise<void>;
}

/** One git repository of a person. Their working tree, index, branch and stash list are never touched. */
export interface Repository {
  /** The top of the working tree. */
  readonly root: string;
  /** The git common dir: one per clone, whatever worktree is open. */
  readonly commonDir: string;

  /** undefined while there is no commit yet. `branch` is empty when detached. */
  head(): Promise<{ readonly commit: string; readonly branch: string } | undefined>;
  status(): Promise<Status>;
  /** A commit of the tree as it is on disk (tracked and untracked, not ignored), parent HEAD, kept by ref. */
  snapshot(message: string): Promise<string>;
  resolve(revision: string): Promise<string | undefined>;

  files(commit: string): Promise<TreeFile[]>;
  read(commit: string, path: string): Promise<Buffer | undefined>;
  readMany(commit: string, paths: readonly string[]): Promise<Map<string, Buffer>>;
  /** LFS pointers and submodules among the files: a run would miss them. */
  missingContent(commit: string): Promise<readonly { readonly path: string; readonly why: 'lfs' | 'submodule' }[]>;

  /** A commit made by plumbing alone: parent `from`, its tree with the changes; kept by `refs/research/candidates/<name>`. */
  propose(proposal: {
    readonly from: string;
    readonly changes: ReadonlyMap<string, FileChange>;
    readonly message: string;
    readonly name: string;
  }): Promise<string>;
  diff(from: string, to: string, options?: { readonly context?: number }): Promise<FileDiff[]>;
  /** The patch as git writes it, bytes exact. */
  patch(from: string, to: string): Promise<Buffer>;
  /** Applies a patch to `from` through git in a temporary index and gives the resulting tree's bytes of `paths`. */
  applyThroughGit(from: string, patch: Uint8Array, paths: readonly string[]): Promise<Map<string, Buffer | undefined>>;

  openReview(candidate: CandidateId, from: string, proposal: string): Promise<Review>;
  /** Reviews whose worktree is on disk, after a restart. Orphans are swept. */
  reviews(): Promise<Review[]>;

  keep(ref: string, commit: string): Promise<void>;
  refs(): Promise<readonly { readonly name: string; readonly commit: string }[]>;
  dropRef(ref: string): Promise<void>;

  /** Makes the branch, or a numbered one when the name is taken by another commit. Gives its name. */
  makeBranch(name: string, commit: string): Promise<string>;
  /** `git merge --no-ff` of a branch into the current one. @throws HumanError `dirty`, `conflict` (then nothing changed), `detached` */
  merge(branch: string, message: string): Promise<string>;

  /** A pack with what `want` needs beyond `have`; thin, for `index-pack --fix-thin`. Unknown `have` are left out. */
  pack(want: readonly string[], have: readonly string[]): Promise<Buffer>;
  /** A commit of the same tree with no parent: what a first ship sends instead of the whole history. */
  parentless(commit: string): Promise<string>;
  /** Short stable key of this clone for folders on boxes: `[a-z0-9-]+`. */
  key(): Promise<string>;
}
