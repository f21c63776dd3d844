import type { Attempt, Environment, HunkReason, Idea, IdeaKind } from '../domain/index.ts';

/** Text files by repository path. Line ends, BOM and last newline are part of the text. */
export type Texts = ReadonlyMap<string, string>;

export interface ImplementRequest {
  readonly idea: Idea;
  readonly environment: Environment;
  /** All text files of the commit the patch is cut from. */
  readonly files: Texts;
  /** Which of them the model may read, entry script first. */
  readonly context: readonly string[];
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
}

export interface Implementer {
  readonly label: string;
  /**
   * @throws HumanError with the refusal code (`no-match`, `ambiguous`, `protected-path`, `path-escape`, `no-op`, …)
   *   when no attempt could be applied; then nothing of it stands anywhere
   */
  implement(request: ImplementRequest): Promise<Implementation>;
}
