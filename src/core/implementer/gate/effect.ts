import { type Environment, type Finding, smokeOf } from '../../domain/index.ts';
import type { Texts } from '../types.ts';
import { type FileChange, fileKind, HASH_COMMENTS, MOST_LINE, textsAfter } from './changed.ts';
import { givenDefaults } from './defaults.ts';
import { type Piece, piecesOf } from './mask.ts';
import { escaped, FINDS_MODULES, moduleOf, reachOf, wholeWord } from './program.ts';

type Commands = Pick<Environment, 'run' | 'evaluate' | 'smoke' | 'setup' | 'brief'>;

const DOCUMENT = /(?:^|\/)(?:README|CHANGELOG|CONTRIBUTING|LICEN[CS]E|AUTHORS|CITATION)[^/]*$|^docs?\/.*\.(?:md|rst)$/i;
/** What only people, editors and servers read. */
const ABOUT = /^\.github\/|(?:^|\/)(?:\.gitignore|\.editorconfig|\.pre-commit-config\.yaml)$/;
const REQUIREMENTS = /(?:^|\/)requirements[^/]*\.txt$/;
/** Programs to which the words of a docstring are data. */
const READS_DOCSTRINGS =
  /__doc__|\bgetdoc\b|\b(?:docopt|dspy|pydantic|doctest|langchain\w{0,20}|smolagents|fire)\b|@(?:\w{1,40}\.)?\w{0,20}tool\b|\bget_json_schema\b/;
