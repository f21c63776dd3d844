import { isPlaceholder } from '../answer/elision.ts';
import { type EditOp, type Hint, isBlank } from '../answer/ops.ts';
import type { Refusal } from '../refusal.ts';
import { choose } from './choose.ts';
import type { Line } from './lines.ts';
import { type Merged, mergeLines, mergeSparse, partsOf } from './merge.ts';
import { losesIndent, outdentOf, padded, stepOf, stripped, type Written } from './outdent.ts';
import { Haystack, type Match, RUNGS } from './rungs.ts';
import { BLANK_LINES, COMMENTS, findSparse, type Sparse } from './sparse.ts';
import { piecesOf, type Variant, variantsOf } from './variants.ts';

/** Lines of a file that become others. */
export interface Splice extends Merged {
  readonly edit: EditOp;
  readonly from: number;
  readonly to: number;
}

export type Placing =
  | {
      readonly ok: true;
      readonly rung: string;
      readonly splices: readonly Splice[];
      /** There was no other place to choose from. */
      readonly alone: boolean;
    }
  | { readonly ok: false; readonly refusal: Refusal };

/** More `...` lines than this in one edit are no way to write it, and each piece costs a look through the file. */
const MOST_PIECES = 60;

/** One file while edits are looked for in it. */
export class Place {
  readonly path: string;
  readonly lines: readonly Line[];
  readonly #usual: string;
  readonly #haystack: Haystack;
  readonly #trimmed: ReadonlySet<string>;

  constructor(path: string, lines: readonly Line[], usual: string) {
    this.path = path;
    this.lines = lines;
    this.#usual = usual;
    this.#haystack = new Haystack(lines.map((line) => line.text));
    this.#trimmed = new Set(lines.map((line) => line.text.trim()));
  }

