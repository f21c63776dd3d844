import {
  ASSIGNS,
  BLANK,
  COMMA,
  DEFAULT,
  FIELD,
  type Found,
  foundAs,
  isBlank,
  isOption,
  isVariable,
  NAME,
  QUOTE,
  TYPED,
  wordsOf,
} from './named-values.ts';

/** People choose passwords: they may be short, and words. So they are told by the name before them alone. */
const PASSWORD_WORD = /(?:password|passwd|passphrase)\d{0,2}$/;
const NAMES_ONE = /passw|passphrase/i;
const QUOTED = new RegExp(
  String.raw`${NAME}(?=(?<gap>${[ASSIGNS, TYPED, FIELD, COMMA, DEFAULT, BLANK].join('|')})${QUOTE}(?<value>[^\s"'\\]{4,100})\\{0,2}["'])`,
  'dg',
);
/** Of a shell's words and of settings: `DB_PASSWORD=…`, `--password …`, and `password: …` where nothing comes after it. */
const BARE = new RegExp(
  String.raw`${NAME}(?=(?<gap>[ \t]{0,4}:[ \t]{1,20}|=|${BLANK})(?<value>[^\s"'\`,;|()[\]{}<>$\\=]{4,100})(?=[\s;|]|$)(?:(?<end>[ \t]{0,40}(?:#|\r?$))|))`,
  'dg',
);
/** `scheme://user:password@host`. An image with its digest has the same form. */
const IN_ADDRESS = /:\/\/[^\s:/@"'<>]{0,64}:([^\s/@"'<>]{1,100})@(?!sha256:)/g;

/** What stands for a password: looked up elsewhere, to be filled in, the name of a variable or of a field, a port. */
const STANDS_FOR = [
  /^[$%]|[{}]|^[<[]|^(?:env|file|vault|op|arn|ssm|keyring)[:.]/i,
  /^(?:\W|_)+$|^(.)\1+$|change[-_]?me|placeholder|redacted|example|(?:^|[-_])(?:your|dummy|fake|todo)(?:[-_]|$)/i,
  /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/,
  /^[a-z_:-]{0,100}pass(?:word|wd|phrase)?[a-z_:-]{0,100}$/i,
  /^(?:null|none|true|false|string|text|str|bytes|required|optional|hidden|prompt|secret|test|pw|pwd|tbd|\d{1,5})$/i,
];

/** The passwords of a line: what stands after the name of one, and what an address holds. */
export function passwordsIn(text: string): Found[] {
  const found: Found[] = [];
  for (const { 0: whole, 1: value = '', index } of text.matchAll(IN_ADDRESS)) {
    if (!standsFor(value)) {
      found.push({ name: 'a password in an address', value, at: index + whole.length - 1 - value.length });
    }
  }
  if (!NAMES_ONE.test(text)) return found;
  for (const match of text.matchAll(QUOTED)) if (quotedIsOne(match)) found.push(foundAs(match));
  for (const match of text.matchAll(BARE)) if (bareIsOne(match)) found.push(foundAs(match));
  return found;
}

function quotedIsOne(match: RegExpExecArray): boolean {
  const { name = '', gap = '', value = '' } = match.groups ?? {};
  if (!namesOne(name) || standsFor(value)) return false;
  if (isBlank(gap)) return isOption(match);
  // Two names beside each other are a list of names.
  return !/^["'][ \t]*,[ \t]*$/.test(gap) || isVariable(name);
}

/** Without quotes a word may be code: only what no code looks like. */
function bareIsOne(match: RegExpExecArray): boolean {
  const { name = '', gap = '', value = '', end } = match.groups ?? {};
  if (!namesOne(name) || standsFor(value) || !/\d/.test(value) || !/[A-Za-z]/.test(value)) return false;
  if (gap.includes(':')) return end !== undefined;
  return isOption(match) || (gap === '=' && isVariable(name));
}

function namesOne(name: string): boolean {
  return PASSWORD_WORD.test(wordsOf(name).at(-1) ?? '');
}

function standsFor(value: string): boolean {
  return STANDS_FOR.some((one) => one.test(value));
}