/** What a shell starts a script with, and what a batch system reads of it, are comments in name only. */
const DIRECTIVE = /^#(?:!|SBATCH|PBS|BSUB|\$)/;
/** Code in a text that imports: of names that are put together. */
const IMPORTS_BY_TEXT = /\bexec\(\s{0,20}f?["']\s{0,20}(?:from|import)\b/;
/** Files that Python reads without being told, and those that a `setup` command reads. */
const UNASKED = /(?:^|\/)(?:sitecustomize|usercustomize|setup)\.py$/;
const WORDS_ABOUT = /\.(?:md|rst|ipynb)$/i;

/**
 * Whether a run of the patch could come to anything else than a run of its base. It could not where only comments and
 * documents differ, and where no file that the commands start imports or names what the patch changes: a new module that
 * is called by nobody, a test.
 */
export function checkEffect(files: Texts, changed: readonly FileChange[], commands: Commands): Finding[] {
  const [first] = changed;
  if (!first) return [];
  const line = first.added[0]?.line ?? 1;
  const finding = (message: string): Finding[] => [
    { gate: 'no-op', code: 'no-op', path: first.path, line, message, severity: 'error' },
  ];
  const after = textsAfter(files, changed);
  const saysNothing = quietIn(files, after, commands);
  if (changed.every(saysNothing)) {
    return finding(
      'The patch changes only what no run reads: comments, documents, how code is laid out, packages that nothing installs. A run of it would be one more run of its base.',
    );
  }
  const unused = changed.filter((one) => !saysNothing(one));
  const given = givenDefaults(unused, commands);
  if (given.length > 0) {
    return finding(
      `Nothing changes but the default of ${given.join(', ')}, which the command of the run gives itself: the run would be one more run of its base. Change what is done with the value.`,
    );
  }
  if (!unused.every((one) => one.path.endsWith('.py') && !UNASKED.test(one.path))) return [];
  if (isUsed(files, after, unused, commands)) return [];
  const names = unused.map((one) => one.path).join(', ');
  return finding(
    `Nothing that \`${commands.run.trim().split('\n')[0]}\` starts imports or names ${names}: the run would be one more run of its base. Use the change where the program runs.`,
  );
}

type Quiet = (change: FileChange) => boolean;

/** Whether a change of a file is none of what runs: a document, or the same program in other words. */
function quietIn(files: Texts, after: Texts, commands: Commands): Quiet {
  const docstrings = ![...files.values(), ...after.values()].some((text) => READS_DOCSTRINGS.test(text));
  const said = [commands.run, commands.evaluate, smokeOf(commands)?.run, commands.setup, commands.brief];
  const program = [...files, ...after].filter(([path]) => !WORDS_ABOUT.test(path) && !ABOUT.test(path));
  const texts = [...said.filter((text) => text !== undefined), ...program.map(([, text]) => text)];
  return ({ path, from, before, after: now }) => {
    if (DOCUMENT.test(path) || ABOUT.test(path)) return true;
    if (WORDS_ABOUT.test(path)) return !mayRead(path, texts);
    if (REQUIREMENTS.test(path)) return commands.setup === undefined && !installs(path, texts);
    if (from !== undefined || before === undefined || now === null) return false;
    return meaning(path, before, docstrings) === meaning(path, now, docstrings);
  };
}

/** Whether a text names a document, its folder, or documents of its kind at all. */
function mayRead(path: string, texts: readonly string[]): boolean {
  const kind = new RegExp(`${escaped(/\.\w+$/.exec(path)?.[0] ?? '')}(?![A-Za-z0-9_])`, 'i');
  const names = path.split('/').map(wholeWord);
  return texts
    .map((text) => text.replaceAll(/\b(?:README|CHANGELOG)\.\w+/gi, ''))
    .some((text) => kind.test(text) || names.some((name) => name.test(text)));
}

/** Whether a run may install what a file lists: it is named, or `uv` looks for itself. */
function installs(path: string, texts: readonly string[]): boolean {
  const name = path.split('/').at(-1) ?? path;
  return texts.some((text) => text.includes(name) || /\brequirements\*|\buvx?[ \t]+\w/.test(text));
}

/** A file's text without comments, blank lines, and what else says nothing to those who run it. */
function meaning(path: string, text: string, docstrings: boolean): string {
  const { python, shell } = fileKind(path);
  const hashes = shell || HASH_COMMENTS.test(path);
  const plain = python ? plainPython(text, docstrings) : text;
  return plain
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => python || !hashes || DIRECTIVE.test(line) || !/^\s*#/.test(line))
    .filter((line) => line !== '' || !(python || hashes))
    .join('\n');
}

/** Python without comments, and with docstrings, quotes and the blanks inside of its lines as if one hand wrote them all. */
function plainPython(text: string, docstrings: boolean): string {
  const pieces = uncommented(text);
  let out = '';
  // What stood before, texts as a word: the head of a function is not longer.
  let code = '';
  for (const [index, { kind, text: own }] of pieces.entries()) {
    if (kind === 'text') {
      const next = pieces[index + 1]?.text ?? '';
      const alone = /^[ \t]*(?:\r?\n|$)/.test(next) && (next.includes('\n') || index + 2 >= pieces.length);
      // A line break inside of a text is no end of a line.
      if (!(docstrings && alone && beginsBody(code))) out += evenQuotes(own).replaceAll('\n', '\0');
    } else out += evenBlanks(own, index > 0, index + 1 < pieces.length);
    code = (code + (kind === 'text' ? ' _ ' : own)).slice(-MOST_LINE);
  }
  return out;
}

/** Code and texts in turn, what comments parted in one. */
function uncommented(text: string): Piece[] {
  const pieces: Piece[] = [];
  for (const piece of piecesOf(text)) {
    const last = pieces.at(-1);
    if (piece.kind === 'code' && last?.kind === 'code') {
      pieces[pieces.length - 1] = { kind: 'code', text: last.text + piece.text };
    } else if (piece.kind !== 'comment') pieces.push(piece);
  }
  return pieces;
}

/** Whether a text that stands behind this code, alone on its lines, is a docstring: behind a head, or first in its file. */
function beginsBody(code: string): boolean {
  if (/^\ufeff?\s*$/.test(code) && code.length < MOST_LINE) return true;
  if (!/:\s*\n\s*$/.test(code)) return false;
  const heads = [...code.matchAll(/(?:^|\n)[ \t]*(?:async[ \t]+)?(?:def|class)\b/g)];
  const head = code.slice(heads.at(-1)?.index ?? code.length).trimEnd();
  return head !== '' && endOfHead(head) === head.length - 1;
}

/** Where the first colon outside of brackets stands. */
function endOfHead(head: string): number {
  let depth = 0;
  for (let at = 0; at < head.length; at += 1) {
    const char = head.charAt(at);
    if ('([{'.includes(char)) depth += 1;
    else if (')]}'.includes(char)) depth -= 1;
    else if (char === ':' && depth === 0) return at;
  }
  return -1;
}

/** `'x'` and `"x"` are the same where nothing inside would have to be written otherwise. */
function evenQuotes(text: string): string {
  const [, quotes = '', inside = ''] = /^('{3}|'|"{3}|")([^'"\\]*)\1$/.exec(text) ?? [];
  return quotes === '' ? text : `${'"'.repeat(quotes.length)}${inside}${'"'.repeat(quotes.length)}`;
}

/** Blanks between two words become one, others none; those at the start of a line stay. */
function evenBlanks(code: string, behindText: boolean, beforeText: boolean): string {
  const start = behindText ? '"' : '\n';
  const whole = `${start}${code}${beforeText ? '"' : ''}`;
  const even = whole.replaceAll(/(?<=\S)[ \t]+(?=\S)/g, (blanks, at: number) => {
    const words = [whole.charAt(at - 1), whole.charAt(at + blanks.length)].every((char) => /[\w"]/.test(char));
    return words ? ' ' : '';
  });
  return even.slice(1, beforeText ? -1 : undefined);
}

/** Whether any of these files is part of the program, before the patch or after it, or may be: where that cannot be told, it is. */
function isUsed(files: Texts, after: Texts, unused: readonly FileChange[], commands: Commands): boolean {
  const runs = [commands.run, commands.evaluate, smokeOf(commands)?.run, commands.setup].filter(
    (run) => run !== undefined,
  );
  const { program, texts } = reachOf(files, after, runs);
  if (![...program].some((path) => path.endsWith('.py'))) return true;
  if (texts.some((text) => FINDS_MODULES.test(text) || IMPORTS_BY_TEXT.test(text))) return true;
  const ours = new Set(unused.flatMap((one) => (one.from === undefined ? [one.path] : [one.path, one.from])));
  if ([...ours].some((path) => program.has(path))) return true;
  const others = [...after].filter(([path]) => !ours.has(path) && !WORDS_ABOUT.test(path)).map(([, text]) => text);
  const said = [commands.run, commands.evaluate ?? '', commands.setup ?? '', ...others];
  return [...ours].some((path) => {
    const name = wholeWord(moduleOf(path));
    return said.some((text) => name.test(text));
  });
}
