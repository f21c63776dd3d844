import type { Environment } from '../domain/index.ts';
import {
  changeable,
  type Hyperparameter,
  withinReach,
  withoutGiven,
  withoutOverridden,
  withoutPassed,
} from '../environment/index.ts';
import { type Family, familyOf } from './hyperparameter-families.ts';

/** A hyperparameter that may be moved, and where to. */
export interface Knob {
  readonly at: Hyperparameter;
  /** What a person calls it. */
  readonly label: string;
  readonly family: Family;
  /** Its value in the base; undefined for choices and truth values. */
  readonly value?: number;
  /** Literals to try, most telling first. */
  readonly targets: readonly string[];
}

/**
 * The hyperparameters worth moving: in files that a patch may change and that the run reaches, none of seeds, paths,
 * logging, evaluation or the length of training.
 */
export function knobsOf(
  files: ReadonlyMap<string, string>,
  environment: Environment,
  hyperparameters: readonly Hyperparameter[],
): Knob[] {
  const may = changeable(environment);
  const mine = hyperparameters.filter((one) => may(one.path));
  const reached = withinReach(mine, files, environment.run);
  const { run } = environment;
  const free = withoutPassed(withoutGiven(withoutOverridden(reached, files, run), files, run), files, run);
  return free.flatMap(knobOf);
}

function knobOf(at: Hyperparameter): Knob[] {
  const family = familyOf(at);
  if (!family) return [];
  const label = labelOf(at.name);
  if (at.type === 'bool') return [{ at, label, family, targets: [flipped(at.literal)] }];
  if (at.type === 'choice') {
    const quote = at.literal.slice(-1);
    const others = (at.choices ?? []).filter((choice) => choice !== at.literal.slice(1, -1));
    return [{ at, label, family, targets: others.map((choice) => `${quote}${choice}${quote}`) }];
  }
  const value = valueOfLiteral(at.literal);
  if (value === undefined) return [];
  const targets = family.targets(value, at.type === 'int').map((target) => literalLike(at, target));
  const different = [...new Set(targets)].filter((literal) => valueOfLiteral(literal) !== value);
  return different.length > 0 ? [{ at, label, family, value, targets: different }] : [];
}

/** The next literal in the direction of a move that was made, or in the other one; undefined at a bound. */
export function stepFrom(knob: Knob, to: string, further: boolean): string | undefined {
  const target = valueOfLiteral(to);
  if (knob.value === undefined || target === undefined) return undefined;
  const next = knob.family.step(knob.value, target, further);
  const bounded = knob.family.bounded(next, knob.at.type === 'int');
  const literal = literalLike(knob.at, bounded);
  const reached = valueOfLiteral(literal);
  return reached === target || reached === knob.value ? undefined : literal;
}

/** The number a Python or YAML literal stands for. */
export function valueOfLiteral(literal: string): number | undefined {
  const value = Number(literal.replaceAll('_', ''));
  return literal.trim() !== '' && Number.isFinite(value) ? value : undefined;
}

/** Writes a number the way the literal it replaces was written. */
function literalLike(at: Hyperparameter, value: number): string {
  if (at.type === 'int') return String(Math.round(value));
  // Close to one it is the distance to one that counts: 0.9967 is not 1.
  const rounded = value > 0.5 && value < 1 ? 1 - Number((1 - value).toPrecision(2)) : Number(value.toPrecision(2));
  if (/[eE]/.test(at.literal) && rounded !== 0) return withExponent(at.literal, rounded);
  const plain = rounded.toFixed(12).replace(/0+$/, '');
  return plain.endsWith('.') ? `${plain}0` : plain;
}

/**
 * With a dot and a sign where the literal replaced has them. YAML 1.1, which PyYAML reads, takes `3.0e-4` and `1.0e+3`
 * for numbers, and `3e-4` and `1.0e3` for text.
 */
function withExponent(literal: string, value: number): string {
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  const dotted = literal.includes('.');
  const signed = dotted ? /e[-+]/i.test(literal) : /e\+/i.test(literal);
  const shown = dotted && !mantissa.includes('.') ? `${mantissa}.0` : mantissa;
  return `${shown}e${signed ? exponent : exponent.replace('+', '')}`;
}

function flipped(literal: string): string {
  const word = literal.toLowerCase() === 'true' ? 'false' : 'true';
  return /^[A-Z]/.test(literal) ? (word === 'true' ? 'True' : 'False') : word;
}

function labelOf(name: string): string {
  const words = name
    .toLowerCase()
    .replaceAll(/[._-]+/g, ' ')
    .trim();
  return words
    .replaceAll(/\blr\b/g, 'learning rate')
    .replaceAll(/\bwd\b/g, 'weight decay')
    .replaceAll(/\bbs\b/g, 'batch size')
    .replaceAll(/\bn (layer|head|embd)\b/g, (_, what: string) =>
      what === 'embd' ? 'embedding width' : `number of ${what}s`,
    );
}
