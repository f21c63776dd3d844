/** What an answer asks for, whatever format it came in. Paths are as the answer spells them; lines have no line ends. */
export type Op = EditOp | CreateOp | WholeOp | DeleteOp | MoveOp;

interface OpBase {
  readonly path: string;
  /** What the answer says right before it. */
  readonly prose: string;
  /** 1-based line of the answer it starts at. */
  readonly line: number;
}

/** One place of one file: these lines become those. */
export interface EditOp extends OpBase {
  readonly op: 'edit';
  readonly search: readonly string[];
  readonly replace: readonly string[];
  /** The lines of a diff's hunk as they were written, where it is one: markers may be missing in it. */
  readonly hunk?: readonly string[];
  readonly hint?: Hint;
  /** What the hunk's "No newline at end of file" marks say of the file's end. */
  readonly end?: 'gains-newline' | 'loses-newline';
}

/** What tells equal places apart. */
export interface Hint {
  /** 1-based line of the file as it was. */
  readonly line?: number;
  /** How far off the answer's line numbers are where they can be checked: as other edits of the file show. */
  readonly offsets?: readonly number[];
  /** Lines above the place, outermost first (`class Net:`, `def forward`). */
  readonly anchors?: readonly string[];
  /** The format asks that the place is behind that of the edit before this one. */
  readonly ordered?: boolean;
  /** 0-based; the place is behind the lines before this one. */
  readonly after?: number;
  /** The place is the end of the file. */
  readonly atEnd?: boolean;
}

/** A new file. */
export interface CreateOp extends OpBase {
  readonly op: 'create';
  readonly lines: readonly string[];
  readonly how: 'search-replace' | 'diff';
  /** False where the answer marks that the file has no newline at its end. */
  readonly newline: boolean;
}

/** The whole text of a file, new or not. */
export interface WholeOp extends OpBase {
  readonly op: 'whole';
  readonly lines: readonly string[];
}

export interface DeleteOp extends OpBase {
  readonly op: 'delete';
}

export interface MoveOp extends OpBase {
  readonly op: 'move';
  readonly to: string;
}

export function isBlank(lines: readonly string[]): boolean {
  return lines.every((line) => line.trim() === '');
}
