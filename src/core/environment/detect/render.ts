import { splitTokens, type Token } from '../hyperparameters/python.ts';
import { argumentsOf } from '../hyperparameters/tokens.ts';
import { dictKeys, sourceOf } from './calls.ts';

/**
 * A line as the program would print it, with an example for each value: what was written stands as it is, and each
 * value is between two marks, so that its place is known.
 */
export interface Rendered {
  readonly text: string;
  /** The values in order, by the source of their expressions. */
  readonly values: readonly string[];
}

/** Around the example of a value; no program prints them. */
export const OPEN = '\uE000';
export const CLOSE = '\uE001';

/** The example of a value that is printed without decimals. */
export const WHOLE = '50';

const COUNTER =
  /(^|[._\]])(i|it|n|e|ep|t|idx|step\w*|iter\w*|epoch\w*|batch_idx|\w+_(step|iter|num|idx|epoch)s?|num_\w+)(\+1)?\)?$/i;
const SPLIT = /(^|[._])(split|phase|mode|stage|prefix|part|subset)\)?(\.(upper|capitalize|title)\(\))?$/i;

/** The line without the marks. */
export function plain(text: string): string {
  return text.replaceAll(OPEN, '').replaceAll(CLOSE, '');
}

/** What the arguments of a print or log call come out as. */
export function renderArguments(parts: readonly (readonly Token[])[]): Rendered {
  const given = parts.filter((part) => !(part[0]?.kind === 'name' && part[1]?.text === '='));
  const [first, ...rest] = given;
  if (!first) return { text: '', values: [] };
  const format = rest.length > 0 ? stringOf(first) : undefined;
  // logging.info('loss %.4f', loss): the arguments go into the text.
  if (format && !format.live && /%[-+ #0]*[\d.*]*[sdfgei]/i.test(format.text)) {
    return filled(format.text, rest.map(sourceOf), 'percent');
  }
  return joined(given.map(renderOne), ' ');
}

function renderOne(tokens: readonly Token[]): Rendered {
  if (tokens[0]?.text === 'json' && tokens[1]?.text === '.' && tokens[2]?.text === 'dumps') {
    return renderDict(argumentsOf(tokens, 3)[0] ?? [], '"');
  }
  if (tokens[0]?.text === '{') return renderDict(tokens, "'");
  const percent = splitTokens(tokens, '%');
  if (percent.length === 2) {
    const format = stringOf(percent[0] ?? []);
    const values = percent[1] ?? [];
    const list = values[0]?.text === '(' ? splitTokens(values.slice(1, -1), ',') : [values];
    if (format) return filled(format.text, list.filter((one) => one.length > 0).map(sourceOf), 'percent');
  }
  const dot = tokens.findIndex((token, index) => token.text === 'format' && tokens[index - 1]?.text === '.');
  if (dot > 1 && tokens[dot + 1]?.text === '(') {
    const format = stringOf(tokens.slice(0, dot - 1));
    if (format) return filled(format.text, formatValues(argumentsOf(tokens, dot + 1)), 'braces');
  }
  const sum = splitTokens(tokens, '+');
  if (sum.length > 1 && sum.some((part) => stringOf(part))) return joined(sum.map(renderOne), '');
  const string = stringOf(tokens);
  if (!string) return marked(sourceOf(tokens), '');
  return string.live ? filled(string.text, [], 'f') : { text: string.text, values: [] };
}

/** The values of `.format(…)`; those with a name carry it. */
function formatValues(parts: readonly (readonly Token[])[]): string[] {
  return parts
    .filter((part) => part.length > 0)
    .map((part) => (part[1]?.text === '=' ? `${part[0]?.text}=${sourceOf(part.slice(2))}` : sourceOf(part)));
}

function renderDict(tokens: readonly Token[], quote: string): Rendered {
  const pieces = dictKeys(tokens).map(({ name, value }) => {
    const example = marked(sourceOf(value), '');
    const shown = name.replaceAll(/\{[^{}]*\}/g, 'val');
    return { text: `${quote}${shown}${quote}: ${example.text}`, values: example.values };
  });
  const inner = joined(pieces, ', ');
  return { text: `{${inner.text}}`, values: inner.values };
}

function joined(parts: readonly Rendered[], between: string): Rendered {
  return { text: parts.map((part) => part.text).join(between), values: parts.flatMap((part) => part.values) };
}

/** An example of a value. Counters are whole numbers, and the part of the data that is named is the validation's. */
function marked(source: string, spec: string): Rendered {
  const example = SPLIT.test(source)
    ? 'val'
    : /%$/.test(spec)
      ? '50.0%'
      : /\.0f$/.test(spec)
        ? WHOLE
        : /d$/.test(spec) || (COUNTER.test(source) && !/[fge]$/i.test(spec))
          ? '7'
          : '0.5';
  return { text: `${OPEN}${example}${CLOSE}`, values: [source] };
}

/** Text tokens that stand side by side; `live` where one is an f-string. */
function stringOf(tokens: readonly Token[]): { readonly text: string; readonly live: boolean } | undefined {
  if (tokens.length === 0 || tokens.some((token) => token.kind !== 'string')) return undefined;
  const bodies = tokens.map((token) => {
    const match = /^([a-zA-Z]{0,2})('''|"""|'|")([\s\S]*?)\2?$/.exec(token.text);
    const live = /f/i.test(match?.[1] ?? '');
    const raw = /r/i.test(match?.[1] ?? '');
    const body = match?.[3] ?? '';
    return { body: raw ? body : unescaped(body), live };
  });
  const live = bodies.some((one) => one.live);
  // Beside an f-string a plain text keeps its braces.
  const text = bodies.map((one) => (live && !one.live ? one.body.replaceAll(/[{}]/g, '$&$&') : one.body)).join('');
  return { text, live };
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', "'": "'", '"': '"', '\\': '\\' };

function unescaped(body: string): string {
  return body.replaceAll(/\\([ntr'"\\])/g, (_, letter: string) => ESCAPES[letter] ?? '');
}

/** A format with its values put in. */
function filled(format: string, values: readonly string[], kind: 'f' | 'percent' | 'braces'): Rendered {
  const found: string[] = [];
  let text = '';
  let next = 0;
  const put = (source: string, spec: string) => {
    const one = marked(source, spec);
    text += one.text;
    found.push(...one.values);
  };
  for (let at = 0; at < format.length; at += 1) {
    const rest = format.slice(at, at + 40);
    const percent =
      kind === 'percent' ? /^%(?:(%)|(?:\(\w+\))?[-+ #0]*[\d*]*(?:\.[\d*]+)?([a-zA-Z]))/.exec(rest) : null;
    if (percent) {
      if (percent[1]) text += '%';
      else put(values[next] ?? '', percent[0].slice(1));
      if (!percent[1]) next += 1;
      at += percent[0].length - 1;
    } else if (kind !== 'percent' && (rest.startsWith('{{') || rest.startsWith('}}'))) {
      text += rest[0];
      at += 1;
    } else if (kind !== 'percent' && format[at] === '{') {
      const end = closing(format, at);
      const { source, spec, shown } = field(format.slice(at + 1, end));
      text += shown;
      put(kind === 'f' ? source : valueNamed(values, source, next), spec);
      next += 1;
      at = end;
    } else {
      text += format[at];
    }
  }
  return { text, values: found };
}

function valueNamed(values: readonly string[], field: string, next: number): string {
  if (/^\d+$/.test(field)) return values[Number(field)] ?? '';
  // `{top1.avg}` is an attribute of what is handed over as `top1`.
  const name = field.split('.', 1)[0] ?? '';
  const named = values.find((value) => value.startsWith(`${name}=`));
  return name !== '' && named ? named.slice(name.length + 1) + field.slice(name.length) : (values[next] ?? '');
}

/** The brace that closes the one at `from`; the end where none does. */
function closing(format: string, from: number): number {
  let depth = 0;
  for (let at = from; at < format.length; at += 1) {
    if (format[at] === '{') depth += 1;
    if (format[at] === '}') depth -= 1;
    if (depth === 0) return at;
  }
  return format.length;
}

/** `loss:.4f`, `x!r`, `loss=`: the expression, how it is shown, and what stands before it. */
function field(inside: string): { readonly source: string; readonly spec: string; readonly shown: string } {
  let depth = 0;
  let colon = inside.length;
  for (let at = 0; at < inside.length; at += 1) {
    const character = inside[at] ?? '';
    if ('([{'.includes(character)) depth += 1;
    if (')]}'.includes(character)) depth -= 1;
    if (character === ':' && depth === 0) {
      colon = at;
      break;
    }
  }
  const expression = inside.slice(0, colon).replace(/![rsa]$/, '');
  const shows = /[^=!<>]=\s*$/.test(expression);
  const source = expression.replace(/\s*=\s*$/, '').replaceAll(/\s+/g, '');
  return {
    source: shows ? source : expression.replaceAll(/\s+/g, ''),
    spec: inside.slice(colon + 1),
    shown: shows ? expression : '',
  };
}
