const COMMENT = String.raw`(?:#|\/\/|--|;|%|\/\*+|<!--)`;
const DOTS = String.raw`(?:\.{3}|…)`;
const NOUN =
  '(?:code|lines?|functions?|files?|imports?|class(?:es)?|methods?|body|implementations?|script|module|definitions?)';
const HEAD = '(?:(?:the|all|keep) ){0,2}(?:rest|remainder|remaining|existing|previous|other)';
const PLACEHOLDERS = [
  // A line of dots, commented or not.
  new RegExp(`^\\s*(?:${COMMENT}\\s*)?${DOTS}\\s*(?:\\*\\/|-->)?$`),
  // A comment that starts with dots, and does not go on with a sentence, or one that is about the rest and has dots.
  new RegExp(
    `^\\s*${COMMENT}\\s*[[(<]?\\s*${DOTS}(?!\\s*(?:and(?! (?:so|more|others?|the)\\b)|or|but|because|which)\\s)`,
    'i',
  ),
  new RegExp(
    `^\\s*${COMMENT}.*\\b(?:rest|remaining|remainder|existing|unchanged|same|omitted|previous|above|before|other)\\b.*${DOTS}`,
    'i',
  ),
  new RegExp(`^\\s*${COMMENT}.*${DOTS}.*\\b(?:rest|remaining|remainder|existing|unchanged|omitted)\\b`, 'i'),
  new RegExp(
    `^\\s*${COMMENT}\\s*[[(<]?\\s*(?:unchanged|same as (?:before|above)|existing code|code unchanged|keep (?:the )?(?:rest|existing))\\b[^a-z]*$`,
    'i',
  ),
];
/** What is said of code that is left out, at the end of a comment: with an object behind it, it says something else. */
const SAID =
  '(?:unchanged|untouched|omitted|same|as (?:it )?(?:is|was|before|above)|stays?|remains?|here)(?: (?:here|below|above|from before|as before|as above|as well|for brevity|for now))?$';
const PARTS =
  '(?:loops?|training|models?|layers?|parameters?|params|hyperparameters|arguments?|args|options|config|setup|logic|blocks?|sections?|steps?|init|forward|pipeline|fields|settings|tests?|network|optimizer|statements?|variables)';
/** Words alone, by the words of a comment: "rest of the code unchanged", "existing code here". */
const WORDS = [
  new RegExp(`^${HEAD}\\b.*\\b(?:unchanged|untouched|omitted)(?: here| below| above| from before| for brevity)?$`),
  new RegExp(`^${HEAD}\\b.*\\b(?:${NOUN}|${PARTS})\\b(?:.* )?${SAID}`),
  new RegExp(`^(?:(?:the|all|keep) ){0,2}(?:rest|remainder)\\b(?:.* )?(?:\\b| )${SAID}`),
  new RegExp(`^${HEAD} (?:(?:is|are|stays?|remains?|goes) )?(?:the )?${SAID}`),
  new RegExp(`^(?:the )?(?:rest|remainder) of (?:the |this |your )?(?:[\\w.]+ )?${NOUN}(?: here)?$`),
];

/** A placeholder is short; the patterns are not for a line of a megabyte. */
const LONGEST = 300;

/** Whether a line stands for code that was left out. */
export function isPlaceholder(line: string): boolean {
  if (line.length > LONGEST) return false;
  return PLACEHOLDERS.some((pattern) => pattern.test(line)) || isAboutTheRest(line);
}

const STARTS = new RegExp(`^\\s*${COMMENT}`);

function isAboutTheRest(line: string): boolean {
  if (!STARTS.test(line)) return false;
  const words = line
    .toLowerCase()
    .replace(STARTS, '')
    .replace(/[^a-z0-9_.]+/g, ' ')
    .replace(/[\s.]+$/, '')
    .trim();
  return WORDS.some((pattern) => pattern.test(words));
}

/**
 * The lines of a new text that stand for code that was left out. Headings of Markdown are none, and no `...` that is the
 * whole body of a declaration, where the file has such (a protocol, an overload, an abstract method, a stub).
 * @param old the lines of the file as it stands: what has a body there is no such declaration
 */
export function placeholdersIn(path: string, lines: readonly string[], old: readonly string[] = []): readonly string[] {
  const found = lines.flatMap((line, at) => (isPlaceholder(line) ? [at] : []));
  if (found.length === 0) return [];
  const prose = /\.(?:md|mdx|markdown)$/i.test(path);
  const declares =
    /\.pyi$/.test(path) || (/\.py$/.test(path) && [...old, ...lines].some((line) => DECLARES.test(line)));
  const bodies = declares ? headsWithBody(old) : new Set<string>();
  return found
    .filter((at) => !(prose && /^#{1,6}\s/.test(lines[at] ?? '') && !/\.{3}|…/.test(lines[at] ?? '')))
    .filter((at) => !(declares && isBody(lines, at) && !bodies.has(headOf(lines, at) ?? '')))
    .map((at) => lines[at] ?? '');
}

const DECLARES =
  /^\s*(?:from\s+[\w.]+\s+import\b.*\b(?:Protocol|overload|ABC|ABCMeta|abstractmethod)\b|@(?:\w+\.)?(?:overload|abstractmethod)\b|class\s.*\b(?:Protocol|ABC)\b)/;

/** Whether the line is `...` and all that stands in a `def` or `class`. */
function isBody(lines: readonly string[], at: number): boolean {
  const line = lines[at] ?? '';
  const next = lines.slice(at + 1).find((one) => one.trim() !== '');
  return line.trim() === '...' && headOf(lines, at) !== undefined && (next === undefined || depth(next) < depth(line));
}

/** The head right above a line, without its indentation: `def f(self) -> int:`, also over several lines. */
function headOf(lines: readonly string[], at: number): string | undefined {
  let to = at - 1;
  while (to >= 0 && (lines[to] ?? '').trim() === '') to -= 1;
  if (ONE_LINE_DOC.test(lines[to] ?? '') && lines[at]?.trim() === '...') to -= 1;
  if (!/:\s*(?:#.*)?$/.test(lines[to] ?? '')) return undefined;
  const inner = depth(lines[at] ?? '');
  for (let from = to; from >= 0 && from > to - MOST_HEAD; from -= 1) {
    const line = lines[from] ?? '';
    if (!/^\s*(?:async\s+def|def|class)\s/.test(line)) continue;
    const head = lines.slice(from, to + 1).map((one) => one.trim());
    return depth(line) < inner ? head.join(' ') : undefined;
  }
  return undefined;
}

const MOST_HEAD = 20;
const ONE_LINE_DOC = /^\s*("{3}|'{3}).*\1\s*$/;

/** The heads of a file that have something else below them than dots. */
function headsWithBody(old: readonly string[]): ReadonlySet<string> {
  return new Set(old.flatMap((line, at) => (/^\s*(?:\.{3}\s*)?$/.test(line) ? [] : (headOf(old, at) ?? []))));
}

function depth(line: string): number {
  return /^\s*/.exec(line)?.[0].length ?? 0;
}
