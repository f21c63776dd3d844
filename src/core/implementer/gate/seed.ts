import type { Finding } from '../../domain/index.ts';
import type { AddedLine } from './added.ts';
import { type FileChange, MOST_LINE } from './changed.ts';
import { type Side, sidesOf } from './texts.ts';

/** A seed's number where it is set: by name, by flag, or given to what takes one. */
const SEED = new RegExp(
  [
    String.raw`((?:\b(?:PYTHONHASHSEED|(?:\w{0,40}_)?seed(?:s|_\w{0,20})?|random_state)["']?\]?[ \t]{0,20}(?::[ \t]{0,10}int[ \t]{0,10})?(?:[:=(]|,[ \t]{0,10}default[ \t]{0,4}=)`,
    String.raw`\bseed["'][^#\n]{0,80}\bdefault[ \t]{0,4}=`,
    String.raw`--[\w-]{0,20}seed[ =]`,
    String.raw`\b(?:PRNGKey|PRNGSequence|default_rng|RandomState|Rngs|PCG64(?:DXSM)?|MT19937|Philox|SFC64|SeedSequence|(?:jr|jrandom|jrng|random)\.key)\()[ \t]{0,20}["']?)-?(?:0x[\da-f_]{1,30}|\d[\d_]{0,30})`,
  ].join('|'),
  'gi',
);
/** A generator of Python; `np.random.random(3)` draws three numbers. */
const GENERATOR = /(\bRandom\([ \t]{0,20})-?\d[\d_]{0,30}/g;
/** What a seed's own name is set to, whatever it is made of: `SEED = int(os.environ['SEED']) + 41`. */
const ASSIGNED =
  /^([ \t]{0,200}(?:\w{1,40}\.){0,3}(?:\w{0,40}_)?seed(?:_\w{0,20})?[ \t]{0,4}(?::[ \t]{0,4}int[ \t]{0,4})?=(?!=)).*$/i;
/** Calls that take a seed, up to their bracket: `random.Random(SEED + 41)`. */
const TAKES = /\b(?:manual_seed(?:_all)?|set_seed|seed_everything|seed|PRNGKey|default_rng|RandomState|Random)\(/gi;
/** The call that a statement begins with which does nothing but seed: `torch.manual_seed(7)`. */
const SEEDING =
  /^[ \t]{0,200}(?:\w{1,40}\.){0,4}(?:manual_seed(?:_all)?|set_seed|seed_everything|seed|(?:set_)?random_seed)\(/i;
/** The same with a name: `self.seed = hash(name)`. */
const NAMED_SEED =
  /^[ \t]{0,200}(?:\w{1,40}\.){0,3}(?:\w{0,40}_)?seed(?:_(?:offset|value|base|\d{1,4}))?[ \t]{0,4}(?::[ \t]{0,4}int[ \t]{0,4})?=(?!=)/i;

/** Imports of Python's own modules, which do nothing by themselves; what seeds often needs one. */
const BARE_IMPORT =
  /^[ \t]{0,200}import (?:os|sys|random|math|time|json|re|copy|logging|warnings|typing|itertools|functools|collections|hashlib)[ \t]{0,20}$/;
const PLAIN_PRINT = /^[ \t]{0,200}print\((?:"[^"'{}%\\\d]{0,200}"|'[^"'{}%\\\d]{0,200}')\)[ \t]{0,20}$/;
const TEXT = /("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/;

/**
 * Whether a patch changes nothing but seeds: such a result differs from its parent by chance alone. Comments beside it
 * change nothing of that. A seed that is changed with other things is told too.
 */
export function checkSeed(changed: readonly FileChange[]): { readonly findings: Finding[]; readonly only: boolean } {
  const findings: Finding[] = [];
  let others = 0;
  for (const change of changed) {
    const { path } = change;
    const see = (line: number) =>
      findings.push({ gate: 'seed', code: 'seed-changed', path, line, message: ALSO, severity: 'info' });
    const sides = sidesOf(change);
    const added = saying(change, change.added, sides.now).filter(({ text }) => !doesNothing(change, text));
    const removed = saying(change, change.removed, sides.old);
    const [now = [], old = []] = [added, removed].map((lines) => lines.filter(({ text }) => !seeds(change, text)));
    const [set, unset] = [added, removed].map((lines) => lines.filter(({ text }) => seeds(change, text)));
    for (const { line } of set ?? []) see(line);
    if (set?.length === 0 && unset?.[0]) see(Math.min(unset[0].line, change.after?.split('\n').length ?? 1));
    for (const [index, { line, text }] of now.entries()) {
      const before = old[index]?.text;
      if (before !== undefined && tight(text) === tight(before)) continue;
      if (before !== undefined && shape(tight(text)) === shape(tight(before))) see(line);
      else others += 1;
    }
    others += Math.max(0, old.length - now.length);
    if (change.before === undefined || change.after === null) others += 1;
  }
  const only = findings.length > 0 && others === 0;
  const ordered = findings.toSorted((a, b) => (a.path === b.path ? (a.line ?? 0) - (b.line ?? 0) : 0));
  return { findings: only ? ordered.map((one) => ({ ...one, code: 'seed-only', message: ONLY })) : ordered, only };
}

/** The lines that say something to the program: of Python without comments and docstrings. */
function saying({ python }: FileChange, lines: readonly AddedLine[], side: Side): readonly AddedLine[] {
  const own = python ? lines.map((one) => ({ ...one, text: (side.said[one.line - 1] ?? one.text).trimEnd() })) : lines;
  return own.filter(({ text }) => !/^\s*(?:#.*)?$/.test(text));
}

function doesNothing({ python }: FileChange, text: string): boolean {
  const short = text.slice(0, MOST_LINE);
  return python && (BARE_IMPORT.test(short) || PLAIN_PRINT.test(short));
}

/** A line without the blanks that say nothing within its brackets. */
function tight(line: string): string {
  const pieces = line.slice(0, MOST_LINE).split(TEXT);
  const plain = pieces.map((piece, index) =>
    index % 2 === 1 ? piece : piece.replaceAll(/(?<=[([{,])[ \t]+|(?<=\S)[ \t]+(?=[)\]},])/g, ''),
  );
  return plain.join('') + line.slice(MOST_LINE);
}

function seeds({ python }: FileChange, text: string): boolean {
  const short = text.slice(0, MOST_LINE);
  if (!python || NAMED_SEED.test(short)) return python;
  const call = SEEDING.exec(short);
  const end = call ? closeOf(short, call[0].length) : undefined;
  return end !== undefined && /^[ \t]*(?:#.*)?$/.test(short.slice(end + 1));
}

/** Where the bracket closes whose inside begins at a place; undefined where it is open at the line's end. */
function closeOf(line: string, inside: number): number | undefined {
  let depth = 1;
  const pieces = line.slice(inside).split(TEXT);
  let at = inside;
  for (const [index, piece] of pieces.entries()) {
    for (let place = 0; index % 2 === 0 && place < piece.length; place += 1) {
      if ('([{'.includes(piece[place] ?? ' ')) depth += 1;
      else if (')]}'.includes(piece[place] ?? ' ')) depth -= 1;
      if (depth === 0) return at + place;
    }
    at += piece.length;
  }
  return undefined;
}

/** The line with what is given to calls that take a seed left out, where that names one. */
function withoutSeeds(line: string): string {
  let text = '';
  let from = 0;
  for (const call of line.matchAll(TAKES)) {
    const inside = call.index + call[0].length;
    const end = call.index < from ? undefined : closeOf(line, inside);
    if (end === undefined || !/seed/i.test(line.slice(inside, end))) continue;
    text += `${line.slice(from, inside)}§`;
    from = end;
  }
  return text + line.slice(from);
}

const ALSO = 'This line changes a seed: a part of what the run differs by is chance.';
const ONLY = 'The patch changes nothing but a seed. It may run, and is never ranked: what it differs by is chance.';

function shape(line: string): string {
  const known = withoutSeeds(line.slice(0, MOST_LINE))
    .replaceAll(SEED, '$1§')
    .replaceAll(GENERATOR, '$1§')
    .replace(ASSIGNED, '$1§');
  return known + line.slice(MOST_LINE);
}
