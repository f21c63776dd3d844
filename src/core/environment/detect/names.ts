/** The words for a part of the data that programs put into names. */
const PARTS = ['train', 'val', 'valid', 'validation', 'dev', 'eval', 'test'] as const;
const PART =
  /^\{\s*(?:self\.)?_?(?:split|phase|mode|stage|prefix|part|subset|name|key|k|tag|set_name|kind|dataset)(?:\.value)?\s*\}/i;

/** The parts of the data that a program names as texts of their own, such as `self._step(batch, 'val')`. */
export function splitsOf(text: string): string[] {
  return PARTS.filter((part) => text.includes(`'${part}'`) || text.includes(`"${part}"`));
}

/**
 * The names that an f-string can come out as: `{stage}/loss` is one for each part of the data that the program names.
 * None where something else is put in.
 */
export function namesOf(name: string, parts: readonly string[]): string[] {
  const open = name.indexOf('{');
  if (open < 0) return [name];
  const slot = PART.exec(name.slice(open))?.[0];
  if (slot === undefined) return [];
  const [before, after] = [name.slice(0, open), name.slice(open + slot.length)];
  return after.includes('{') ? [] : parts.map((part) => `${before}${part}${after}`);
}
