import type { Refusal } from '../refusal.ts';
import { isHead, isTail, readBlock } from './blocks.ts';
import { type Closing, closes, closingOf, type Fence, fenceOf, isLeftOver, type Patience } from './fence.ts';
import { isBlank, type Op, type WholeOp } from './ops.ts';
import {
  blockPath,
  isExcerpt,
  isFileTag,
  type Named,
  namesNearFence,
  onlyPath,
  ownPath,
  pathInFence,
  pathInSentence,
  wholePath,
} from './path-line.ts';
import { Paths } from './path-names.ts';
import { isSample, isUsage } from './sample.ts';
import { isOnlyShown, withoutShown } from './shown.ts';
import { KnownTexts } from './texts.ts';
import { readUnified, startsDiff } from './unified.ts';
import { unwrapped } from './unwrap.ts';
import { readV4a, startsV4a } from './v4a.ts';
import { linesOf } from './wrapping.ts';

export type ParsedAnswer =
  | { readonly ok: true; readonly ops: readonly Op[] }
  | { readonly ok: false; readonly refusal: Refusal };

/**
 * Reads an answer in any of four formats, also mixed: search/replace blocks, unified diffs, `apply_patch` patches, and
 * whole files under their path. All or nothing: an edit that cannot be read refuses the answer, so that never a part
 * of what was meant is applied.
 * @param known paths of the repository: they may hold blanks
 * @param texts what stands in them, for where only the lines to change tell which file is meant
 */
export function parseAnswer(
  answer: string,
  known: ReadonlySet<string>,
  texts: ReadonlyMap<string, string> = new Map(),
): ParsedAnswer {
  const about: About = { known, paths: new Paths(known), texts: new KnownTexts(texts) };
  const lines = linesOf(answer);
  const read = new Reader(lines, about).read();
  if (read.ok || read.refusal.code !== 'no-edits') return read;
  for (const other of unwrapped(lines.join('\n'))) {
    const inner = new Reader(linesOf(other), about).read();
    if (inner.ok || inner.refusal.code !== 'no-edits') return inner;
  }
  return read;
}

/** The beginning of a block's head: what an answer may be cut off in after whole blocks. */
const CUT_HEAD = /^[ \t]*<{1,9} ?(?:S|SE|SEA|SEAR|SEARC)?$/;

/** The repository that an answer is about. */
interface About {
  readonly known: ReadonlySet<string>;
  readonly paths: Paths;
  readonly texts: KnownTexts;
}

class Reader {
  readonly #lines: readonly string[];
  /** The same lines, those of samples blank: code that is only shown names no file. */
  readonly #words: string[];
  readonly #known: ReadonlySet<string>;
  readonly #about: About;
  readonly #ops: Op[] = [];
  /** Files given whole, and whether a tag stands around them. */
  readonly #wholes: { readonly op: WholeOp; readonly tagged: boolean }[] = [];
  /** Edits by diffs without a header, and those that no line says the file of: they may only show what others do. */
  readonly #headlessOps = new Set<Op>();
  readonly #nameless: Op[] = [];
  /** Fences whose words name files, and do not say that one of them is given whole. */
  readonly #unread: { readonly line: number; readonly names: readonly string[] }[] = [];
  /** A tag around a file without a fence, which only a reading of all tags can take. */
  #looseTag: number | undefined;
  #refusal: Refusal | undefined;
  /** Where the words before the next edit begin. */
  #from = 0;
  /** Where the last block or diff ends. */
  #behindEdit = -1;
  #lastPath: string | undefined;
  readonly #patience: Patience = { left: MOST_LOOKS };
  /** The fence around the blocks that are being read: the line that closes it opens none. */
  #around: Fence | undefined;

  constructor(lines: readonly string[], about: About) {
    this.#lines = lines;
    this.#words = [...this.#lines];
    this.#known = about.known;
    this.#about = about;
  }

