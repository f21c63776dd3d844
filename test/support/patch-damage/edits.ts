/** A change of one stretch of a file; the lines around it are quoted with it. */
export interface Hunk {
  /** 0-based index of the first quoted line. */
  readonly from: number;
  readonly before: readonly string[];
  readonly old: readonly string[];
  readonly fresh: readonly string[];
  readonly after: readonly string[];
}

export interface Edit {
  readonly path: string;
  readonly text: string;
  readonly wanted: string;
  readonly hunks: readonly Hunk[];
  /** Whether each quoted stretch stands once, blanks and indentation aside: else damage may make another place fit. */
  readonly unique: boolean;
}

/** Gives a whole number from 0 up to, not including, `below`. */
export type Pick = (below: number) => number;

/** Numbers from a seed (xorshift), the same on every machine. */
export function picker(seed: number): Pick {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const CODE = [
  '',
  'x = 1',
  'y = x + 2',
  'for i in range(10):',
  '    loss.backward()',
  '    opt.step()',
  'return x',
  'if x < 3 and y > 1:',
  'print("done")',
  '# note',
];
const YAML = ['model:', '  depth: 6', '  name: "tiny"', 'optim:', '  lr: 3e-4', '', '- a', '# note'];
const TEXT = ['Loss falls.', '', 'It is über 3 %.', '* one', '実験 2', 'a  b'];
const KINDS = [
  { path: 'src/train.py', lines: CODE },
  { path: 'config/small run.yaml', lines: YAML },
  { path: 'docs/größe.txt', lines: TEXT },
] as const;

/** A file with many equal lines and some of its own, and a change of it in up to three places. */
export function randomEdit(pick: Pick): Edit {
  const kind = KINDS[pick(KINDS.length)] ?? KINDS[0];
  const length = 8 + pick(30);
  const indent = kind.path.endsWith('.py') && pick(3) === 0 ? '\t' : '    ';
  const lines = Array.from({ length }, (_, at) => {
    const line = pick(2) === 0 ? `own_${at} = ${pick(100)}` : (kind.lines[pick(kind.lines.length)] ?? '');
    return line.replace(/^ {4}/, indent);
  });
  const hunks: Hunk[] = [];
  for (let at = pick(3); at < length - 8 && hunks.length < 3; at += 8 + pick(8)) {
    const context = 1 + pick(3);
    const removed = pick(3);
    const added = removed === 0 ? 1 + pick(3) : pick(4);
    hunks.push({
      from: at,
      before: lines.slice(at, at + context),
      old: lines.slice(at + context, at + context + removed),
      fresh: Array.from({ length: added }, (_, n) => `fresh_${at}_${n} = ${pick(1000)}`),
      after: lines.slice(at + context + removed, at + context + removed + context),
    });
  }
  if (hunks.length === 0) return randomEdit(pick);
  const result = [...lines];
  for (const hunk of [...hunks].reverse()) {
    result.splice(hunk.from + hunk.before.length, hunk.old.length, ...hunk.fresh);
  }
  const end = pick(4) === 0 ? '\r\n' : '\n';
  const mark = pick(8) === 0 ? '\ufeff' : '';
  const last = pick(5) === 0 ? '' : end;
  const write = (rows: readonly string[]) => mark + rows.join(end) + last;
  const unique = hunks.every((hunk) => places(lines, quoted(hunk)) === 1);
  return { path: kind.path, text: write(lines), wanted: write(result), hunks, unique };
}

export function quoted(hunk: Hunk): string[] {
  return [...hunk.before, ...hunk.old, ...hunk.after];
}

/** At how many places lines stand, blank lines, indentation and comments aside. */
function places(lines: readonly string[], search: readonly string[]): number {
  const plain = (rows: readonly string[]) =>
    rows.map((row) => row.trim()).filter((row) => row !== '' && !row.startsWith('#'));
  const file = plain(lines);
  const wanted = plain(search);
  if (wanted.length === 0) return lines.length;
  return file.filter((_, at) => wanted.every((row, index) => file[at + index] === row)).length;
}
