/** A fence of Markdown: three or more backquotes or tildes, and what stands behind them. */
export interface Fence {
  readonly mark: string;
  readonly info: string;
  readonly indent: string;
}

const FENCE = /^([ \t]*)(`{3,}|~{3,})([^`]*)$/;

export function fenceOf(line: string): Fence | undefined {
  const [, indent = '', mark = '', info = ''] = FENCE.exec(line) ?? [];
  return mark === '' ? undefined : { mark, info: info.trim(), indent };
}

/** Whether a line closes a fence: the same sign, as long at least, nothing behind it, no further right. */
export function closes(line: string, open: Fence): boolean {
  const fence = fenceOf(line);
  return (
    fence !== undefined &&
    fence.info === '' &&
    fence.indent.length <= open.indent.length &&
    fence.mark[0] === open.mark[0] &&
    fence.mark.length >= open.mark.length
  );
}

export interface Closing {
  /** Index of the line that closes a fence; undefined where none does. */
  readonly end: number | undefined;
  /** False where another line may as well be the one that closes it: fences of the text look the same. */
  readonly clear: boolean;
}

/** Lines that may still be looked at for fences in fences: an answer full of them must not take forever. */
export interface Patience {
  left: number;
}

/**
 * Where a fence closes. One inside it that says what it holds (```` ```bash ````) opens, and the next bare one closes
 * that.
 * @param starts whether an edit, or a file under its path, starts at a line: no text of a file goes on behind it
 */
export function closingOf(
  lines: readonly string[],
  at: number,
  fence: Fence,
  starts: (index: number) => boolean,
  patience: Patience,
): Closing {
  let inner = false;
  let next = at + 1;
  for (; next < lines.length; next += 1) {
    const line = lines[next] ?? '';
    if (closes(line, fence)) break;
    inner ||= opensInside(line, fence);
  }
  const first = next < lines.length ? next : undefined;
  if (!inner || first === undefined) return { end: first, clear: true };
  let depth = 1;
  for (let line = at + 1; line < lines.length; line += 1) {
    patience.left -= 1;
    if (patience.left < 0 || starts(line)) break;
    if (opensInside(lines[line] ?? '', fence)) depth += 1;
    else if (closes(lines[line] ?? '', fence)) depth -= 1;
    if (depth === 0) return { end: line, clear: !isLeftOver(lines, line, fence, starts, patience) };
  }
  return { end: first, clear: false };
}

/** Whether a bare fence stands behind a text that has fences itself, and no other opened it. */
export function isLeftOver(
  lines: readonly string[],
  end: number,
  fence: Fence,
  starts: (index: number) => boolean,
  patience: Patience,
): boolean {
  let other: Fence | undefined;
  for (let at = end + 1; at < lines.length; at += 1) {
    patience.left -= 1;
    if (patience.left < 0) return true;
    if (other === undefined && starts(at)) return false;
    const line = lines[at] ?? '';
    if (other !== undefined) {
      if (closes(line, other)) other = undefined;
    } else if (closes(line, fence)) return true;
    else other = fenceOf(line);
  }
  return false;
}

function opensInside(line: string, outer: Fence): boolean {
  const fence = fenceOf(line);
  return (
    fence !== undefined &&
    fence.info !== '' &&
    fence.indent.length <= outer.indent.length &&
    fence.mark[0] === outer.mark[0] &&
    fence.mark.length >= outer.mark.length
  );
}
