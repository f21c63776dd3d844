const COMMENT = String.raw`(?:#|\/\/|--|;|%|\/\*+|<!--)`;
const DOTS = String.raw`(?:\.{3}|…)`;
const PLACEHOLDERS = [
  // A line of dots, commented or not.
  new RegExp(`^\\s*(?:${COMMENT}\\s*)?${DOTS}\\s*(?:\\*\\/|-->)?$`),
  // A comment that starts or ends with dots.
  new RegExp(`^\\s*${COMMENT}\\s*[[(<]?\\s*${DOTS}`),
  new RegExp(
    `^\\s*${COMMENT}.*\\b(?:rest|remaining|remainder|existing|unchanged|same|omitted|previous|above|before|other)\\b.*${DOTS}`,
    'i',
  ),
  // Words alone: "# rest of the code unchanged", "# (existing code here)".
  new RegExp(
    `^\\s*${COMMENT}\\s*[[(<]?\\s*(?:the\\s+)?(?:rest|remaining|remainder|existing|previous|other|all other)\\b.*\\b(?:unchanged|same|as before|as above|stays?|remains?|omitted|goes here|code here)\\b`,
    'i',
  ),
  new RegExp(
    `^\\s*${COMMENT}\\s*[[(<]?\\s*(?:unchanged|same as (?:before|above)|existing code|code unchanged|keep (?:the )?(?:rest|existing))\\b[^a-z]*$`,
    'i',
  ),
];

/** A placeholder is short; the patterns are not for a line of a megabyte. */
const LONGEST = 300;

/** Whether a line stands for code that was left out. */
export function isPlaceholder(line: string): boolean {
  return line.length <= LONGEST && PLACEHOLDERS.some((pattern) => pattern.test(line));
}
