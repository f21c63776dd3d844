import { readHunk, readHunkHeader, sidesOf } from './hunks.ts';
import type { Hint, Op } from './ops.ts';
import type { Section } from './unified.ts';

const FILE = /^\s*\*\*\* (Update|Add|Delete) File:\s*(\S(?:.{0,1000}\S)?)\s*$/;
const MOVE = /^\s*\*\*\* Move to:\s*(\S(?:.{0,1000}\S)?)\s*$/;

/** Whether a patch in the form of `apply_patch` starts at a line, with or without its envelope. */
export function startsV4a(line: string): boolean {
  return /^\s*\*\*\* Begin Patch\s*$/.test(line) || FILE.test(line);
}

/**
 * Reads `*** Begin Patch` … `*** End Patch`: files added, deleted, updated and moved; anchors nest, outermost first.
 * @param end index where the fence or the answer ends
 */
export function readV4a(
  lines: readonly string[],
  at: number,
  end: number,
  options: { readonly fenced: boolean; readonly prose: string },
): Section {
  const ops: Op[] = [];
  let next = at;
  let ended = options.fenced;
  while (next < end) {
    const line = lines[next] ?? '';
    if (/^\s*\*\*\* End Patch\s*$/.test(line)) {
      ended = true;
      next += 1;
      break;
    }
    const [, verb = '', name = ''] = FILE.exec(line) ?? [];
    if (verb === '') {
      if (line.trim() !== '' && !/^\s*\*\*\* Begin Patch\s*$/.test(line)) {
        return {
          ok: false,
          code: 'malformed',
          message: `Line ${next + 1} of the answer belongs to no file of the patch: ${JSON.stringify(line.slice(0, 80))}.`,
        };
      }
      next += 1;
      continue;
    }
    const file = readFile(lines, next, end, verb, name.replace(/^`|`$/g, ''), options);
    if (!file.ok) return file;
    ops.push(...file.ops);
    next = file.next;
  }
  if (!ended)
    return { ok: false, code: 'truncated', message: 'The patch has no *** End Patch: the answer is cut off.' };
  return { ok: true, ops, next };
}

function readFile(
  lines: readonly string[],
  at: number,
  end: number,
  verb: string,
  path: string,
  { prose }: { readonly prose: string },
): Section {
  const base = { path, prose, line: at + 1 };
  if (verb === 'Delete') return { ok: true, ops: [{ op: 'delete', ...base }], next: at + 1 };
  let next = at + 1;
  if (verb === 'Add') {
    const added: string[] = [];
    for (; next < end && !/^\s*\*\*\* /.test(lines[next] ?? ''); next += 1) added.push(lines[next] ?? '');
    while (added.length > 0 && added.at(-1) === '') added.pop();
    const bad = added.findIndex((line) => line !== '' && !line.startsWith('+'));
    if (bad >= 0) {
      return {
        ok: false,
        code: 'malformed',
        message: `Line ${at + 2 + bad} of the answer lacks the + of a new file's line.`,
      };
    }
    return {
      ok: true,
      ops: [{ op: 'create', ...base, lines: added.map((line) => line.slice(1)), how: 'diff', newline: true }],
      next,
    };
  }
  const ops: Op[] = [];
  const target = MOVE.exec(lines[next] ?? '')?.[1];
  if (target !== undefined) {
    ops.push({ op: 'move', ...base, to: target.replace(/^`|`$/g, '') });
    next += 1;
  }
  let anchors: string[] = [];
  let hint: Hint = {};
  let behind = false;
  while (
    next < end &&
    !/^\s*\*\*\* (?:End Patch|Update File|Add File|Delete File|Begin Patch)/.test(lines[next] ?? '')
  ) {
    const header = readHunkHeader(lines[next] ?? '');
    if (header) {
      hint = { ...header.hint };
      anchors = [...anchors, ...(header.hint.anchors ?? [])];
      next += 1;
      continue;
    }
    const from = next;
    const own: Hint = { ...hint, ...(anchors.length > 0 ? { anchors } : {}), ...(behind ? { ordered: true } : {}) };
    const hunk = readHunk(lines, next, end, true, { hint: own });
    if (hunk.lines.some((line) => /^[+-]/.test(line))) {
      ops.push({ op: 'edit', ...base, ...sidesOf(hunk.lines), hunk: hunk.lines, hint: hunk.hint, line: from + 1 });
      behind = true;
    }
    anchors = [];
    hint = {};
    next = Math.max(hunk.next, from + 1);
  }
  return { ok: true, ops, next };
}
