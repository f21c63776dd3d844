import type { MetricPoint } from '../domain/index.ts';

/** The names of the metrics among points, in the order they first appear. */
export function metricNames(points: readonly MetricPoint[]): string[] {
  return [...new Set(points.map((point) => point.name))];
}

/**
 * At most `count` (at least 8) points of one curve that draw the same picture: the lowest, the highest and the first
 * that is no number of every stretch, and the ends of the whole. No value is made up and order is kept.
 */
export function thin<P extends Pick<MetricPoint, 'value' | 'state'>>(points: readonly P[], count: number): P[] {
  const most = Math.max(8, Math.floor(count));
  if (points.length <= most) return [...points];
  const buckets = Math.floor((most - 2) / 3);
  const kept = new Set([0, points.length - 1]);
  for (let bucket = 0; bucket < buckets; bucket += 1) {
    const from = Math.floor((bucket * points.length) / buckets);
    const to = Math.floor(((bucket + 1) * points.length) / buckets);
    for (const index of notable(points, from, to)) kept.add(index);
  }
  return points.filter((_, index) => kept.has(index));
}

function notable(points: readonly Pick<MetricPoint, 'value' | 'state'>[], from: number, to: number): number[] {
  let low = -1;
  let high = -1;
  let odd = -1;
  for (let index = from; index < to; index += 1) {
    const point = points[index];
    if (!point) continue;
    if (point.state !== 'ok') {
      if (odd < 0) odd = index;
    } else {
      if (low < 0 || point.value < (points[low]?.value ?? 0)) low = index;
      if (high < 0 || point.value > (points[high]?.value ?? 0)) high = index;
    }
  }
  return [low, high, odd].filter((index) => index >= 0);
}
