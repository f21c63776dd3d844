import { strict as assert } from 'node:assert';
import { parseEnvironment, readHyperparameters } from '../../../src/core/environment/index.ts';
import { type Knob, knobsOf } from '../../../src/core/ideator/hyperparameter-knobs.ts';

type Files = Readonly<Record<string, string>>;

/** What may be moved of a repository whose every file a patch may change. */
export function knobs(files: Files, run = 'python train.py'): Knob[] {
  const yaml = `name: x\nrun: ${JSON.stringify(run)}\nobjective: { metric: loss, goal: minimize }\neditable: ['**']\n`;
  const parsed = parseEnvironment(`${yaml}resources: { gpus: 1, timeout: 1h }\n`, 'research.yaml');
  assert.ok(parsed.ok);
  const texts = new Map(Object.entries(files));
  return knobsOf(texts, parsed.value, readHyperparameters(texts));
}

export const yaml = (text: string) => knobs({ 'train.py': 'open("config.yaml")\n', 'config.yaml': text });
export const python = (text: string) => knobs({ 'train.py': text });

/** The values that the only hyperparameter of a text is moved to; none where it is left alone. */
export const targets = (found: readonly Knob[]) => found.flatMap((knob) => knob.targets);
