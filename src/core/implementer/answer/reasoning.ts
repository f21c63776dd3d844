import { isHead, isTail } from './blocks.ts';
import { closes, type Fence, fenceOf } from './fence.ts';

const OPEN = /^\s*<(think|thinking|reasoning)>/i;
const CLOSE = /<\/(?:think|thinking|reasoning)>/i;

/**
 * Blanks the reasoning some models print before their answer: a draft in it is not meant. Tags inside an edit block
 * or a fence are code (training code has them) and stay. Line numbers stay what they were; what stands behind a closing tag
 * is the answer's first line.
 */
export function dropReasoning(lines: readonly string[]): string[] {
  const kept = [...lines];
  let inBlock = false;
  let fence: Fence | undefined;
  let opened = -1;
  let seen = false;
  for (let at = 0; at < kept.length; at += 1) {
    const line = kept[at] ?? '';
    if (opened >= 0) {
      const rest = restBehind(line);
      if (rest === undefined) continue;
      blank(kept, opened, at, rest);
      opened = -1;
      seen = true;
    } else if (inBlock) {
      inBlock = !isTail(line);
    } else if (isHead(line)) {
      inBlock = true;
    } else if (fence) {
      if (closes(line, fence)) fence = undefined;
    } else if (OPEN.test(line)) {
      const rest = restBehind(line);
      if (rest === undefined) opened = at;
      else blank(kept, at, at, rest);
    } else if (!seen && /^\s*<\//.test(line) && restBehind(line) !== undefined) {
      // Some servers swallow the opening tag: everything up to here was reasoning.
      blank(kept, 0, at, restBehind(line));
      seen = true;
    } else {
      fence = fenceOf(line);
    }
  }
  if (opened >= 0) blank(kept, opened, kept.length - 1);
  return kept;
}

/** What stands behind a closing tag; undefined where there is none, or a sentence only speaks of it. */
function restBehind(line: string): string | undefined {
  const { index, 0: tag = '' } = CLOSE.exec(line) ?? {};
  if (index === undefined) return undefined;
  const [before, rest] = [line.slice(0, index), line.slice(index + tag.length)];
  const spokenOf = /[`'"]$/.test(before) || (/(?:^|\s)$/.test(before) && /^ +[a-z]/.test(rest));
  return spokenOf && rest.trim() !== '' ? undefined : rest;
}

function blank(lines: string[], from: number, to: number, rest = ''): void {
  for (let at = from; at <= to; at += 1) lines[at] = at === to ? rest : '';
}
