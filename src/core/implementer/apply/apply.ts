import { isPlaceholder } from '../answer/elision.ts';
import { type Block, isBlank } from '../answer/parse.ts';
import type { BlockReport, Refusal } from '../refusal.ts';
import type { Texts } from '../types.ts';
import { find } from './ladder.ts';
import { type FileLines, type Line, readLines, usualEnd, writeLines } from './lines.ts';
import { mergeLines } from './merge.ts';
import { resolvePath } from './resolve.ts';

/** Where a block went: a line of the new text that it changed (1-based), and what the answer said about it. */
export interface Placed {
  readonly path: string;
  readonly line: number;
  readonly prose: string;
}

export interface Applied {
  readonly changes: ReadonlyMap<string, string>;
  readonly placed: readonly Placed[];
  readonly report: readonly BlockReport[];
  readonly refusals: readonly Refusal[];
}

interface Splice {
  readonly block: Block;
  readonly from: number;
  readonly to: number;
  readonly lines: readonly Line[];
  readonly firstChange: number;
}

/**
 * Applies blocks to texts in memory, all or nothing: with any refusal there are no changes. Each SEARCH is looked for
 * in the whole file as it was, whatever the order of the blocks; only what is not there may stand in the result of
 * the others.
 */
export function applyBlocks(files: Texts, blocks: readonly Block[]): Applied {
  const refusals: Refusal[] = [];
  const outcomes = new Map<Block, { readonly outcome: string; readonly detail: string; readonly path: string }>();
  const refuse = (block: Block, refusal: Refusal) => {
    refusals.push(refusal);
    outcomes.set(block, { path: refusal.path ?? block.path, outcome: refusal.code, detail: refusal.message });
  };
  const byPath = new Map<string, Block[]>();
  const created = new Map<string, Block>();
  for (const block of withoutRepeats(blocks)) {
    const resolved = resolvePath(block.path, files, isBlank(block.search));
    if (!resolved.ok) {
      refuse(block, resolved.refusal);
      continue;
    }
    const problem = checkBlock(block, resolved.path, files);
    if (problem) refuse(block, problem);
    else if (isBlank(block.search)) {
      if (created.has(resolved.path)) refuse(block, overlap(resolved.path));
      created.set(resolved.path, block);
    } else byPath.set(resolved.path, [...(byPath.get(resolved.path) ?? []), block]);
  }

  const changes = new Map<string, string>();
  const placed: Placed[] = [];
  for (const [path, block] of created) {
    const before = readLines(files.get(path) ?? '');
    const lines = block.replace.map((text) => ({ text, end: '\n' }));
    changes.set(
      path,
      before.lines.length > 0 ? writeLines(before, lines) : lines.map((line) => `${line.text}\n`).join(''),
    );
    placed.push({ path, line: 1, prose: block.prose });
    outcomes.set(block, { path, outcome: 'new-file', detail: '' });
  }
  for (const [path, own] of byPath) {
    const result = applyToFile(path, readLines(files.get(path) ?? ''), own);
    for (const [block, refusal] of result.refused) refuse(block, refusal);
    for (const [block, rung] of result.rungs) outcomes.set(block, { path, outcome: rung, detail: '' });
    if (result.text !== files.get(path)) changes.set(path, result.text);
    placed.push(...result.placed);
  }
  const report = blocks.map((block) => outcomes.get(block) ?? { path: block.path, outcome: 'repeated', detail: '' });
  if (refusals.length > 0) return { changes: new Map(), placed: [], report, refusals };
  if (changes.size === 0) {
    const message = 'The answer changes nothing: every REPLACE equals what is there.';
    return { changes, placed: [], report, refusals: [{ code: 'no-op', message }] };
  }
  return { changes, placed, report, refusals };
}

function withoutRepeats(blocks: readonly Block[]): Block[] {
  const seen = new Set<string>();
  return blocks.filter((block) => {
    const key = JSON.stringify([block.path, block.search, block.replace]);
    return seen.has(key) ? false : seen.add(key);
  });
}

function checkBlock(block: Block, path: string, files: Texts): Refusal | undefined {
  const before = files.get(path);
  if (isBlank(block.search) && before !== undefined && before.replace(/^\ufeff/, '').trim() !== '') {
    const message = `${path} exists and is not empty, so an empty SEARCH says nothing about the place. Quote the lines to change.`;
    return { code: 'empty-search', path, message };
  }
  const known = new Set(
    [...block.search, ...readLines(before ?? '').lines.map((line) => line.text)].map((line) => line.trim()),
  );
  const elided = block.replace.find((line) => isPlaceholder(line) && !known.has(line.trim()));
  if (elided === undefined) return undefined;
  const message = `The REPLACE for ${path} leaves code out (${JSON.stringify(elided.trim())}). Write every line that shall stand there.`;
  return { code: 'elided-code', path, message, search: block.search };
}

