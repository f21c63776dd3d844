import { parseNumber } from './numbers.ts';

/** Metrics of one printed object, in order: `{"loss": 0.1}` or `{'eval': {'loss': nan}}` gives `eval.loss`. */
export type Numbers = readonly (readonly [name: string, value: number])[];

const DEEPEST = 4;

/**
 * Reads the numbers of a JSON object or a printed Python dict that fills a whole line. Undefined where the line is
 * neither. Texts that hold a number count (some trainers print rounded texts); other texts, lists and nulls do not.
 */
export function numbersOfObject(line: string): Numbers | undefined {
  const reader = new Reader(line.trim());
  const found: [string, number][] = [];
  return reader.object('', found, 0) && reader.atEnd() ? found : undefined;
}

class Reader {
  #at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    return this.#at === this.#text.length;
  }

  object(prefix: string, found: [string, number][], depth: number): boolean {
    if (depth > DEEPEST || !this.#skip('{')) return false;
    if (this.#skip('}')) return true;
    do {
      this.#space();
      const key = this.#string();
      if (key === undefined || !this.#skip(':')) return false;
      if (!this.#value(prefix + key, found, depth)) return false;
    } while (this.#skip(','));
    return this.#skip('}');
  }

  #value(name: string, found: [string, number][], depth: number): boolean {
    this.#space();
    const first = this.#text[this.#at];
    if (first === '{') return this.object(`${name}.`, found, depth + 1);
    if (first === '[' || first === '(') return this.#list(depth + 1);
    const text = this.#string();
    const word = text ?? this.#word();
    if (word === undefined) return false;
    const value = parseNumber(word);
    if (value !== undefined && name.length <= 200) found.push([name, value]);
    return true;
  }

  #list(depth: number): boolean {
    const close = this.#text[this.#at] === '[' ? ']' : ')';
    this.#at += 1;
    if (depth > DEEPEST) return false;
    if (this.#skip(close)) return true;
    do {
      if (!this.#value('', [], depth)) return false;
    } while (this.#skip(','));
    return this.#skip(close);
  }

  #string(): string | undefined {
    const quote = this.#text[this.#at];
    if (quote !== '"' && quote !== "'") return undefined;
    let out = '';
    for (let at = this.#at + 1; at < this.#text.length; at += 1) {
      const character = this.#text[at];
      if (character === quote) {
        this.#at = at + 1;
        return out;
      }
      if (character === '\\') at += 1;
      out += this.#text[at] ?? '';
    }
    return undefined;
  }

  /** A bare word: a number, `None`, `true`, `nan`, or a NumPy scalar such as `np.float64(0.5)`. */
  #word(): string | undefined {
    const match = /[\w.+-]{1,64}(?:\(([^()]{0,64})\))?/y;
    match.lastIndex = this.#at;
    const found = match.exec(this.#text);
    if (!found) return undefined;
    this.#at = match.lastIndex;
    return found[1] ?? found[0];
  }

  #space(): void {
    while (this.#text[this.#at] === ' ' || this.#text[this.#at] === '\t') this.#at += 1;
  }

  #skip(character: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }
}
