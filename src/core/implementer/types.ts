import type { Attempt, CandidateTag, Environment, Finding, HunkReason, Idea, IdeaKind } from '../domain/index.ts';
import type { Context } from '../environment/index.ts';
import type { SizeLimits } from './gate/gate.ts';
import type { SyntaxChecker } from './gate/ruff/checker.ts';

/** Text files by repository path. Line ends, BOM and last newline are part of the text. */
export type Texts = ReadonlyMap<string, string>;

/** One entry of a commit's tree: files, links (120000) and submodules (160000). */
export interface TreeEntry {
  readonly path: string;
  readonly mode: string;
}

/** What only a box can tell of a patch. */
export interface BoxGates {
  /** Which of these packages the job's Python cannot find; undefined where no box could be asked. */
  missingImports(modules: readonly string[]): Promise<readonly string[] | undefined>;
  /** One short run of the patch, where research.yaml declares how. */
  smoke?(changes: ReadonlyMap<string, string | null>): Promise<SmokeOutcome>;
}

/** What came of a smoke run: only what its command itself did is held against the patch. */
export type SmokeOutcome =
  | { readonly kind: 'passed' }
  /** @param why in words; @param tail the last of what it printed, read by nobody */
  | { readonly kind: 'failed'; readonly why: string; readonly tail: string }
  | { readonly kind: 'not-run'; readonly why: string };

export interface ImplementRequest {
  readonly idea: Idea;
  readonly environment: Environment;
  /** All text files of the commit the patch is cut from. */
  readonly files: Texts;
  /** What the model sees of them. */
  readonly context: Context;
  /** Every entry of that commit. */
  readonly tree?: readonly TreeEntry[];
  readonly limits?: SizeLimits;
  /** Reads what the patch wrote; without one that it was not read is a warning. */
  readonly checker?: Pick<SyntaxChecker, 'check'>;
  readonly boxGates?: BoxGates;
  /** Earlier refusals or a person's comments to take into account. */
  readonly feedback?: string;
  /** Same key, same candidate: replays what was already paid. */
  readonly key: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (text: string) => void;
  /** Every answer is kept, also the refused ones. */
  readonly onAttempt: (attempt: Omit<Attempt, 'candidate' | 'number' | 'createdAt'>) => Promise<void>;
  /** Checks a patch of ours through git: true when git's bytes equal ours. */
  readonly verify: (patch: string, after: ReadonlyMap<string, string | null>) => Promise<boolean>;
}

export interface Implementation {
  /** New text by path; null deletes. */
  readonly changes: ReadonlyMap<string, string | null>;
  readonly reasons: readonly HunkReason[];
  readonly kind: IdeaKind;
  /** Hash of the normalised patch. */
  readonly patchHash: string;
  /** Warnings and remarks of the gates: an error would have refused it. */
  readonly findings: readonly Finding[];
  readonly tags: readonly CandidateTag[];
}

export interface Implementer {
  readonly label: string;
  /**
   * @throws HumanError with the refusal code (`no-match`, `ambiguous`, `protected-path`, `path-escape`, `no-op`, …)
   *   when no attempt could be applied; then nothing of it stands anywhere
   */
  implement(request: ImplementRequest): Promise<Implementation>;
}
