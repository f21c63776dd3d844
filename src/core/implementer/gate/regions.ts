import type { Environment } from '../../domain/index.ts';
import { matcher } from '../../environment/index.ts';

type Region = Environment['protected_regions'][number];

interface Found {
  readonly text: string;
  /** 1-based. */
  readonly line: number;
}

/** Every stretch from a line that holds `from` to the next that holds `to`, both included; open to the file's end. */
function stretches(text: string, region: Region): Found[] {
  const lines = text.split('\n');
  const found: Found[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    if (!lines[at]?.includes(region.from)) continue;
    let end = at;
    while (end < lines.length && !(end > at && lines[end]?.includes(region.to))) end += 1;
    found.push({ text: lines.slice(at, end + 1).join('\n'), line: at + 1 });
    at = end;
  }
  return found;
}

/** Whether one of the two lines that bound a region stands more or fewer times than it did. */
function ambiguous(before: string, after: string, region: Region): boolean {
  const count = (text: string, mark: string) => text.split('\n').filter((line) => line.includes(mark)).length;
  return [region.from, region.to].some((mark) => count(before, mark) !== count(after, mark));
}

/** Whether any protected region of the file is not byte for byte what it was. */
export function changedRegion(
  path: string,
  before: string | undefined,
  after: string | null,
  regions: readonly Region[],
): { readonly message: string; readonly line: number } | undefined {
  for (const region of regions) {
    if (before === undefined || !matcher([region.file])(path)) continue;
    const old = stretches(before, region);
    const now = stretches(after ?? '', region);
    const doubled = ambiguous(before, after ?? '', region);
    const at = now.findIndex((one, index) => one.text !== old[index]?.text);
    if (at < 0 && old.length === now.length && !doubled) continue;
    const message = `${path} changes the protected region from ${JSON.stringify(region.from)} to ${JSON.stringify(region.to)}; it must stay as it is.`;
    return { message, line: now[at]?.line ?? 1 };
  }
  return undefined;
}
