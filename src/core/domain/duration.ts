/** Seconds from `30m`, `1h30m`, `45s`, `2d`. */
export function parseDuration(text: string): number | undefined {
  const parts = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text.trim());
  if (!parts || parts[0] === '') return undefined;
  const [, d = '0', h = '0', m = '0', s = '0'] = parts;
  return ((Number(d) * 24 + Number(h)) * 60 + Number(m)) * 60 + Number(s);
}
