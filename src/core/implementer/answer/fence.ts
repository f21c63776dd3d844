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
