/** A control string of a terminal (a title, a link) that does not end in so many characters was none. */
const LONGEST = 4096;

type Mode = 'text' | 'escape' | 'sequence' | 'string' | 'string-escape';

/**
 * Bytes of a run's log as text that a terminal may show: colours stay, every other control sequence goes (titles, links,
 * cursor movement, the clipboard, questions to the terminal), and so do characters that turn the direction of writing.
 * Lines end as a terminal wants them; a carriage return alone stays, because progress bars are drawn with it. Bytes may
 * split characters and sequences anywhere.
 */
export class LogText {
  readonly #decoder = new TextDecoder('utf-8');
  #mode: Mode = 'text';
  #held = '';
  #afterReturn = false;

  push(bytes: Uint8Array): string {
    let out = '';
    for (const char of this.#decoder.decode(bytes, { stream: true })) out += this.#take(char);
    return out;
  }

  #take(char: string): string {
    switch (this.#mode) {
      case 'text':
        return this.#text(char);
      case 'escape':
        return this.#escape(char);
      case 'sequence':
        return this.#sequence(char);
      default:
        return this.#string(char);
    }
  }

  #begin(mode: Mode): string {
    this.#mode = mode;
    this.#held = '';
    return '';
  }

  #text(char: string): string {
    const afterReturn = this.#afterReturn;
    this.#afterReturn = char === '\r';
    if (char === '\n') return afterReturn ? '\n' : '\r\n';
    if (char === '\r' || char === '\t') return char;
    if (char === '\u001b') return this.#begin('escape');
    if (char === '\u009b') return this.#begin('sequence');
    if (/[\u0090\u0098\u009d-\u009f]/.test(char)) return this.#begin('string');
    return /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(char) ? '' : char;
  }

  #escape(char: string): string {
    if (char === '[') return this.#begin('sequence');
    if (/[\]PX^_]/.test(char)) return this.#begin('string');
    // Characters between the escape and its last one, as in the choice of a character set.
    if (/[ -/]/.test(char)) return '';
    this.#mode = 'text';
    // What cannot be part of it is text again.
    return /[\u0000-\u001f]/.test(char) ? this.#text(char) : '';
  }

  #sequence(char: string): string {
    if (/[ -?]/.test(char) && this.#held.length < LONGEST) {
      this.#held += char;
      return '';
    }
    const held = this.#held;
    this.#begin('text');
    if (char === 'm' && /^[\d;:]*$/.test(held)) return `\u001b[${held}m`;
    return /[@-~]/.test(char) ? '' : this.#text(char);
  }

  #string(char: string): string {
    const ending = this.#mode === 'string-escape';
    if (char === '\u0007' || char === '\u009c' || (ending && char === '\\')) return this.#begin('text');
    // It has no end: what follows it is the log again.
    if (char === '\n' || this.#held.length >= LONGEST) {
      this.#begin('text');
      return this.#text(char);
    }
    this.#held += char;
    this.#mode = char === '\u001b' ? 'string-escape' : 'string';
    return '';
  }
}