  read(): ParsedAnswer {
    let at = 0;
    while (at < this.#lines.length && this.#refusal === undefined) at = this.#step(at);
    if (this.#refusal) return { ok: false, refusal: this.#refusal };
    const ops = withoutShown([...this.#ops, ...this.#wholeFiles()], this.#headlessOps);
    const lost = this.#nameless.find((op) => !isOnlyShown(op, ops));
    if (lost) {
      const message = `The diff at line ${lost.line} of the answer names no file.`;
      return { ok: false, refusal: { code: 'malformed', message } };
    }
    const onlyTags = this.#ops.length === 0 && this.#wholes.every((one) => one.tagged);
    if (ops.length > 0 && !(this.#looseTag !== undefined && onlyTags)) {
      const refusal = this.#leftOut(ops);
      return refusal ? { ok: false, refusal } : { ok: true, ops };
    }
    const message = 'The answer holds no edit: no search/replace block, no diff, no whole file.';
    return { ok: false, refusal: { code: 'no-edits', message } };
  }

  /** What an answer gives beside edits that can be read, and what nobody would miss if it were dropped without a word. */
  #leftOut(ops: readonly Op[]): Refusal | undefined {
    if (this.#looseTag !== undefined) {
      const message = `The file in a tag at line ${this.#looseTag + 1} of the answer cannot be read beside other edits: put its path on a line of its own and its text in a fence.`;
      return { code: 'malformed', message };
    }
    const done = new Set(ops.flatMap((op) => [this.#fileAt(op.path), ...(op.op === 'move' ? [op.to] : [])]));
    const lost = this.#unread.find((one) => !one.names.some((name) => done.has(this.#fileAt(name))));
    if (!lost) return undefined;
    const message = `The fence at line ${lost.line} of the answer is about ${lost.names.join(' and ')}, and what it changes there cannot be told. Put the path on a line of its own right above a whole file, or send search/replace blocks.`;
    return { code: 'malformed', message };
  }

  /** One name for a file, however the answer spells it. */
  #fileAt(path: string): string {
    return this.#about.paths.resolve(path) ?? path.replace(/^(?:\.\/+)+/, '');
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
    if (isFileTag(line) && !this.#opensBelow(at)) this.#looseTag = at;
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
    const { search, replace, hint } = body;
    const words = this.#before(at, this.#words);
    const named = isBlank(search) ? undefined : blockPath(words, this.#about.paths);
    const path = isBlank(search) ? ownPath(words, this.#about.paths) : this.#fileOf(named, search);
    if (path === undefined) {
      const why = named
        ? 'names its file only in passing: put the path on a line of its own right above it'
        : 'has no path line before it';
      return this.#refuse('malformed', `The block at line ${at + 1} of the answer ${why}.`);
    }
    const base = { path, prose: proseOf(this.#before(at), path), line: at + 1 };
    this.#ops.push(
      isBlank(search)
        ? { op: 'create', ...base, lines: replace, how: 'search-replace', newline: true }
        : { op: 'edit', ...base, search, replace, ...(hint ? { hint } : {}) },
    );
    this.#lastPath = path;
    this.#from = body.end + 1;
    this.#behindEdit = this.#from;
    return this.#from;
  }

  /** The file a block is about. Where the words leave it open, the one of those they name, or the last, that has its lines. */
  #fileOf(named: Named | undefined, search: readonly string[]): string | undefined {
    if (!named) return this.#lastPath;
    if (!named.among) return named.path;
    const last = this.#lastPath === undefined ? [] : [this.#lastPath];
    const files = [...new Set([...named.among, ...last].map((path) => this.#fileAt(path)))];
    const [holder, ...others] = files.filter((path) => this.#about.texts.holds(path, search, this.#ops));
    if (holder === undefined) return named.path;
    return others.length === 0 ? holder : undefined;
  }

  #patch(at: number, end: number, fenced: boolean): number {
    return this.#take(readV4a(this.#lines, at, end, { fenced, prose: this.#prose(at) }), at);
  }

  #diff(at: number, end: number, fenced: boolean): number {
    const path = this.#pathAbove(at);
    const options = { fenced, known: this.#known, path, prose: this.#prose(at) };
    return this.#take(readUnified(this.#lines, at, end, options), at);
  }

  /** The path that the words above lines without a header give them. */
  #pathAbove(at: number): string | undefined {
    const named = blockPath(this.#before(at, this.#words), this.#about.paths);
    if (!named) return this.#lastPath;
    return named.among && this.#lastPath !== undefined && this.#lastPath !== named.path ? undefined : named.path;
  }

  #take(read: ReturnType<typeof readUnified>, at: number): number {
    if (!read.ok) return this.#refuse(read.code, read.message);
    this.#ops.push(...read.ops);
    this.#lastPath = read.lastPath ?? read.ops.at(-1)?.path ?? this.#lastPath;
    this.#from = Math.max(read.next, at + 1);
    this.#behindEdit = this.#from;
    return this.#from;
  }

  /** What a fence holds decides what it is: edits in some format, a whole file, or a sample that means nothing. */
  #fenced(at: number, fence: Fence): number {
    const closing = closingOf(this.#lines, at, fence, this.#starts, this.#patience);
    const close = closing.end;
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
    return this.#whole(at, end, closing, fence);
  }

  /** Lines with marks and no header at all, in a fence that says it is a diff. */
  #headless(at: number, end: number): number {
    const path = pathInFence(this.#lines.slice(at, at + 1), this.#about.paths) ?? this.#pathAbove(at);
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

  #whole(at: number, end: number, closing: Closing, fence: Fence): number {
    // Edits that went through an HTML escape are no file.
    if (this.#lines.slice(at + 1, end).some((line) => /^\s*(?:&lt;){5,9} ?SEARCH/.test(line))) return end + 1;
    const { paths } = this.#about;
    const words = this.#before(at, this.#words);
    const inner = this.#lines
      .slice(at + 1, end)
      .map((line) => (line.startsWith(fence.indent) ? line.slice(fence.indent.length) : line));
    const named = pathInFence(this.#lines.slice(at, at + 1), paths) ?? wholePath(words, paths);
    const first =
      named === undefined ? onlyPath(/^\s*(?:#|\/\/)\s/.test(inner[0] ?? '') ? inner[0] : undefined, paths) : undefined;
    const said = named === undefined && first === undefined ? pathInSentence(words, paths) : undefined;
    const told = named ?? first ?? (said?.among ? undefined : said?.path);
    if (told === undefined) {
      if (!closing.clear && inner.some((_, index) => this.#starts(at + 1 + index))) {
        const message = `The fence at line ${at + 1} of the answer is still open where the next file or edit begins. Close each fence.`;
        return this.#refuse('malformed', message);
      }
      return this.#sample(at, end, fence, said?.among);
    }
    if (isExcerpt(fence.info)) return this.#excerpt(at, end, told, inner);
    if (isUsage(fence.info, inner, told)) return this.#sample(at, end, fence, []);
    if (closing.end === undefined) return this.#refuse('truncated', CUT);
    if (!closing.clear || (this.#mayGoOn(inner, fence, told) && this.#isLeftOver(end, fence))) {
      const message = `Where the text of ${told} at line ${at + 1} of the answer ends cannot be told: it has fences itself. Put it between fences of four backquotes, longer than its own.`;
      return this.#refuse('malformed', message);
    }
    const prose = proseOf(this.#before(at), told);
    const tagged = isFileTag(words.findLast((line) => line.trim() !== '') ?? '');
    // Lines quoted before a block say which file it is about.
    if (this.#about.texts.holds(this.#fileAt(told), inner, [])) this.#lastPath = told;
    this.#wholes.push({ tagged, op: { op: 'whole', path: told, prose, line: at + 1, lines: inner } });
    this.#from = end + 1;
    return this.#from;
  }

  /** Lines of a file with their numbers: a quotation, or a change whose place only the numbers tell. */
  #excerpt(at: number, end: number, path: string, inner: readonly string[]): number {
    if (this.#about.texts.holds(this.#fileAt(path), inner, [])) {
      this.#words.fill('', at, end + 1);
      return end + 1;
    }
    const message = `The fence at line ${at + 1} of the answer shows only some lines of ${path}. Send search/replace blocks.`;
    return this.#refuse('elided-code', message);
  }

  /** Passes over a fence that is no file, and keeps in mind which files it may have been about. */
  #sample(at: number, end: number, fence: Fence, among: readonly string[] | undefined): number {
    const inner = this.#lines.slice(at + 1, end);
    const names = among ?? namesNearFence(this.#before(at, this.#words), this.#about.paths);
    const quotes = names.some((name) => this.#about.texts.holds(this.#fileAt(name), inner, []));
    if (names.length > 0 && !quotes && !isSample(fence.info, inner)) this.#unread.push({ line: at + 1, names });
    this.#words.fill('', at, end + 1);
    return end + 1;
  }

  /** A fence under a file's path is that file, unless other edits of the answer are about it: then it is a quotation. */
  #wholeFiles(): WholeOp[] {
    const edited = new Set(this.#ops.map((op) => this.#fileAt(op.path)));
    const kept = this.#wholes.filter(({ op }) => !edited.has(this.#fileAt(op.path)));
    return [...new Map(kept.map(({ op }) => [op.path, op])).values()];
  }

  /** Whether a fence or a block follows, blank lines aside. */
  #opensBelow(at: number): boolean {
    const below = this.#lines.slice(at + 1, at + 1 + LOOK_BACK).find((line) => line.trim() !== '') ?? '';
    return isHead(below) || fenceOf(below) !== undefined;
  }

  /** Whether a line closes the fence around the edits before it, also one whose beginning is missing. */
  #closesAround(at: number): boolean {
    const around = this.#around;
    const fence = fenceOf(this.#lines[at] ?? '');
    if (fence?.info !== '' || this.#from !== this.#behindEdit) return false;
    if (around && !closes(this.#lines[at] ?? '', around)) return false;
    const between = this.#lines.slice(this.#from, at);
    // Where nothing stands between it is the end of the fence; behind a path it opens that file.
    const rightBehind = around !== undefined && isBlank(between);
    if (!rightBehind && (this.#namesNext(between) || !this.#isOdd(at, around))) return false;
    this.#around = undefined;
    this.#from = at + 1;
    return true;
  }

  /** Whether words behind an edit name a file for the fence below them, and not that of the edit. */
  #namesNext(between: readonly string[]): boolean {
    const { paths } = this.#about;
    if (ownPath(between, paths) !== undefined || pathInSentence(between, paths)) return true;
    const last = this.#lastPath === undefined ? undefined : this.#fileAt(this.#lastPath);
    return namesNearFence(between, paths).some((name) => this.#fileAt(name) !== last);
  }

  /** Whether the bare fences from a line on cannot be pairs: another fence opens, or the answer ends, behind an odd number. */
  #isOdd(at: number, around: Fence | undefined): boolean {
    let bare = 0;
    for (let next = at; next < this.#lines.length; next += 1) {
      const line = this.#lines[next] ?? '';
      const fence = fenceOf(line);
      this.#patience.left -= 1;
      if (
        this.#patience.left < 0 ||
        isHead(line) ||
        (fence && (fence.info !== '' || (next > at && this.#starts(next))))
      ) {
        break;
      }
      if (fence) bare += 1;
    }
    return bare === 1 || (around !== undefined && bare % 2 === 1);
  }

  /** Whether an edit starts at a line, or a fence under a path line of its own. */
  readonly #starts = (at: number): boolean => {
    const line = this.#lines[at] ?? '';
    if (isHead(line) || startsV4a(line)) return true;
    const fence = fenceOf(line);
    if (!fence) return false;
    if (pathInFence([line], this.#about.paths) !== undefined) return true;
    const above = this.#lines.slice(Math.max(0, at - 3), at).findLast((one) => one.trim() !== '') ?? '';
    return !/^\s*[-*+]\s/.test(above) && onlyPath(above, this.#about.paths) !== undefined;
  };

  /** Whether the line that closes a text may be a fence of its own, or the next file's, whose path is its last line. */
  #mayGoOn(inner: readonly string[], fence: Fence, path: string): boolean {
    const last = inner.findLast((line) => line.trim() !== '');
    return isMarkdown(fence.info, path) || onlyPath(last, this.#about.paths) !== undefined;
  }

  #isLeftOver(end: number, fence: Fence): boolean {
    return isLeftOver(this.#lines, end, fence, this.#starts, this.#patience);
  }

  /** The lines before an edit that can name its file. */
  #before(at: number, lines = this.#lines): readonly string[] {
    return lines.slice(Math.max(this.#from, at - LOOK_BACK), at);
  }

  #prose(at: number): string {
    return proseOf(this.#lines.slice(this.#from, at), '');
  }
}

const CUT = 'The answer ends inside a fence: it is cut off.';
const MAX_PROSE = 600;
const MOST_LOOKS = 200_000;
/** Lines; words further away are not about an edit. */
const LOOK_BACK = 200;

/** The words before an edit, without fences and its path line. */
function proseOf(before: readonly string[], path: string): string {
  const words = before.filter((line) => !fenceOf(line) && line.replace(/[`*#:]/g, '').trim() !== path);
  const text = words.join('\n').trim();
  return text.length > MAX_PROSE ? `${text.slice(0, MAX_PROSE - 1).trimEnd()}…` : text;
}

/** Whether a fence holds a text in which fences are usual. */
function isMarkdown(info: string, path: string): boolean {
  return /^(?:markdown|md|mdx|rst)\b/i.test(info) || /\.(?:md|markdown|mdx|rst|qmd|rmd)$/i.test(path);
}
