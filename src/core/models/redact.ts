/** How much of a server's own words a message shows. */
const MAX_WORDS = 400;

/**
 * A server's words, fit to be shown and written down: no key (the one in use, nor anything that looks like one), no
 * control characters, bounded.
 */
export function redact(text: string, key: string | undefined): string {
  const without = key !== undefined && key.length >= 4 ? text.replaceAll(key, '[key]') : text;
  const clean = without
    .replace(/\bBearer\s+\S+/gi, 'Bearer [key]')
    .replace(/\b(?:sk|rk|pk|gsk|hf|key)[-_][\w*.-]{6,}/g, '[key]')
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
  return clean.length > MAX_WORDS ? `${clean.slice(0, MAX_WORDS)}…` : clean;
}