  /** Whether these lines stand in the file, in any form that an edit would be found in. */
  holds(lines: readonly string[]): boolean {
    return lines.length > 0 && RUNGS.some((rung) => rung(this.#haystack, lines).length > 0);
  }

  /** Where an edit belongs, by the first way that finds it; undefined where none does. */
  find(edit: EditOp): Placing | undefined {
    const variants = variantsOf(edit, (line) => this.#trimmed.has(line)).filter((one) => !isBlank(one.search));
    for (const rung of RUNGS) {
      for (const variant of variants) {
        const placing = this.#take(edit, variant, rung(this.#haystack, variant.search));
        if (placing) return placing;
      }
    }
    for (const sparse of [BLANK_LINES, ...(/\.pyi?$/.test(this.path) ? [COMMENTS] : [])]) {
      for (const variant of variants) {
        const placing = this.#takeSparse(edit, variant, sparse);
        if (placing) return placing;
      }
    }
    return this.#pieces(edit, variants);
  }

  #take(edit: EditOp, variant: Variant, matches: readonly Match[]): Placing | undefined {
    const length = variant.search.length;
    const places = matches.map((match) => ({ match, from: match.at, to: match.at + length }));
    if (places.length === 0) return undefined;
    const chosen = this.#choose(edit, variant, places);
    if ('code' in chosen) return { ok: false, refusal: chosen };
    const { from, to } = chosen;
    const match = this.#outdented(chosen.match, variant);
    if (!match) return { ok: false, refusal: unclearIndent(this.path, edit) };
    if (match.rung !== 'indent-shift' && losesIndent(variant.search, variant.replace)) {
      return { ok: false, refusal: lostIndent(this.path, edit) };
    }
    if (match.only && match.only.length > 0 && !allKept(variant, match.only)) return undefined;
    const merged = mergeLines(this.lines.slice(from, to), variant.search, variant.replace, this.#usual, match.write);
    if (!merged) return undefined;
    if (this.#isThere(from, variant, match)) return { ok: false, refusal: alreadyApplied(this.path, edit) };
    const windows = match.rung === 'exact' && this.lines[from]?.end === '\r\n';
    const rung = variant.repair ?? (windows ? 'line-endings' : match.rung);
    return { ok: true, rung, splices: [{ edit, from, to, ...merged }], alone: places.length === 1 };
  }

  /** How the new lines are to be written where the quoted ones have another indentation than the file, all or the first. */
  #outdented(match: Match, { search, replace }: Variant): Match | undefined {
    const { rung, pad, surplus } = match;
    const first = replace.find((line) => line.trim() !== '');
    if (first === undefined) return match;
    if (surplus !== undefined) return asWritten(match, stripped(search, replace, surplus));
    if (pad === undefined) return match;
    if (rung === 'first-line-shift') {
      const quoted = search.find((line) => line.trim() !== '') ?? '';
      if (first === quoted || /^\s/.test(first)) return match;
      const next = replace.slice(replace.indexOf(first) + 1).find((line) => line.trim() !== '');
      const told = next === undefined ? [first] : [first, next];
      if (told.length > 1 && outdentOf([quoted], told, pad, stepOf(this.#haystack.lines)) !== 'first-shifted') {
        return undefined;
      }
      return { ...match, write: (line) => (line === first ? pad + line : line) };
    }
    const written = padded(search, replace, pad);
    if (written !== 'moved') return asWritten(match, written);
    const outdent = outdentOf(search, replace, pad, stepOf(this.#haystack.lines));
    if (outdent === 'all-shifted') return match;
    if (outdent === 'unclear') return undefined;
    return { ...match, write: (line) => (line === first ? pad + line : line) };
  }

  #takeSparse(edit: EditOp, variant: Variant, sparse: Sparse): Placing | undefined {
    const places = findSparse(this.lines, variant.search, sparse);
    if (places.length === 0) return undefined;
    const chosen = this.#choose(edit, variant, places);
    if ('code' in chosen) return { ok: false, refusal: chosen };
    const merged = mergeSparse(this.lines, chosen, variant.search, variant.replace, this.#usual, sparse);
    if (!merged) return undefined;
    const splices = [{ edit, from: chosen.from, to: chosen.to, ...merged }];
    return { ok: true, rung: sparse.rung, splices, alone: places.length === 1 };
  }

  /** An edit with the same `...` lines in both halves: each piece must stand once, one after the other. */
  #pieces(edit: EditOp, variants: readonly Variant[]): Placing | undefined {
    for (const variant of variants) {
      const pieces = piecesOf(variant);
      if (!pieces || pieces.length > MOST_PIECES) continue;
      const splices: Splice[] = [];
      let after = 0;
      for (const piece of pieces) {
        if (isBlank(piece.search)) {
          if (!isBlank(piece.replace)) return undefined;
          continue;
        }
        const { hunk: _, hint: __, ...plain } = edit;
        const placing = this.find({ ...plain, search: piece.search, replace: piece.replace });
        if (!placing?.ok) return placing;
        const [splice] = placing.splices;
        if (!splice || splice.from < after) return undefined;
        if (after > 0 && piece.dots !== undefined && this.#leaves(piece.dots, piece, after, splice.from))
          return undefined;
        splices.push({ ...splice, edit });
        after = splice.to;
      }
      if (splices.length > 0) return { ok: true, rung: 'ellipsis-paired', splices, alone: true };
    }
    return undefined;
  }

  /** Whether dots would pass over lines that are less far in than they are: the end of the block they stand in. */
  #leaves(dots: string, { search }: Variant, after: number, from: number): boolean {
    const depth = (line: string) => /^\s*/.exec(line)?.[0].length ?? 0;
    const first = Math.max(
      0,
      search.findIndex((line) => line.trim() !== ''),
    );
    // The quoted lines may stand further in, or less, than they are quoted.
    const shift = depth(this.lines[from + first]?.text ?? '') - depth(search[first] ?? '');
    const skipped = this.lines.slice(after, from).map((line) => line.text);
    return skipped.some((line) => !/^\s*(?:#|\/\/|$)/.test(line) && depth(line) < depth(dots) + shift);
  }

  #choose<P extends { readonly from: number; readonly to: number }>(
    edit: EditOp,
    variant: Variant,
    places: readonly P[],
  ): P | Refusal {
    const hint: Hint = { ...(variant.line === undefined ? {} : { line: variant.line }), ...edit.hint };
    return choose(places, hint, this.#haystack.lines) ?? ambiguous(this.path, edit, places);
  }

  /** Whether what an edit would add stands right there already. */
  #isThere(from: number, { search, replace }: Variant, match: Match): boolean {
    if (replace.length <= search.length) return false;
    return replace.every((line, index) => this.lines[from + index]?.text.trimEnd() === match.write(line)?.trimEnd());
  }
}

function asWritten(match: Match, written: Written): Match | undefined {
  if (written === 'moved') return match;
  return written === 'unclear' ? undefined : { ...match, write: (line) => line };
}

/** Whether an edit keeps these lines of what it looks for. */
function allKept(variant: Variant, only: readonly number[]): boolean {
  const wanted = new Set(only);
  let at = 0;
  for (const part of partsOf(variant.search, variant.replace)) {
    if (part.kind === 'added') continue;
    if (part.kind === 'removed' && part.value.some((_, index) => wanted.has(at + index))) return false;
    at += part.value.length;
  }
  return true;
}

function ambiguous(
  path: string,
  edit: EditOp,
  places: readonly { readonly from: number; readonly to: number }[],
): Refusal {
  const ranges = places.slice(0, 6).map((place) => `${place.from + 1}-${place.to}`);
  const more = places.length > 6 ? ` and ${places.length - 6} more` : '';
  const message = `The lines to change in ${path} stand there more than once, at ${ranges.join(', ')}${more}. Add lines around them until they stand once.`;
  return { code: 'ambiguous', path, message, search: edit.search };
}

function unclearIndent(path: string, edit: EditOp): Refusal {
  const message = `The lines quoted of ${path} stand there further right, and it cannot be told how far in the new ones belong. Quote whole lines, with the blanks they begin with.`;
  return { code: 'ambiguous', path, message, search: edit.search };
}

function lostIndent(path: string, edit: EditOp): Refusal {
  const message = `The new lines of ${path} stand at the left edge, those quoted do not, and some are the same. Write REPLACE with the blanks its lines begin with; where they shall leave their block, quote the line that opens it too.`;
  return { code: 'ambiguous', path, message, search: edit.search };
}

function alreadyApplied(path: string, edit: EditOp): Refusal {
  const message = `The change is already there: ${path} has the lines that it would add.`;
  return { code: 'already-applied', path, message, search: edit.search };
}

/** Why an edit that was found nowhere was not. */
export function notFound(place: Place, edit: EditOp): Refusal {
  const { path } = place;
  const adds = edit.replace.some((line) => line.trim() !== '' && !edit.search.includes(line));
  const told = edit.replace.filter((line) => line.trim() !== '').length;
  // What only takes lines away is there already where its other lines have become neighbours.
  const joins = told > 1 && edit.replace.length < edit.search.length;
  if ((adds || joins) && place.holds(edit.replace)) return alreadyApplied(path, edit);
  if (isBlank(edit.search)) {
    const message = `An edit of ${path} only adds lines and quotes none that stand there, so its place is not told. Quote the lines around it.`;
    return { code: 'empty-search', path, message, search: edit.search };
  }
  if (edit.search.some(isPlaceholder)) {
    const message = `The lines quoted of ${path} leave code out. Quote every line as it stands in the file.`;
    return { code: 'elided-code', path, message, search: edit.search };
  }
  const message = `The lines to change are nowhere in ${path}. Quote them exactly as they stand there.`;
  return { code: 'no-match', path, message, search: edit.search };
}
