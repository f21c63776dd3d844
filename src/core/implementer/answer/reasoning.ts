import { isHead, isTail } from './blocks.ts';
import { closes, type Fence, fenceOf } from './fence.ts';

const OPEN = /^\s*<(think|thinking|reasoning)>/i;
const CLOSE = /<\/(?:think|thinking|reasoning)>\s*$/i;
const BARE_CLOSE = /^\s*<\/(?:think|thinking|reasoning)>\s*$/i;

/**
 * Blanks the reasoning some models print before their answer: a draft in it is not meant. Tags inside an edit block
 * or a fence are code (training code has them) and stay. Line numbers stay what they were.
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
      if (!CLOSE.test(line)) continue;
      blank(kept, opened, at);
      opened = -1;
      seen = true;
    } else if (inBlock) {
      inBlock = !isTail(line);
    } else if (isHead(line)) {
      inBlock = true;
    } else if (fence) {
      if (closes(line, fence)) fence = undefined;
    } else if (OPEN.test(line)) {
      if (CLOSE.test(line)) blank(kept, at, at);
      else opened = at;
    } else if (!seen && BARE_CLOSE.test(line)) {
      // Some servers swallow the opening tag: everything up to here was reasoning.
      blank(kept, 0, at);
      seen = true;
    } else {
      fence = fenceOf(line);
    }
  }
  if (opened >= 0) blank(kept, opened, kept.length - 1);
  return kept;
}

function blank(lines: string[], from: number, to: number): void {
  for (let at = from; at <= to; at += 1) lines[at] = '';
}
