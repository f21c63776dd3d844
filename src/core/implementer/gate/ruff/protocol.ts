/** What a text is read as. Python by ruff, YAML by its parser. */
export type Language = 'python' | 'yaml';

export interface CheckRequest {
  readonly id: number;
  readonly language: Language;
  readonly text: string;
  /** Ruff's word for the Python that will run it, such as `py310`. */
  readonly target: string;
}

/** Something wrong at a place. */
export interface Problem {
  /** `invalid-syntax`, or a rule of ruff's such as F821. */
  readonly rule: string;
  readonly message: string;
  /** 1-based, in lines and UTF-16 columns. */
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
}

export type CheckAnswer =
  | { readonly id: number; readonly problems: readonly Problem[] }
  | { readonly id: number; readonly failed: string };
