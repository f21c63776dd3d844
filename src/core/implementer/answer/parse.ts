import type { Refusal } from '../refusal.ts';
import { isHead, isTail, readBlock } from './blocks.ts';
import { closes, type Fence, fenceOf } from './fence.ts';
import { isBlank, type Op, type WholeOp } from './ops.ts';
import { onlyPath, pathBefore, pathInFence, pathInSentence } from './path-line.ts';
import { dropReasoning } from './reasoning.ts';
import { isSample, withoutSamples } from './samples.ts';
import { readUnified, startsDiff } from './unified.ts';
import { unwrapped } from './unwrap.ts';
import { readV4a, startsV4a } from './v4a.ts';

export type ParsedAnswer =
  | { readonly ok: true; readonly ops: readonly Op[] }
  | { readonly ok: false; readonly refusal: Refusal };

/**
 * Reads an answer in any of four formats, also mixed: search/replace blocks, unified diffs, `apply_patch` patches, and
 * whole files under their path. All or nothing: an edit that cannot be read refuses the answer, so that never a part
 * of what was meant is applied.
 * @param known paths of the repository: they may hold blanks
 */
export function parseAnswer(answer: string, known: ReadonlySet<string>): ParsedAnswer {
  const read = new Reader(answer, known).read();
  if (read.ok || read.refusal.code !== 'no-edits') return read;
  for (const other of unwrapped(answer)) {
    const inner = new Reader(other, known).read();
    if (inner.ok || inner.refusal.code !== 'no-edits') return inner;
  }
  return read;
}

/** The beginning of a block's head: what an answer may be cut off in after whole blocks. */
const CUT_HEAD = /^[ \t]*<{1,9} ?(?:S|SE|SEA|SEAR|SEARC)?$/;

class Reader {
  readonly #lines: readonly string[];
  readonly #known: ReadonlySet<string>;
  readonly #ops: Op[] = [];
  /** Files given whole, and whether a path line of their own or only a sentence names them. */
  readonly #wholes: { readonly op: WholeOp; readonly sure: boolean }[] = [];
  /** Edits by diffs without a header, and those that no line says the file of: they may only show what others do. */
  readonly #headlessOps = new Set<Op>();
  readonly #nameless: Op[] = [];
  #refusal: Refusal | undefined;
  /** Where the words before the next edit begin. */
  #from = 0;
  #lastPath: string | undefined;
  /** The fence around the blocks that are being read: the line that closes it opens none. */
  #around: Fence | undefined;

