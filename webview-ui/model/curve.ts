export interface Series {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** Points in the order of x. A resumed run may step back; what comes later then stands after its equal. */
export function ordered(series: Series): Series {
  const { x, y } = series;
  let sorted = true;
  for (let index = 1; index < x.length && sorted; index++) sorted = (x[index] ?? 0) >= (x[index - 1] ?? 0);
  if (sorted) return series;
  const order = Array.from(x.keys()).sort((a, b) => (x[a] ?? 0) - (x[b] ?? 0) || a - b);
  return {
    x: Float64Array.from(order, (index) => x[index] ?? 0),
    y: Float64Array.from(order, (index) => y[index] ?? Number.NaN),
  };
}

/**
 * An exponential moving average, debiased so that the first points are not pulled to zero. Runs over all points,
 * before any reduction: smoothed after reducing, the line would depend on how many pixels it has. NaN stays NaN and
 * leaves the average as it was.
 * @param weight of the past, from 0 (as measured) to below 1
 */
export function smooth(y: Float64Array, weight: number): Float64Array {
  if (weight <= 0) return y;
  const out = new Float64Array(y.length);
  let average = 0;
  let share = 0;
  for (let index = 0; index < y.length; index++) {
    const value = y[index] ?? Number.NaN;
    if (!Number.isFinite(value)) {
      out[index] = value;
      continue;
    }
    average = weight * average + (1 - weight) * value;
    share = weight * share + (1 - weight);
    out[index] = average / share;
  }
  return out;
}

/**
 * At most about four points for each of `buckets` slices of x in [from, to]: the smallest, the largest, the last and
 * a NaN where there was one, in their order; and one point either side so that the line reaches the edges. Slices
 * are of x, hence the same for the same range however many points there are.
 */
export function reduce(series: Series, from: number, to: number, buckets: number): Series {
  const { x, y } = series;
  const start = Math.max(0, lowerBound(x, from) - 1);
  const end = Math.min(x.length, lowerBound(x, to, true) + 1);
  if (end - start <= buckets * 4 || !(to > from)) return { x: x.subarray(start, end), y: y.subarray(start, end) };
  const keptX: number[] = [];
  const keptY: number[] = [];
  const width = (to - from) / buckets;
  let index = start;
  while (index < end) {
    const bucket = Math.floor(((x[index] ?? 0) - from) / width);
    let low = -1;
    let high = -1;
    let gap = -1;
    let last = index;
    for (; index < end && Math.floor(((x[index] ?? 0) - from) / width) === bucket; index++) {
      const value = y[index] ?? Number.NaN;
      last = index;
      if (!Number.isFinite(value)) gap = index;
      else {
        if (low < 0 || value < (y[low] ?? 0)) low = index;
        if (high < 0 || value > (y[high] ?? 0)) high = index;
      }
    }
    const picked = [...new Set([low, high, gap, last])].filter((each) => each >= 0).sort((a, b) => a - b);
    for (const each of picked) {
      keptX.push(x[each] ?? 0);
      keptY.push(y[each] ?? Number.NaN);
    }
  }
  return { x: Float64Array.from(keptX), y: Float64Array.from(keptY) };
}

/** First index whose x is at least `value` (with `after`: above it). */
function lowerBound(x: Float64Array, value: number, after = false): number {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = x[middle] ?? 0;
    if (after ? at <= value : at < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** y for drawing: what cannot be drawn is a gap. On a log scale neither zero nor less can be. */
export function drawable(y: Float64Array, log: boolean): (number | null)[] {
  return Array.from(y, (value) => (Number.isFinite(value) && !(log && value <= 0) ? value : null));
}

/** How many points a log scale cannot show. */
export function hiddenByLog(y: Float64Array): number {
  let hidden = 0;
  for (const value of y) if (value <= 0) hidden += 1;
  return hidden;
}

/** The value at x, or the last one before it; undefined before the first. */
export function valueAt(series: Series, x: number): number | undefined {
  const index = lowerBound(series.x, x, true) - 1;
  return index < 0 ? undefined : series.y[index];
}
