const OPEN = /^\s*<(think|thinking|reasoning)>/i;
const CLOSE = /<\/(?:think|thinking|reasoning)>\s*$/i;
const HEAD = /^[ \t]*<{5,9} ?SEARCH>?[ \t]*$/;
const TAIL = /^[ \t]*>{5,9} ?REPLACE[ \t]*$/;

/**
 * Blanks the reasoning some models print before their answer: a draft in it is not meant. Tags inside an edit block
 * are code (training code has them) and stay. Line numbers stay what they were.
 */
export function dropReasoning(lines: readonly string[]): string[] {
  const kept = [...lines];
  let inBlock = false;
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
      inBlock = !TAIL.test(line);
    } else if (HEAD.test(line)) {
      inBlock = true;
    } else if (OPEN.test(line)) {
      if (CLOSE.test(line)) blank(kept, at, at);
      else opened = at;
    } else if (!seen && CLOSE.test(line)) {
      // Some servers swallow the opening tag: everything up to here was reasoning.
      blank(kept, 0, at);
      seen = true;
    }
  }
  if (opened >= 0) blank(kept, opened, kept.length - 1);
  return kept;
}

function blank(lines: string[], from: number, to: number): void {
  for (let at = from; at <= to; at += 1) lines[at] = '';
}
