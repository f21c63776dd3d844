import type { Op } from './ops.ts';

/** The texts that an answer is about, asked only whether lines stand in them: the words around an edit may leave that open. */
export class KnownTexts {
  readonly #texts: ReadonlyMap<string, string>;
  readonly #rows = new Map<string, readonly string[]>();

  constructor(texts: ReadonlyMap<string, string>) {
    this.#texts = texts;
  }

  /** Whether lines stand in a file, or in what an edit before makes of it; blanks and the kind of quotes aside. */
  holds(path: string, lines: readonly string[], before: readonly Op[]): boolean {
    const wanted = rowsOf(lines);
    const makes = before.flatMap((op) => (op.path !== path ? [] : op.op === 'edit' ? op.replace : []));
    return contains(this.#rowsOf(path), wanted) || contains(rowsOf(makes), wanted);
  }

  #rowsOf(path: string): readonly string[] {
    const known = this.#rows.get(path);
    if (known) return known;
    const rows = rowsOf((this.#texts.get(path) ?? '').split('\n'));
    this.#rows.set(path, rows);
    return rows;
  }
}

function rowsOf(lines: readonly string[]): readonly string[] {
  const rows = lines.map((line) => line.replace(/\s+/g, '').replace(/[“”]/g, '"').replace(/[‘’]/g, "'"));
  return rows.filter((row) => row !== '');
}

function contains(rows: readonly string[], wanted: readonly string[]): boolean {
  return wanted.length > 0 && rows.some((_, at) => wanted.every((row, offset) => rows[at + offset] === row));
}
