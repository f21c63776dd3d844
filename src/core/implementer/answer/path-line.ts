import { fenceOf } from './fence.ts';
import type { Paths } from './path-names.ts';

const LOOK_BACK = 3;
const LONGEST = 300;
const LONGEST_SENTENCE = 1000;

/** Signs of a heading, a list, a quotation, a comment, a rule, a mention or a picture before a path. */
const LEAD = /^(?:[#>*\-=\s]|\/\/|<!--|@(?=\w)|\p{Extended_Pictographic}\ufe0f?|\d+[.)]\s)+/u;
/** What counts the edits: `Change 1 - a.py`, `Step 2: a.py`. */
const COUNTS = /^(?:change|edit|step|part|patch|file)\s?#?\d{1,3}\s?[:.)—–-]{1,2}[\s`*]{0,6}/i;
const VERB =
  /^(?:(?:now|then|next|also),? )?(?:creat(?:e|ed|ing)|add(?:ed|ing)?|writ(?:e|ing)|new|updat(?:e|ed|ing)|modif(?:y|ied)|edit(?:ed)?|changed?|rewritten)[*:]{0,3}\s+/i;
const LABEL =
  /^(?:(?:a|an|the)\s+)?(?:(?:new|updated|full|complete)\s+)?(?:file\s?name|file\s?path|file|path)(?:\s+(?:called|named))?[`*]{0,3}(?:\s?:|\s)[\s`*]{0,6}/i;
const TAIL = /[`*"':.,\s]{1,20}$/;
const STATE =
  /\s?\((?:new|existing|updated?|modified|full|complete|whole|entire|created?|edit(?:s|ed)?|chang(?:es?|ed)|patch(?:ed)?|rewritten|\d{1,3} (?:edit|change|hunk)s?|L\d{1,6}(?:\s?[-–]\s?L?\d{1,6})?)(?:\s(?:file|version|text|contents?|only|below))?\)$/i;
const TAG = /^<file\s(?:path|name)\s?=\s?["']([^"'<>]{1,300})["']\s?>$/;
const LINK = /^\[([^[\]]{1,300})\]\([^()\s]{1,300}\)$/;
const ITEM = /^\s*(?:[-*+]|\d{1,3}[.)])\s/;
const BULLET = /^\s*[-*+]\s/;

/** Whether a line opens a tag around a whole file. */
export function isFileTag(line: string): boolean {
  return line.length <= LONGEST && TAG.test(line.trim());
}

/** What a line is once the ornaments around a path are gone: `**src/a.py**:`, `### 2. a.py (new)`, `=== a.py ===`. */
function plain(line: string): string {
  const text = line
    .trim()
    .replace(LEAD, '')
    .replace(/\s(?:[-=#]{2,}|-->)$/, '');
  const end = text.replace(TAIL, '').replace(STATE, '').replace(TAIL, '');
  return unlinked(end).replace(/^[`*"']+/, '');
}

/** And without the words that say what stands there: `**File:** a.py`, `Create a new file a.py:`. */
function unlabelled(text: string): string {
  const rest = text.replace(COUNTS, '').replace(VERB, '').replace(LABEL, '');
  return unlinked(rest.replace(/^[\s`*"']+/, '').replace(TAIL, ''));
}

function unlinked(text: string): string {
  return LINK.exec(text)?.[1]?.replace(/^`+|`+$/g, '') ?? text;
}

/** The path a line consists of, ornaments aside; undefined where it says anything else. */
export function onlyPath(line: string | undefined, paths: Paths): string | undefined {
  if (line === undefined || line.length > LONGEST) return undefined;
  const trimmed = line.trim();
  if (paths.has(trimmed)) return trimmed;
  const tagged = TAG.exec(trimmed)?.[1];
  if (tagged !== undefined) return tagged;
  const text = plain(line);
  if (paths.looksLike(text)) return text;
  const rest = unlabelled(text);
  // Behind the word "file" any ending is one.
  const isFile = LABEL.test(text.replace(VERB, '')) && /^[\w./-]{1,200}\w\.[A-Za-z]\w{0,9}$/.test(rest);
  return isFile || paths.looksLike(rest) ? rest : undefined;
}

const MARKED_LEAD =
  /^\s{0,8}(?:#{1,6}\s{1,4})?(?:\d{1,3}[.)]\s{1,4})?(\*\*`?|`)([^`*\s]{1,200})(?:`|`?:?\*\*|`:\*\*)\s?(?:[—–:(-]\s?|(?<=:\*\*)\s)\S/;
const HEADING_LEAD = /^\s{0,8}#{1,6}\s{1,4}(?:\d{1,3}[.)]\s{1,4})?`?([^`*\s]{1,200}?)`?\s?(?:[—–:(]|\s-)\s?\S/;

const BARE_LEAD = /^([^\s`*#>|]{1,200})\s(?:—|–|--?)\s[^\s].{0,80}$/;

/** The path that words follow as its explanation: `**a.py** — the helper`, `### a.py: the helper`. */
function leadPath(line: string, paths: Paths): string | undefined {
  if (line.length > LONGEST) return undefined;
  const [, mark, marked = ''] = MARKED_LEAD.exec(line) ?? [];
  if (mark !== undefined && paths.looksLike(marked)) {
    return mark !== '`' || pathTokens(line, paths).length === 1 ? marked : undefined;
  }
  const heading = HEADING_LEAD.exec(line)?.[1];
  if (heading !== undefined && paths.looksLike(heading)) return heading;
  const bare = BARE_LEAD.exec(line)?.[1];
  return bare !== undefined && paths.looksLike(bare) && pathTokens(line, paths).length <= 1 ? bare : undefined;
}

const CREATES =
  /^(?:[A-Za-z']{1,12},?\s){0,3}?(create|add|write)\s(?:(?:a|the|another)\s)?(?:new\s)?(?:file\s|module\s|script\s)?(?:called\s|named\s|at\s)?[`*]{1,3}([^`*\s]{1,200})[`*]{1,3}(?:\s(to(?=\s(?:the|a|an|our)\b|\s`)|in|into|under|inside)\b)?/i;

/** The new file that a sentence begins with: "Create `a.py` with the helper:"; its place may still be open. */
function createdIn(line: string, paths: Paths): { readonly path: string; readonly sure: boolean } | undefined {
  if (line.length > LONGEST_SENTENCE) return undefined;
  const [, verb, path, where] = CREATES.exec(line.trim().replace(LEAD, '')) ?? [];
  if (path === undefined || !paths.looksLike(path) || paths.resolve(path) !== undefined) return undefined;
  return { path, sure: where === undefined || (where === 'to' && verb?.toLowerCase() !== 'add') };
}

function createdPath(line: string, paths: Paths): string | undefined {
  const made = createdIn(line, paths);
  return made?.sure ? made.path : undefined;
}

/** The lines before an edit that can name its file, nearest first, fences and blanks aside. */
function nearLines(before: readonly string[]): readonly string[] {
  const near: string[] = [];
  for (let at = before.length - 1; at >= 0 && near.length < LOOK_BACK; at -= 1) {
    const line = before[at] ?? '';
    if (line.trim() !== '' && !fenceOf(line)) near.push(line);
  }
  return near;
}

/** What the words before an edit say of its file. */
export interface Named {
  /** The file that is meant, where `among` is not given; otherwise the likeliest. */
  readonly path?: string;
  /** The words name files without saying which one changes: only the lines to change can tell. */
  readonly among?: readonly string[];
}

/** The file that a block's own path line names: a new file is made under no other. */
export function ownPath(before: readonly string[], paths: Paths): string | undefined {
  const near = nearLines(before);
  const named = firstOf(near, (line) => onlyPath(line, paths) ?? leadPath(line, paths));
  return named?.found ?? pathInFence(before, paths) ?? firstOf(near, (line) => createdPath(line, paths))?.found;
}

/** The file that the words before a block name: a path line first, then the fence's own line, then a sentence. */
export function blockPath(before: readonly string[], paths: Paths): Named | undefined {
  const near = nearLines(before);
  const listed = listedPaths(near, paths);
  if (listed.length > 1) return { among: listed };
  const own = firstOf(near, (line) => onlyPath(line, paths) ?? leadPath(line, paths));
  const said = firstOf(near.slice(0, own?.at), (line) => mentioned(line, paths))?.found;
  if (own) {
    const other = said?.path !== undefined && said.among === undefined ? said.path : undefined;
    const same = other === undefined || other === own.found || paths.resolve(other) === paths.resolve(own.found);
    return same ? { path: own.found } : { among: [own.found, other] };
  }
  const path = pathInFence(before, paths);
  if (path !== undefined || said?.among === undefined) return path === undefined ? said : { path };
  return { ...said, among: distinct([...said.among, ...near.flatMap((line) => pathTokens(line, paths))], paths) };
}

function firstOf<T>(lines: readonly string[], read: (line: string) => T | undefined) {
  for (const [at, line] of lines.entries()) {
    const found = read(line);
    if (found !== undefined) return { found, at };
  }
  return undefined;
}

/** The files of a list right before an edit: "- `a.py`: the rate", "- `b.py`: the loss". */
function listedPaths(near: readonly string[], paths: Paths): readonly string[] {
  const end = near.findIndex((line) => !ITEM.test(line));
  const found = near
    .slice(0, end < 0 ? near.length : end)
    .map((line) => onlyPath(line, paths) ?? pathTokens(line, paths)[0]);
  return [...new Set(found.filter((path) => path !== undefined))];
}

/** All that a line names as a file, in backquotes or, if it is there, as a word; each once. */
function pathTokens(line: string, paths: Paths): readonly string[] {
  if (line.length > LONGEST_SENTENCE) return [];
  const quoted = [...line.matchAll(/`([^`]+)`/g)].map(([, inner = '']) => inner).filter((one) => paths.looksLike(one));
  const words = wordsOf(line).filter(
    (word) => /[./]/.test(word) && paths.looksLike(word) && paths.resolve(word) !== undefined,
  );
  return distinct([...quoted, ...words], paths);
}

/** The words of a line without the signs around them. */
function wordsOf(line: string): readonly string[] {
  return line.split(/[\s"'()[\]{}<>*`]+/).map((word) => word.replace(/[:,;.]+$/, ''));
}

function distinct(names: readonly string[], paths: Paths): readonly string[] {
  return [...new Map(names.map((one) => [paths.resolve(one) ?? one, one])).values()];
}

function mentioned(line: string, paths: Paths): Named | undefined {
  const tokens = pathTokens(line, paths);
  const [path] = tokens;
  if (path === undefined) return undefined;
  if (tokens.length > 1) return { among: tokens };
  if (isPlace(line, path)) return { path };
  return paths.resolve(path) === undefined ? { among: [] } : { path, among: [path] };
}

const STAYS = /\b(?:stays?|unchanged|untouched|remains?|already|no changes?|as (?:it )?is)\b/i;
const PLACE =
  /(?:^|[:(—–-]|\b(?:in|to|into|inside|within|for|at|of|on|updated?|edit|changes?|modify|patch|fix|create|add|open|file))\s?(?:(?:the|our|new|existing|file|script|module)\s){0,3}$/i;
const NEXT = /^(?:and|then|next|now|also|finally|lastly),?\s?$/i;
const LIKENESS = /\b(?:as|like|similar(?:ly)? to|unlike)\b[^,:]{0,30}$/i;

/** Whether a sentence says of a file that the change is there, and does not only mention it. */
function isPlace(line: string, path: string): boolean {
  const sentence = line.split(/[.!?]\s+(?=[A-Z`*])/).at(-1) ?? '';
  const at = sentence.lastIndexOf(path);
  if (at < 0 || STAYS.test(sentence)) return false;
  const before = sentence
    .slice(Math.max(0, at - 80), at)
    .replace(LEAD, '')
    .replace(/[`*"'[]/g, '');
  return NEXT.test(before) || (PLACE.test(before) && !LIKENESS.test(before));
}

/** A sentence that shows what comes out, or how to run it: the fence below is a sample. */
const SHOWS =
  /\b(?:outputs?|prints?|usage|use|example|sample|runs?|installs?|result|logs?|before|after|was|currently)\b/i;

/** The file that the words above a fence say it holds whole. */
export function wholePath(before: readonly string[], paths: Paths): string | undefined {
  const [nearest, ...farther] = nearLines(before);
  if (nearest === undefined || listedPaths([nearest, ...farther], paths).length > 1) return undefined;
  const named = onlyPath(nearest, paths) ?? leadPath(nearest, paths) ?? createdPath(nearest, paths);
  if (named !== undefined) return named;
  if (SHOWS.test(nearest) || BULLET.test(nearest)) return undefined;
  // A path line, and a sentence between it and the fence; a list of paths names none of them.
  const own = firstOf(farther, (line) => onlyPath(line, paths));
  const between = own === undefined ? [] : farther.slice(0, own.at + 1);
  return between.some((line) => BULLET.test(line) || SHOWS.test(line)) ? undefined : own?.found;
}

const FULL = /\b(?:complete|full|entire|whole|rewritten)\b/i;
const BEHIND_FULL =
  /\b(?:complete|full|entire|whole|rewritten)\b[,\s]{1,2}(?:(?:and|new|updated|modified|final|text|contents?|code|file|version|source|of|for|the)[,\s]{1,2}){0,5}[`*"']{0,3}$/i;
const USED = /\b(?:by|from|with|like|than|into|calls?|uses?|using|imports?)\s(?:the\s)?[`*"']{0,3}$/i;

/** The file that a sentence before a fence says is given whole: "Here is the complete `train.py`:". */
export function pathInSentence(before: readonly string[], paths: Paths): Named | undefined {
  const line = before.findLast((one) => one.trim() !== '') ?? '';
  if (line.length > LONGEST_SENTENCE || !FULL.test(line)) return undefined;
  const tokens = pathTokens(line, paths);
  if (tokens.length === 0) return undefined;
  const ahead = (path: string) => line.slice(0, line.indexOf(path)).slice(-120);
  const meant = tokens.length === 1 ? tokens.filter((one) => !USED.test(ahead(one))) : [];
  const [path, ...more] = meant.length > 0 ? meant : tokens.filter((one) => BEHIND_FULL.test(ahead(one)));
  return path === undefined || more.length > 0 ? { among: tokens } : { path };
}

/** A sentence that says of a file what it will look like or looked like: the fence below changes nothing. */
const DESCRIBES =
  /\b(?:looks? like|prints?|outputs?|produces?|(?:should|will|'ll) see|expected|for example|e\.g|before|previously|currently|used to)\b/i;

/** The files that the words above a fence name, though not as its path line; none where it only shows something. */
export function namesNearFence(before: readonly string[], paths: Paths): readonly string[] {
  const [nearest = '', ...farther] = nearLines(before);
  if (DESCRIBES.test(nearest.slice(-LONGEST_SENTENCE))) return [];
  const made = createdIn(nearest, paths);
  if (made) return [made.path];
  const named = (line: string) => {
    const bold = [...line.slice(0, LONGEST_SENTENCE).matchAll(/\*\*([^*`\s]{1,200})\*\*/g)].map(([, one = '']) => one);
    return [...new Set([...pathTokens(line, paths), ...bold.filter((one) => paths.looksLike(one))])];
  };
  const names = named(nearest);
  if (names.length > 0) return names;
  // A new file stands there by its name alone.
  const fresh = (nearest.length > LONGEST ? [] : wordsOf(nearest)).filter(
    (word) => word.includes('/') && paths.looksLike(word),
  );
  if (fresh.length > 0) return [...new Set(fresh)];
  const heading = named(farther.find((line) => /^\s*(?:#{1,6}\s|\*\*|\d{1,3}[.)]\s)/.test(line)) ?? '');
  return heading.length === 1 ? heading : [];
}

/** The path in the fence's own line: ```` ```python src/a.py ````. */
export function pathInFence(before: readonly string[], paths: Paths): string | undefined {
  const info = fenceOf((before.at(-1) ?? '').slice(0, 400))?.info ?? '';
  return info
    .split(/[\s=:]+/)
    .map(plain)
    .findLast((one) => paths.looksLike(one));
}

/** Whether a fence's line says that it shows lines of a file: ```` ```12:15:src/a.py ````. */
export function isExcerpt(info: string): boolean {
  return /^\d{1,7}:\d{1,7}:\S/.test(info);
}
