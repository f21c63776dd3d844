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

/** Bytes for a person, in powers of ten: `800 B`, `3.2 GB`. */
export function formatSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
