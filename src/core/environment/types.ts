import type { Environment } from '../domain/index.ts';

/** One problem of a file a person edits. Lines and columns are 1-based. */
export interface Diagnostic {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  /** What is wrong, what was expected, what to do. */
  readonly message: string;
  /** The key path, such as `objective.goal`. */
  readonly path: string;
}

export type Loaded<T> =
  | { readonly ok: true; readonly value: T; readonly text: string }
  | { readonly ok: false; readonly missing: boolean; readonly diagnostics: readonly Diagnostic[] };

/** What detection proposes for an unknown repo. */
export interface Detected {
  /** `research.yaml` as text, with a comment per line that gives the reason. */
  readonly yaml: string;
  readonly environment: Partial<Environment>;
  /** Key path to the reason for its value. */
  readonly reasons: Readonly<Record<string, string>>;
  /** Key paths that could not be told and stay open. */
  readonly open: readonly string[];
  /** Key path of what is open to why it could not be told, and what to do about it. */
  readonly questions: Readonly<Record<string, string>>;
  /** The literals of the program that can be tuned, in the order of its files. */
  readonly hyperparameters: readonly Hyperparameter[];
}

export interface Hyperparameter {
  readonly path: string;
  readonly name: string;
  /** Where its literal stands: line is 1-based, columns are 0-based UTF-16 offsets in that line. */
  readonly line: number;
  readonly startColumn: number;
  readonly endColumn: number;
  /** The literal as written. */
  readonly literal: string;
  readonly type: 'int' | 'float' | 'bool' | 'choice';
  readonly choices?: readonly string[];
  /** Every name of its flag, without dashes, where it has more than one. */
  readonly spellings?: readonly string[];
  readonly source: 'argparse' | 'dataclass' | 'module' | 'yaml' | 'shell';
}
