import { type Hunk, quoted } from './edits.ts';

/** Damage to the lines that an answer quotes or writes, the same in every format that quotes lines. */
export const LINE_DAMAGES = [
  'wrong-literal',
  'elided',
  'indent-shift',
  'tabs-for-spaces',
  'smart-quotes',
  'html-entities',
  'blank-lines-lost',
  'comments-lost',
  'paired-dots',
  'line-numbers',
] as const;
export type LineDamage = (typeof LINE_DAMAGES)[number];

/** The hunk as a damaged answer has it. */
export function damageLines(hunk: Hunk, damage: LineDamage): Hunk {
  switch (damage) {
    case 'wrong-literal':
      return { ...hunk, before: hunk.before.map((line) => `${line}${/\d$/.test(line) ? '' : ' '}97`) };
    case 'elided':
      return { ...hunk, fresh: [...hunk.fresh, '# ... rest of the code unchanged ...'] };
    case 'indent-shift':
      return eachLine(hunk, (line) => (line === '' ? '' : `${unitOf(hunk)}${line}`));
    case 'tabs-for-spaces':
      return eachLine(hunk, (line) =>
        line.startsWith('\t') ? line.replace('\t', '    ') : line.replace('    ', '\t'),
      );
    case 'smart-quotes':
      return eachLine(hunk, (line) => line.replace('"', '“').replace('"', '”'));
    case 'html-entities':
      return eachLine(hunk, (line) =>
        line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
      );
    case 'blank-lines-lost':
      return thinned(hunk, (line) => line !== '');
    case 'comments-lost':
      return thinned(hunk, (line) => !line.startsWith('#'));
    case 'paired-dots':
      return hunk.before.length < 3
        ? hunk
        : { ...hunk, before: [hunk.before[0] ?? '', '...', ...hunk.before.slice(2)] };
    case 'line-numbers':
      return numbered(hunk);
  }
}

function unitOf(hunk: Hunk): string {
  return quoted(hunk).some((line) => line.startsWith('\t')) ? '\t' : '    ';
}

function eachLine(hunk: Hunk, change: (line: string) => string): Hunk {
  const { from, before, old, fresh, after } = hunk;
  return {
    from,
    before: before.map(change),
    old: old.map(change),
    fresh: fresh.map(change),
    after: after.map(change),
  };
}

/**
 * Without some lines that stay: never those beside the change, or nobody could tell on which side of them it belongs;
 * and none where quoted lines are alike, or nobody could tell which of them go.
 */
function thinned(hunk: Hunk, stays: (line: string) => boolean): Hunk {
  const told = quoted(hunk).filter((line) => line !== '');
  if (new Set(told).size < told.length) return hunk;
  return {
    ...hunk,
    before: hunk.before.filter((line, at) => at === hunk.before.length - 1 || stays(line)),
    after: hunk.after.filter((line, at) => at === 0 || stays(line)),
  };
}

/** As a numbered listing shows them, both the old and the new lines counted on. */
function numbered(hunk: Hunk): Hunk {
  const write = (lines: readonly string[], above: number) =>
    lines.map((line, at) => `${hunk.from + above + at + 1}:${line === '' ? '' : ` ${line}`}`);
  const { before, old, fresh, after } = hunk;
  return {
    from: hunk.from,
    before: write(before, 0),
    old: write(old, before.length),
    fresh: write(fresh, before.length),
    after: write(after, before.length + old.length),
  };
}
