const FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  ki: 1024,
  mi: 1024 ** 2,
  gi: 1024 ** 3,
  ti: 1024 ** 4,
};

/** Bytes from `500MB`, `1GB`, `1.5GiB`, `800B`; undefined for anything else. Capitals do not matter. */
export function parseSize(text: string): number | undefined {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*((?:[kmgt]i?)?)b$/i.exec(text.trim()) ?? [];
  const factor = FACTORS[unit.toLowerCase()];
  return digits === '' || factor === undefined ? undefined : Math.round(Number(digits) * factor);
}
