/** Words that say opposite things of the same thing, by what they turn: "raise the rate", "divide the rate by 3". */
const OPPOSITES: readonly (readonly [kind: string, one: string, other: string])[] = [
  [
    'size',
    'raise increase double triple multiply enlarge lengthen widen deepen boost grow more larger bigger longer higher wider deeper stronger greater',
    'lower decrease reduce halve half divide shrink shorten narrow weaken less fewer smaller shorter lesser narrower shallower weaker',
  ],
  ['part', 'add insert introduce include', 'remove drop dropped dropping delete exclude omit'],
  ['switch', 'enable on true', 'disable off false'],
  ['order', 'before pre', 'after post'],
  ['place', 'first', 'last final'],
  ['time', 'earlier early sooner', 'later late'],
  ['use', 'with', 'without'],
];
/** What a word turns ends here. */
const BREAK = new Set('to for so because and but or by from in at when where while as until instead than'.split(' '));
/** Says nothing of what is turned. */
const FILLER = new Set('a an the of all any each every its their this that these it is be only both'.split(' '));
/** What is not done says nothing of what is. */
const NOT_DONE = /\b(?:instead of|rather than|in place of)\b[^.,;:!?\n]{0,80}/g;
/** How many words after one that turns may be what it turns. */
const REACH = 3;

/** Enough of a stemmer that "increasing rates" meets "increase rate". */
export function stem(word: string): string {
  const bare = word.replace(/^\.+|\.+$/g, '');
  return /^[a-z]{5,}$/.test(bare) ? bare.replace(/(?:ing|ed|es|s|e)$/, '') : bare;
}

interface Turn {
  readonly kind: string;
  readonly sign: 1 | -1;
}

const TURNS: ReadonlyMap<string, Turn> = new Map<string, Turn>(
  OPPOSITES.flatMap(([kind, one, other]) => [
    ...one.split(' ').map((word) => [stem(word), { kind, sign: 1 }] satisfies [string, Turn]),
    ...other.split(' ').map((word) => [stem(word), { kind, sign: -1 }] satisfies [string, Turn]),
  ]),
);

/** Whether two texts say opposite things of the same thing, and each of them says it plainly. */
export function areOpposite(a: string, b: string): boolean {
  const [left, right] = [claimsOf(a), claimsOf(b)];
  return [...left].some(([thing, signs]) => {
    const theirs = right.get(thing);
    return theirs !== undefined && signs !== 0 && theirs === -signs;
  });
}

/** What is turned, by kind and word, and which way; 0 where the text says both. */
function claimsOf(text: string): Map<string, number> {
  const claims = new Map<string, number>();
  const claim = (kind: string, sign: number, thing: string) => {
    const key = `${kind} ${thing}`;
    claims.set(key, (claims.get(key) ?? sign) === sign ? sign : 0);
  };
  const words = wordsOf(text);
  words.forEach((word, at) => {
    const turn = TURNS.get(word);
    if (!turn) return;
    const after = thingsFrom(words.slice(at + 1, at + 1 + 2 * REACH));
    const before = () => thingsFrom(words.slice(Math.max(0, at - 2 * REACH), at).reverse()).slice(0, 2);
    // "Make the batch larger" names it first.
    for (const thing of after.length > 0 ? after : before()) claim(turn.kind, turn.sign, thing);
  });
  return claims;
}

/** "pre-norm" is "pre norm"; what ends a sentence or a part of it is a word of its own. */
function wordsOf(text: string): string[] {
  const parts =
    text
      .toLowerCase()
      .replace(NOT_DONE, '.')
      .match(/[\p{L}\p{N}_]+(?:[.'][\p{L}\p{N}_]+)*|[.,;:!?()\n]/gu) ?? [];
  return parts.map(stem);
}

function thingsFrom(words: readonly string[]): string[] {
  const things: string[] = [];
  for (const word of words) {
    if (BREAK.has(word) || /^$|^[,;:!?()\n]/.test(word) || things.length === REACH) break;
    if (!FILLER.has(word) && !TURNS.has(word)) things.push(word);
  }
  return things;
}
