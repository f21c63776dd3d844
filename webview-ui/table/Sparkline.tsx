import type { JSX } from 'preact';

const WIDTH = 76;
const HEIGHT = 16;

/** The path of a small curve; values that are no numbers break the line. Gives nothing for fewer than two points. */
export function sparkPath(values: readonly number[], width = WIDTH, height = HEIGHT): string {
  const finite = values.filter(Number.isFinite);
  if (finite.length < 2) return '';
  const low = Math.min(...finite);
  const span = Math.max(...finite) - low || 1;
  // The whole width, however few the values: how many a run will print in the end nobody knows.
  const step = width / (values.length - 1);
  let pen = 'M';
  let path = '';
  values.forEach((value, index) => {
    if (!Number.isFinite(value)) {
      pen = 'M';
      return;
    }
    const y = 1 + (1 - (value - low) / span) * (height - 2);
    path += `${pen}${(index * step).toFixed(1)} ${y.toFixed(1)}`;
    pen = 'L';
  });
  return path;
}

export function Sparkline({ values }: { readonly values: readonly number[] }): JSX.Element | null {
  const path = sparkPath(values);
  if (path === '') return null;
  const last = values.at(-1);
  return (
    <svg
      class="spark"
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`Curve, last value ${last?.toPrecision(5)}`}
    >
      <path d={path} />
    </svg>
  );
}
