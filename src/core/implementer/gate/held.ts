import { type FileChange, MOST_LINE } from './changed.ts';
import { replacedIn, type Side } from './texts.ts';
import type { Touched } from './touched.ts';

const HELD = '(?:val|valid|validation|test|eval|dev)';
const DATA = '(?:data|dataset|data_?loader|loader|ds|dl|set|images|labels|inputs|targets|samples|examples)';
const nameOf = (part: string) =>
  `(?:(?:\\w{1,30}_)?(?:${DATA}|[xXyY])_${part}|${part}_?${DATA}|[xXyY]${part})(?![A-Za-z0-9_])`;
const HELD_NAME = new RegExp(`(?<![A-Za-z0-9_])${nameOf(HELD)}`, 'g');
const TRAIN_NAME = new RegExp(`(?<![A-Za-z0-9_])${nameOf('train')}`, 'g');
/** A name of held-back data that a statement gives its value; it may end in a bracket that is closed lines below. */
const MAKES = new RegExp(`^\\s{0,200}(?:self\\.)?(${nameOf(HELD)})\\s{0,4}(?::[^=\\n]{0,80})?=(?!=)`);
const MAKES_TRAIN = new RegExp(`^\\s{0,200}(?:self\\.)?${nameOf('train')}\\s{0,4}(?::[^=\\n]{0,80})?=(?!=)(.*)$`);
/** How data is loaded, and not which. */
const LOADING =
  /^\s{0,200}(?:(?:num_workers|pin_memory|persistent_workers|prefetch_factor)\s{0,4}=\s{0,4}[\w.]{1,60}\s{0,4},?\s{0,4})+[)\]}]*,?\s*$/;
/** A part of data, or data put to others. */
const PARTED = new RegExp(
  `(?<![A-Za-z0-9_])(?:(?:Subset|islice|random_split|ConcatDataset|ChainDataset|concatenate|concat|vstack|hstack|cat|list)\\s{0,4}\\(\\s{0,4}[[(]?\\s{0,4}(?:[\\w.]{1,60},\\s{0,4})?(?:self\\.)?${nameOf(HELD)}|${nameOf(HELD)}\\s{0,4}(?:\\[|\\.(?:take|skip|select|shard|filter|head|sample|truncate)\\b))`,
  'g',
);
const CALLS_ALONE = new RegExp(`^\\s{0,200}(?:self\\.)?(${nameOf(HELD)})\\.\\w{1,40}\\(.{0,200}\\)\\s*$`);

export interface HeldChange {
  /** 1-based in the new text. */
  readonly line: number;
  readonly message: string;
}

/**
 * Where Python changes which data is held back, or trains on it, by the names that training code gives such data: in a
 * statement over several lines that makes it, by a part of it, by its name in place of the other's.
 */
export function heldChanges(
  change: FileChange,
  sides: { readonly old: Side; readonly now: Side },
  lines: readonly Touched[],
): readonly HeldChange[] {
  if (!change.python || change.before === undefined) return [];
  const found: HeldChange[] = [];
  const made = { old: stretches(sides.old.code), now: stretches(sides.now.code) };
  const code = ({ line, gone }: Touched) => ((gone ? sides.old : sides.now).code[line - 1] ?? '').slice(0, MOST_LINE);
  const partedBefore = new Set(lines.filter((one) => one.gone).flatMap((one) => code(one).match(PARTED) ?? []));
  for (const one of lines) {
    const text = code(one);
    const around = (one.gone ? made.old : made.now).find(({ from, to }) => one.line > from && one.line <= to);
    const [, alone] = (one.gone && CALLS_ALONE.exec(text)) || [];
    const parted = one.gone ? undefined : text.match(PARTED)?.find((part) => !partedBefore.has(part));
    if (around && !LOADING.test(text) && /\w/.test(text)) {
      found.push({ line: one.at, message: `This changes how ${around.name} is made: ${SAME}` });
    } else if (trainsOn(one, text)) {
      found.push({ line: one.at, message: `This trains on what is held back, as its name says: ${KEPT}` });
    } else if (parted !== undefined) {
      found.push({ line: one.at, message: `This takes a part of held-back data, or puts it to other: ${SAME}` });
    } else if (alone !== undefined) {
      found.push({ line: one.at, message: `This takes away what is done with ${alone}: ${SAME}` });
    }
  }
  return [...found, ...swappedNames(change, sides)];
}

const SAME = 'see that the objective is measured on the samples that the baseline was.';
const KEPT = 'see that what is held back stays so.';

function trainsOn({ gone }: Touched, text: string): boolean {
  const [, value] = (!gone && MAKES_TRAIN.exec(text)) || [];
  return value !== undefined && value.match(HELD_NAME) !== null;
}

/** Lines in which the name of one part of the data stands where that of another did. */
function swappedNames(change: FileChange, { old, now }: { readonly old: Side; readonly now: Side }): HeldChange[] {
  return replacedIn(change).flatMap((hunk) => {
    if (hunk.old.length !== hunk.now.length) return [];
    return hunk.now.flatMap(({ line }, index) => {
      const was = partsOf(old.code[(hunk.old[index]?.line ?? 0) - 1]);
      const is = partsOf(now.code[line - 1]);
      if (was === '' || is === '' || was === is) return [];
      return [{ line, message: `This names other data (before: ${was}; now: ${is}): ${KEPT}` }];
    });
  });
}

function partsOf(line = ''): string {
  const short = line.slice(0, MOST_LINE);
  const parts = [...(short.match(TRAIN_NAME) ? ['training'] : []), ...(short.match(HELD_NAME) ? ['held back'] : [])];
  return parts.join(' and ');
}

interface Stretch {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** The statements, 1-based, that give held-back data its value and go on in brackets over further lines. */
function stretches(code: readonly string[]): readonly Stretch[] {
  const found: Stretch[] = [];
  let depth = 0;
  let open: { readonly name: string; readonly from: number } | undefined;
  for (const [index, line] of code.entries()) {
    const short = line.slice(0, MOST_LINE);
    const [, name] = (depth === 0 && MAKES.exec(short)) || [];
    if (name !== undefined) open = { name, from: index + 1 };
    for (const sign of short) {
      if ('([{'.includes(sign)) depth += 1;
      else if (')]}'.includes(sign)) depth = Math.max(0, depth - 1);
    }
    if (depth > 0) continue;
    if (open && index + 1 > open.from) found.push({ ...open, to: index + 1 });
    open = undefined;
  }
  return found;
}
