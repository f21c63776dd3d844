import { createHash } from 'node:crypto';
import { splitNul } from './run.ts';
import type { FileDiff, Hunk } from './types.ts';

/** One entry of `git diff --raw -z`. */
export interface RawChange {
  readonly status: string;
  readonly path: string;
  readonly oldPath?: string;
  readonly oldMode: string;
  readonly newMode: string;
  readonly oldBlob: string;
  readonly newBlob: string;
}

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

/** Entries of `--raw -z --no-abbrev`. */
export function parseRaw(bytes: Buffer): RawChange[] {
  const fields = splitNul(bytes);
  const changes: RawChange[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const [oldMode = '', newMode = '', oldBlob = '', newBlob = '', status = ''] = (fields[i] ?? '').slice(1).split(' ');
    const moved = status.startsWith('R') || status.startsWith('C');
    const first = fields[i + 1] ?? '';
    const path = moved ? (fields[i + 2] ?? '') : first;
    changes.push({
      status: status.slice(0, 1),
      path,
      ...(moved ? { oldPath: first } : {}),
      oldMode,
      newMode,
      oldBlob,
      newBlob,
    });
    if (moved) i += 1;
  }
  return changes;
}

/** A hunk's name: `place` is a line that other hunks' fates do not move. */
export function hunkId(path: string, place: number, lines: readonly string[]): string {
  const hash = createHash('sha256').update(`${path}\0${place}\0`);
  for (const line of lines) hash.update(`${line}\n`);
  return hash.digest('hex').slice(0, 16);
}

interface Section {
  readonly binary: boolean;
  readonly hunks: readonly Omit<Hunk, 'id'>[];
}

/**
 * The file sections of a patch as git writes it without `-z`, where each header takes one line. Bodies are read by
 * their counts, so that no line of a file can pass for a header.
 */
function parseSections(patch: Buffer): Section[] {
  const lines = patch.toString('latin1').split('\n');
  const text = (line: string) => Buffer.from(line, 'latin1').toString('utf8');
  const sections: { binary: boolean; hunks: Omit<Hunk, 'id'>[] }[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? '';
    const section = sections.at(-1);
    const header = HUNK.exec(line);
    at += 1;
    if (line.startsWith('diff --git ')) {
      sections.push({ binary: false, hunks: [] });
    } else if (section && line.startsWith('Binary files ')) {
      section.binary = true;
    } else if (section && header) {
      const oldCount = Number(header[2] ?? 1);
      const newCount = Number(header[4] ?? 1);
      const body: string[] = [];
      let oldLeft = oldCount;
      let newLeft = newCount;
      while (oldLeft > 0 || newLeft > 0 || lines[at]?.startsWith('\\')) {
        const row = lines[at] ?? '';
        if (row.startsWith('-') || row.startsWith(' ')) oldLeft -= 1;
        if (row.startsWith('+') || row.startsWith(' ')) newLeft -= 1;
        body.push(text(row));
        at += 1;
        if (at > lines.length) throw new Error('git printed a hunk shorter than its header says');
      }
      section.hunks.push({ oldStart: Number(header[1]), oldCount, newStart: Number(header[3]), newCount, lines: body });
    }
  }
  return sections;
}

function kindOf(change: RawChange): FileDiff['kind'] {
  if (change.status === 'A') return 'added';
  if (change.status === 'D') return 'deleted';
  if (change.status === 'R') return 'renamed';
  return change.oldBlob === change.newBlob ? 'mode' : 'modified';
}

/** Joins `--raw -z` with the patch of the same diff. Changes of type (file, link, submodule) have no hunks. */
export function joinDiff(raw: readonly RawChange[], patch: Buffer): FileDiff[] {
  const sections = parseSections(patch);
  let next = 0;
  return raw.map((change) => {
    const section = sections[next];
    // Git writes a change of type as a deletion and a creation.
    next += change.status === 'T' ? 2 : 1;
    if (!section) throw new Error(`git printed no patch for ${change.path}`);
    const whole = change.status === 'T' || [change.oldMode, change.newMode].includes('160000');
    const hunks = (whole ? [] : section.hunks).map((hunk) => ({
      id: hunkId(change.path, hunk.oldStart, hunk.lines),
      ...hunk,
    }));
    const count = (mark: string) =>
      hunks.reduce((sum, hunk) => sum + hunk.lines.filter((line) => line.startsWith(mark)).length, 0);
    return {
      path: change.path,
      ...(change.oldPath === undefined ? {} : { oldPath: change.oldPath }),
      kind: kindOf(change),
      binary: section.binary || whole,
      hunks,
      added: count('+'),
      removed: count('-'),
    };
  });
}
