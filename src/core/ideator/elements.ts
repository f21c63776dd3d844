/**
 * Finds the whole objects of a list inside a JSON text while it streams: `{"ideas": [{…}, {…`, or a bare `[{…}, {…`.
 * Gives each once, as soon as its closing brace is there, whatever pieces the text comes in.
 */
export class ElementReader {
  readonly #key: string;
  #text = '';
  #at = 0;
  #stack: string[] = [];
  #inString = false;
  #escaped = false;
  #stringStart = 0;
  /** The last string at the root's level, and whether a colon followed it: the key of what comes next. */
  #lastString: string | undefined;
  #isKey = false;
  /** The depth whose objects are elements; 0 until the list begins, -1 after it ended. */
  #listDepth = 0;
  #elementStart = 0;

  constructor(key: string) {
    this.#key = key;
  }

  /** Feeds the next piece; gives the objects that became whole in it, parsed. Anything that is no object is passed over. */
  push(piece: string): unknown[] {
    this.#text += piece;
    const found: unknown[] = [];
    for (; this.#at < this.#text.length; this.#at += 1) {
      const element = this.#step(this.#text[this.#at] ?? '');
      if (element === undefined) continue;
      try {
        found.push(JSON.parse(element));
      } catch {
        // Not JSON after all: the whole answer is checked at its end, and corrected there.
      }
    }
    return found;
  }

  #step(character: string): string | undefined {
    if (this.#inString) {
      this.#inside(character);
      return undefined;
    }
    switch (character) {
      case '"':
        this.#inString = this.#stack.length > 0;
        this.#stringStart = this.#at;
        return undefined;
      case ':':
        this.#isKey = this.#stack.length === 1 && this.#lastString !== undefined;
        return undefined;
      case ',':
        this.#forgetKey();
        return undefined;
      case '{':
      case '[':
        this.#open(character);
        return undefined;
      case '}':
      case ']':
        return this.#close();
      default:
        return undefined;
    }
  }

  #inside(character: string): void {
    if (this.#escaped) this.#escaped = false;
    else if (character === '\\') this.#escaped = true;
    else if (character === '"') {
      this.#inString = false;
      if (this.#stack.length === 1) this.#lastString = this.#text.slice(this.#stringStart, this.#at + 1);
    }
  }

  #open(character: string): void {
    const isList = character === '[' && this.#listDepth === 0;
    const named = this.#stack.length === 1 && this.#isKey && this.#lastString === JSON.stringify(this.#key);
    this.#stack.push(character);
    const depth = this.#stack.length;
    if (isList && (depth === 1 || named)) this.#listDepth = depth;
    else if (character === '{' && this.#listDepth > 0 && depth === this.#listDepth + 1) this.#elementStart = this.#at;
  }

  #close(): string | undefined {
    const depth = this.#stack.length;
    const opened = this.#stack.pop();
    if (depth === this.#listDepth) this.#listDepth = -1;
    if (this.#stack.length === 0) {
      // Prose before the answer may hold brackets of its own.
      this.#listDepth = 0;
      this.#forgetRoot();
    }
    if (opened !== '{' || this.#listDepth <= 0 || depth !== this.#listDepth + 1) return undefined;
    return this.#text.slice(this.#elementStart, this.#at + 1);
  }

  #forgetKey(): void {
    if (this.#stack.length === 1) this.#forgetRoot();
  }

  #forgetRoot(): void {
    this.#lastString = undefined;
    this.#isKey = false;
  }
}
