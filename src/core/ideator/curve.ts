import type { MetricPoint } from '../domain/index.ts';

type Point = Pick<MetricPoint, 'step' | 'value' | 'state'>;

/** A change below this share of the curve's whole range is flat: about what evaluation noise moves a loss by. */
const FLAT = 0.02;
/** A turn back of this share of the range is told. */
const TURN = 0.1;

/** A metric's curve in words: where it began and ended, how it got there, and whether it was still moving. */
export function describeCurve(points: readonly Point[]): string {
  const finite = points.filter((point) => point.state === 'ok' && Number.isFinite(point.value));
  const broken = points.find((point) => point.state !== 'ok' || !Number.isFinite(point.value));
  const odd = broken ? `; it became ${stateName(broken)}${at(broken)}` : '';
  const [first] = finite;
  const last = finite.at(-1);
  if (!first || !last) return points.length === 0 ? 'no points' : `no finite value in ${points.length} points${odd}`;
  if (finite.length === 1) return `one value, ${number(first.value)}${at(first)}${odd}`;
  const values = finite.map((point) => point.value);
  const range = most(values) - least(values);
  const span = `${number(first.value)} to ${number(last.value)} over ${finite.length} points${steps(first, last)}`;
  if (range === 0) return `${span}: does not move${odd}`;
  return `${span}: ${[...shape(finite, range)].join(', ')}${odd}`;
}

function* shape(points: readonly Point[], range: number): Generator<string> {
  const values = points.map((point) => point.value);
  const first = values[0] ?? 0;
  const last = values.at(-1) ?? 0;
  const down = last < first;
  const word = Math.abs(last - first) < FLAT * range ? 'ends where it began' : down ? 'falls' : 'rises';
  const third = values[Math.floor((values.length - 1) / 3)] ?? first;
  const early = Math.abs(last - first) > 0 ? (third - first) / (last - first) : 0;
  yield word === 'ends where it began' || values.length < 4
    ? word
    : `${word} ${early > 0.75 ? 'mostly in its first third' : early < 0.2 ? 'mostly after its first third' : 'steadily'}`;
  const extreme = down ? least(values) : most(values);
  const turn = points[values.indexOf(extreme)];
  if (turn && Math.abs(last - extreme) > TURN * range) {
    yield `turned back from ${number(extreme)}${at(turn)}`;
    return;
  }
  if (values.length < 4) return;
  const late = values[Math.floor((values.length - 1) * 0.8)] ?? last;
  yield Math.abs(last - late) < FLAT * range
    ? 'flat at the end'
    : `still ${last < late ? 'falling' : 'rising'} at the end`;
}

/** Not `Math.max(...)`: a run that reports each step has more values than a call has arguments. */
function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
}

function stateName(point: Point): string {
  return point.state === 'nan' || Number.isNaN(point.value) ? 'NaN' : 'infinite';
}

function at(point: Point): string {
  return point.step === null ? '' : ` at step ${point.step}`;
}

function steps(first: Point, last: Point): string {
  return first.step === null || last.step === null ? '' : ` (steps ${first.step} to ${last.step})`;
}

/** Four significant digits: below that is noise in every trainer we know. */
function number(value: number): string {
  return String(Number(value.toPrecision(4)));
}
