/** At most `max` characters, an ellipsis where it was longer. Never half a surrogate pair. */
export function bounded(text: string, max: number): string {
  return text.length <= max ? text : `${beginning(text, Math.max(0, max - 1))}…`;
}

/** The first `length` characters, one less where that would be half a surrogate pair. */
export function beginning(text: string, length: number): string {
  return text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '');
}

/** The last `length` characters, one less where that would be half a surrogate pair. */
export function ending(text: string, length: number): string {
  return text.slice(Math.max(0, text.length - length)).replace(/^[\uDC00-\uDFFF]/, '');
}
