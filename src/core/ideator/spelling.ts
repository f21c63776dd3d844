/** A number that stands alone: `-1`, `.5`, `3e-4`, `1,000`, `2_000`, `10%`, `1/2`. A minus is a sign after a blank or a bracket. */
const NUMBER =
  /(?<![\w.])(?:(?<=^|[\s([{=:,`"'])-)?(?=\.?\d)(?:\d{1,3}(?:,\d{3}){1,5}(?![\d,])|\d{1,20}(?:_\d{3}){1,5}(?!\w)|\d{1,20})?(?:\.\d{1,20})?(?:e[-+]?\d{1,3}(?!\w))?(?:\/\d{1,20}(?:\.\d{1,20})?(?![\w/])|[ \t]?(?:%|percent\b))?/gi;

/** A text with its numbers as JavaScript writes them: whoever says 10%, 0.10 or 1/10 says the same. */
export function plainNumbers(text: string): string {
  return text.replaceAll('\u2212', '-').replace(NUMBER, plainNumber);
}

function plainNumber(written: string): string {
  const bare = written.replaceAll(/[,_]|[ \t]?(?:%|percent)$/gi, '');
  const [over = '', under = '1'] = bare.split('/');
  const value = Number(over) / Number(under) / (/[%t]$/i.test(written) ? 100 : 1);
  // 7% is 0.07, and not what the division leaves of it.
  return Number.isFinite(value) ? String(Number(value.toPrecision(12))) : written;
}

const NAME = /[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+/g;

/** The names that code spells with `_`. */
export function snakeNames(text: string): string[] {
  return text.match(NAME) ?? [];
}

/** A text in which the words of these names, where they stand side by side, are the names: "learning rate" is `learning_rate`. */
export function withNames(text: string, names: readonly string[]): string {
  let named = text;
  for (const name of names) {
    const words = name.split('_');
    if (!words.every((word) => named.toLowerCase().includes(word.toLowerCase()))) continue;
    named = named.replace(new RegExp(`(?<![A-Za-z0-9_])${words.join('[ -]')}(?![A-Za-z0-9_])`, 'gi'), name);
  }
  return named;
}