  constructor(answer: string, known: ReadonlySet<string>) {
    this.#lines = dropReasoning(
      answer
        .replace(/^\ufeff/, '')
        .split('\n')
        .map((line) => line.replace(/\r$/, '')),
    );
    this.#known = known;
  }

  read(): ParsedAnswer {
    let at = 0;
    while (at < this.#lines.length && this.#refusal === undefined) at = this.#step(at);
    if (this.#refusal) return { ok: false, refusal: this.#refusal };
    const ops = withoutSamples([...this.#ops, ...this.#wholeFiles()], this.#headlessOps);
    const lost = this.#nameless.find((op) => !isSample(op, ops));
    if (lost) {
      const message = `The diff at line ${lost.line} of the answer names no file.`;
      return { ok: false, refusal: { code: 'malformed', message } };
    }
    if (ops.length > 0) return { ok: true, ops };
    const message = 'The answer holds no edit: no search/replace block, no diff, no whole file.';
    return { ok: false, refusal: { code: 'no-edits', message } };
  }

  /** Reads what starts at a line; gives the index behind it. */
  #step(at: number): number {
    const line = this.#lines[at] ?? '';
    if (isHead(line)) return this.#block(at);
    if (isTail(line) || /^[ \t]*<{5,9} ?SEARCH\b/i.test(line)) {
      return this.#refuse(
        'malformed',
        `Line ${at + 1} of the answer is a marker out of place: ${JSON.stringify(line.slice(0, 80))}.`,
      );
    }
    if (at === this.#lines.length - 1 && CUT_HEAD.test(line)) {
      return this.#refuse('truncated', `The answer is cut off in its last line, ${JSON.stringify(line)}.`);
    }
    if (startsV4a(line)) return this.#patch(at, this.#lines.length, false);
    if (startsDiff(this.#lines, at)) return this.#diff(at, this.#lines.length, false);
    if (this.#closesAround(at)) return at + 1;
    const fence = fenceOf(line);
    return fence ? this.#fenced(at, fence) : at + 1;
  }

  #refuse(code: Refusal['code'], message: string): number {
    this.#refusal = { code, message };
    return this.#lines.length;
  }

  #block(at: number): number {
    const body = readBlock(this.#lines, at);
    if (!body.ok) return this.#refuse(body.code, body.message);
    const before = this.#before(at);
    const near = pathBefore(before, this.#known) ?? pathInFence(before);
    const path = near ?? this.#lastPath;
    if (path === undefined || (near === undefined && isBlank(body.search))) {
      return this.#refuse('malformed', `The block at line ${at + 1} of the answer has no path line before it.`);
    }
    const { search, replace, hint } = body;
    const base = { path, prose: proseOf(before, path), line: at + 1 };
    this.#ops.push(
      isBlank(search)
        ? { op: 'create', ...base, lines: replace, how: 'search-replace', newline: true }
        : { op: 'edit', ...base, search, replace, ...(hint ? { hint } : {}) },
    );
    this.#lastPath = path;
    this.#from = body.end + 1;
    return this.#from;
  }

  #patch(at: number, end: number, fenced: boolean): number {
    return this.#take(readV4a(this.#lines, at, end, { fenced, prose: this.#prose(at) }), at);
  }

  #diff(at: number, end: number, fenced: boolean): number {
    const before = this.#before(at);
    const path = pathBefore(before, this.#known) ?? pathInFence(before) ?? this.#lastPath;
    const options = { fenced, known: this.#known, path, prose: this.#prose(at) };
    return this.#take(readUnified(this.#lines, at, end, options), at);
  }

  #take(read: ReturnType<typeof readUnified>, at: number): number {
    if (!read.ok) return this.#refuse(read.code, read.message);
    this.#ops.push(...read.ops);
    this.#lastPath = read.lastPath ?? read.ops.at(-1)?.path ?? this.#lastPath;
    this.#from = Math.max(read.next, at + 1);
    return this.#from;
  }

  /** What a fence holds decides what it is: edits in some format, a whole file, or a sample that means nothing. */
  #fenced(at: number, fence: Fence): number {
    const close = this.#closing(at, fence);
    const end = close ?? this.#lines.length;
    for (let inside = at + 1; inside < end; inside += 1) {
      const line = this.#lines[inside] ?? '';
      // A block says itself where it ends, whatever fences its code has.
      if (isHead(line)) {
        this.#around = fence;
        return at + 1;
      }
      const patch = startsV4a(line);
      if (!patch && !startsDiff(this.#lines, inside)) continue;
      if (close === undefined && !patch) return this.#refuse('truncated', CUT);
      const next = patch ? this.#patch(inside, end, close !== undefined) : this.#diff(inside, end, true);
      if (this.#refusal || next >= end) return this.#refusal ? next : end + 1;
      this.#around = fence;
      return next;
    }
    const inner = this.#lines.slice(at + 1, end);
    if (close === undefined && CUT_HEAD.test(inner.at(-1) ?? '')) return this.#refuse('truncated', CUT);
    if (/^(?:diff|patch|udiff)\b/i.test(fence.info) && inner.some((line) => /^[+-]/.test(line))) {
      if (close === undefined) return this.#refuse('truncated', CUT);
      return this.#headless(at, end);
    }
    return this.#whole(at, end, close !== undefined, fence.indent);
  }

  /** Lines with marks and no header at all, in a fence that says it is a diff. */
  #headless(at: number, end: number): number {
    const before = this.#before(at);
    const path = pathBefore(before, this.#known) ?? pathInFence(this.#lines.slice(at, at + 1)) ?? this.#lastPath;
    const lines = ['@@ @@', ...this.#lines.slice(at + 1, end)];
    const read = readUnified(lines, 0, lines.length, {
      fenced: true,
      known: this.#known,
      path: path ?? '',
      prose: this.#prose(at),
    });
    if (!read.ok) return this.#take(read, at);
    const ops = read.ops.map((op) => ({ ...op, line: at + 1 }));
    if (path === undefined) {
      this.#nameless.push(...ops);
      return end + 1;
    }
    for (const op of ops) this.#headlessOps.add(op);
    return this.#take({ ...read, ops, next: end + 1 }, at);
  }

  #whole(at: number, end: number, closed: boolean, indent: string): number {
    // Edits that went through an HTML escape are no file.
    if (this.#lines.slice(at + 1, end).some((line) => /^\s*(?:&lt;){5,9} ?SEARCH/.test(line))) return end + 1;
    const before = this.#before(at);
    const inner = this.#lines
      .slice(at + 1, end)
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    const named =
      pathInFence(this.#lines.slice(at, at + 1)) ??
      onlyPath(
        before.findLast((line) => line.trim() !== ''),
        this.#known,
      );
    const first =
      named === undefined
        ? onlyPath(/^\s*(?:#|\/\/)\s/.test(inner[0] ?? '') ? inner[0] : undefined, this.#known)
        : undefined;
    const told = named ?? first ?? pathInSentence(before, this.#known);
    if (told === undefined) return end + 1;
    const sure = named !== undefined || first !== undefined;
    if (!closed && sure) return this.#refuse('truncated', CUT);
    const lines = first === undefined ? inner : inner.slice(1);
    this.#wholes.push({ sure, op: { op: 'whole', path: told, prose: proseOf(before, told), line: at + 1, lines } });
    this.#from = end + 1;
    return this.#from;
  }

  /** A fence under a file's path is that file, unless other edits of the answer are about it: then it is a quotation. */
  #wholeFiles(): WholeOp[] {
    const edited = new Set(this.#ops.map((op) => op.path));
    const kept = this.#wholes.filter(({ op, sure }) => !edited.has(op.path) && (sure || this.#ops.length === 0));
    return [...new Map(kept.map(({ op }) => [op.path, op])).values()];
  }

  /** Right behind an edit, or its fence was left open and this line opens the next. */
  #closesAround(at: number): boolean {
    const around = this.#around;
    if (!around || !closes(this.#lines[at] ?? '', around) || !isBlank(this.#lines.slice(this.#from, at))) return false;
    this.#around = undefined;
    this.#from = at + 1;
    return true;
  }

  #closing(at: number, fence: Fence): number | undefined {
    for (let next = at + 1; next < this.#lines.length; next += 1) {
      if (closes(this.#lines[next] ?? '', fence)) return next;
    }
    return undefined;
  }

  /** The lines before an edit that can name its file. */
  #before(at: number): readonly string[] {
    return this.#lines.slice(Math.max(this.#from, at - LOOK_BACK), at);
  }

  #prose(at: number): string {
    return proseOf(this.#lines.slice(this.#from, at), '');
  }
}

const CUT = 'The answer ends inside a fence: it is cut off.';
const MAX_PROSE = 600;
/** Lines; words further away are not about an edit. */
const LOOK_BACK = 200;

/** The words before an edit, without fences and its path line. */
function proseOf(before: readonly string[], path: string): string {
  const words = before.filter((line) => !fenceOf(line) && line.replace(/[`*#:]/g, '').trim() !== path);
  const text = words.join('\n').trim();
  return text.length > MAX_PROSE ? `${text.slice(0, MAX_PROSE - 1).trimEnd()}…` : text;
}
