import type { MetricPoint } from '../domain/index.ts';
import { numbersOfObject } from './literals.ts';
import { NUMBER, parseNumber, pointOf } from './numbers.ts';

const ESCAPE = String.fromCharCode(27);
const COLOURS = new RegExp(`${ESCAPE}\\[[0-9;?]{0,32}[@-~]`, 'g');

const WORD = String.raw`[A-Za-z_][\w./@%-]{0,80}`;
const WORDS = `${WORD}(?: ${WORD}){0,2}`;
const UNIT = '(?:ms|s|%)';
const COUNT = String.raw`\s?[:=#]?\s{0,2}\[?(\d{1,15})(?:\/\d{1,15})?(?![\w.])\]?`;
/** `step 10:`, `iter 10/100 |`, `Epoch [3/10],`, `step=7`: the axis of everything else on the line; steps before epochs. */
const AXIS = [
  new RegExp(String.raw`(?:^|[\s[(|,])(?:global[ _])?(?:step|iter|iteration|it)${COUNT}`, 'i'),
  new RegExp(String.raw`(?:^|[\s[(|,])epoch${COUNT}`, 'i'),
];
const LEVEL = /\b(?:DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL)\b[\]:\s|-]{0,8}/;
const PAIR = new RegExp(
  String.raw`(?<![\w./@%-])(?:(${WORD})\s?=\s?|(${WORDS})\s?:\s{0,20})(${NUMBER})(${UNIT})?(?=$|[\s;|)\]}]|,(?!\d))`,
  'gi',
);
/** `train loss 2.1`: a name and a number with nothing between, only where the line began with an axis. */
const SPACED = new RegExp(`^(${WORDS}) {1,20}(${NUMBER})(${UNIT})?$`, 'i');
/** A row of a table drawn with lines, as Lightning prints test results. */
const ROW = new RegExp(String.raw`^[│|]\s{0,40}(${WORD})\s{0,40}[│|]\s{0,40}(${NUMBER})\s{0,40}[│|]$`, 'i');

const AXES: ReadonlySet<string> = new Set(['step', 'global_step', '_step', 'iter', 'iteration', 'it']);
/** Numbers that look like results: Lightning's version number, the place in a file that a logger names (`train.py:80]`). */
const NOT_METRIC = /^v_num$|\.pyx?$/;

/**
 * Reads lines of trainers that need no pattern: nanoGPT, modded-nanogpt, HF Trainer dicts, JSON lines, Lightning,
 * Keras, `name: value` and `name=value`. Names are as printed, spaces as `_`, a unit of time behind (`time_ms`).
 * Keeps one thing between lines: the epoch that a line of its own announced, as Keras does.
 */
export class KnownFormats {
  #epoch: number | null = null;

  parse(line: string): MetricPoint[] {
    const text = line.replaceAll(COLOURS, '').trim();
    if (text === '' || text.length > 16_384) return [];
    if (text.startsWith('{')) {
      const numbers = numbersOfObject(text);
      if (numbers) return pointsOf(numbers, null);
    }
    const announced = /^Epoch (\d{1,9})(?:\/\d{1,9})?$/.exec(text);
    if (announced) {
      this.#epoch = Number(announced[1]);
      return [];
    }
    const row = ROW.exec(text);
    if (row) return pointsOf([[row[1] ?? '', parseNumber(row[2] ?? '') ?? Number.NaN]], null);
    const keras = /^\d{1,12}\/\d{1,12} [^a-z]{0,200}\d{1,9}(?:ms|us|s) (.*)$/.exec(text);
    return keras ? pointsOf(pairsOf(keras[1] ?? ''), this.#epoch) : labelled(text.replace(LEVEL, '; '));
  }
}

function labelled(text: string): MetricPoint[] {
  const axis = AXIS.map((expression) => expression.exec(text)).find((found) => found !== null);
  if (!axis) return pointsOf(pairsOf(text), null);
  const before = text.slice(0, axis.index);
  const after = text.slice(axis.index + axis[0].length).replace(/^[\s:,|\]-]+/, '');
  return pointsOf([...spacedPairs(after), ...pairsOf(before), ...pairsOf(after)], Number(axis[1]));
}

function spacedPairs(text: string): [string, number][] {
  return text.split(/[,|]/).flatMap((part) => {
    const found = SPACED.exec(part.trim());
    return found ? [named(found[1], found[2], found[3])] : [];
  });
}

function pairsOf(text: string): [string, number][] {
  return [...text.matchAll(PAIR)].map((found) => named(found[1] ?? found[2], found[3], found[4]));
}

function named(name = '', number = '', unit = ''): [string, number] {
  const time = unit === 'ms' || unit === 's' ? `_${unit}` : '';
  return [name.replaceAll(' ', '_') + time, parseNumber(number) ?? Number.NaN];
}

function pointsOf(numbers: readonly (readonly [string, number])[], step: number | null): MetricPoint[] {
  const axis = step ?? numbers.find(([name, value]) => AXES.has(name) && Number.isFinite(value))?.[1] ?? null;
  return numbers
    .filter(([name]) => !AXES.has(name) && !NOT_METRIC.test(name))
    .map(([name, value]) => pointOf(name, axis, value));
}