function overlap(path: string): Refusal {
  return { code: 'overlap', path, message: `Two blocks change the same lines of ${path}. Join them into one.` };
}

interface FileResult {
  readonly text: string;
  readonly placed: readonly Placed[];
  readonly rungs: ReadonlyMap<Block, string>;
  readonly refused: ReadonlyMap<Block, Refusal>;
}

function applyToFile(path: string, before: FileLines, blocks: readonly Block[]): FileResult {
  const rungs = new Map<Block, string>();
  const refused = new Map<Block, Refusal>();
  const usual = usualEnd(before.lines);
  let splices: Splice[] = [];
  const later: Block[] = [];
  const locate = (lines: readonly Line[], block: Block): Splice | Refusal | undefined => {
    const search = block.search.map((line, index) => (index === 0 ? line.replace(/^\ufeff/, '') : line));
    const found = find(lines, search);
    const [place] = found?.places ?? [];
    if (!found || place === undefined) return undefined;
    if (found.places.length > 1) return ambiguous(path, block, found.places);
    rungs.set(block, found.rung);
    const region = lines.slice(place, place + search.length);
    const replace = block.replace.map((line, index) => (index === 0 ? line.replace(/^\ufeff/, '') : line));
    return { block, from: place, to: place + search.length, ...mergeLines(region, search, replace, usual) };
  };
  for (const block of blocks) {
    const splice = locate(before.lines, block);
    if (splice === undefined) later.push(block);
    else if ('code' in splice) refused.set(block, splice);
    else if (splices.some((one) => one.from < splice.to && splice.from < one.to)) refused.set(block, overlap(path));
    else splices.push(splice);
  }
  splices = splices.toSorted((a, b) => a.from - b.from);
  let { lines, placed } = join(path, before.lines, splices);
  for (const block of later) {
    // Blocks meant one after the other: this one quotes what an earlier one wrote.
    const splice = splices.length > 0 ? locate(lines, block) : undefined;
    if (splice === undefined || 'code' in splice) {
      refused.set(block, splice ?? notFound(path, before.lines, block));
      continue;
    }
    const grown = splice.lines.length - (splice.to - splice.from);
    const moved = placed.map((one) => (one.line > splice.to ? { ...one, line: one.line + grown } : one));
    const next = join(path, lines, [splice]);
    lines = next.lines;
    placed = [...moved, ...next.placed];
  }
  return { text: writeLines(before, lines), placed, rungs, refused };
}

function join(path: string, before: readonly Line[], splices: readonly Splice[]): { lines: Line[]; placed: Placed[] } {
  const lines: Line[] = [];
  const placed: Placed[] = [];
  let at = 0;
  for (const splice of splices) {
    lines.push(...before.slice(at, splice.from));
    placed.push({ path, line: lines.length + splice.firstChange + 1, prose: splice.block.prose });
    lines.push(...splice.lines);
    at = splice.to;
  }
  lines.push(...before.slice(at));
  return { lines, placed };
}

function ambiguous(path: string, block: Block, places: readonly number[]): Refusal {
  const ranges = places.slice(0, 6).map((at) => `${at + 1}-${at + block.search.length}`);
  const more = places.length > 6 ? ` and ${places.length - 6} more` : '';
  const message = `The SEARCH for ${path} stands at lines ${ranges.join(', ')}${more}. Add lines around it until it stands once.`;
  return { code: 'ambiguous', path, message, search: block.search };
}

function notFound(path: string, lines: readonly Line[], block: Block): Refusal {
  const adds = block.replace.some((line) => line.trim() !== '' && !block.search.includes(line));
  if (adds && find(lines, block.replace)) {
    const message = `The SEARCH is not in ${path}, but its REPLACE is: the change is already there.`;
    return { code: 'already-applied', path, message, search: block.search };
  }
  if (block.search.some(isPlaceholder)) {
    const message = `The SEARCH for ${path} leaves code out. Quote every line as it stands in the file.`;
    return { code: 'elided-code', path, message, search: block.search };
  }
  const message = `The SEARCH is nowhere in ${path}. Quote the lines exactly as they stand there.`;
  return { code: 'no-match', path, message, search: block.search };
}
