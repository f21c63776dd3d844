import type { Hunk } from '../types.ts';

type Place = Pick<Hunk, 'oldStart' | 'oldCount' | 'newStart' | 'newCount'>;

/** Byte offset at which each line starts, and the end; lines end in `\n` as git counts them. */
function lineStarts(bytes: Buffer): number[] {
  const starts = [0];
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) starts.push(at + 1);
  if (starts.at(-1) !== bytes.length) starts.push(bytes.length);
  return starts;
}

/** The byte range of `count` lines from line `start` (1-based); a count of 0 is the place after line `start`. */
function range(starts: readonly number[], start: number, count: number): readonly [number, number] {
  const first = count === 0 ? start : start - 1;
  const from = starts[first];
  const to = starts[first + count];
  if (from === undefined || to === undefined) throw new Error(`lines ${start},${count} lie outside the file`);
  return [from, to];
}

/** The old bytes with this one hunk taken over from the new bytes; the rest of the old stays byte for byte. */
export function takeHunk(oldBytes: Buffer, newBytes: Buffer, hunk: Place): Buffer {
  const [oldFrom, oldTo] = range(lineStarts(oldBytes), hunk.oldStart, hunk.oldCount);
  const [newFrom, newTo] = range(lineStarts(newBytes), hunk.newStart, hunk.newCount);
  return Buffer.concat([oldBytes.subarray(0, oldFrom), newBytes.subarray(newFrom, newTo), oldBytes.subarray(oldTo)]);
}

/** The same hunk seen from the new side: taking it gives the old lines back. */
export function reverse(hunk: Place): Place {
  return { oldStart: hunk.newStart, oldCount: hunk.newCount, newStart: hunk.oldStart, newCount: hunk.oldCount };
}

/**
 * Where a hunk against the index stands in the commit the patch is cut from: its line there, whatever was accepted
 * above it since. Accepting or rejecting other hunks does not move it.
 */
export function placeInCommit(hunk: Place, accepted: readonly Place[]): number {
  const before = hunk.oldCount > 0 ? hunk.oldStart - 1 : hunk.oldStart;
  let shift = 0;
  for (const one of accepted) {
    const last = one.newCount > 0 ? one.newStart + one.newCount - 1 : one.newStart;
    if (last <= before) shift += one.newCount - one.oldCount;
  }
  return hunk.oldStart - shift;
}
