import type { MetricPoint } from '../../core/domain/index.ts';

/** A curve as two typed arrays, which cross to the page without being spelled out. x is the step, else the index. */
export function curveArrays(points: readonly MetricPoint[]): { readonly x: Float64Array; readonly y: Float64Array } {
  const x = new Float64Array(points.length);
  const y = new Float64Array(points.length);
  points.forEach((point, index) => {
    x[index] = point.step ?? index;
    y[index] = plotted(point);
  });
  return { x, y };
}

function plotted(point: MetricPoint): number {
  switch (point.state) {
    case 'ok':
      return point.value;
    case 'inf':
      return Number.POSITIVE_INFINITY;
    case '-inf':
      return Number.NEGATIVE_INFINITY;
    case 'nan':
      return Number.NaN;
  }
}
