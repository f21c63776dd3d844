import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { stepFrom } from '../../../src/core/ideator/hyperparameter-knobs.ts';
import { python, targets, yaml } from './knobs.ts';

/** What YAML 1.1, and so PyYAML, takes for a number with a point. */
const YAML_FLOAT = /^[-+]?(?:\d[\d_]*\.[\d_]*(?:[eE][-+]\d+)?|\.[\d_]+(?:[eE][-+]\d+)?)$/;

describe('a number in a YAML file stays a number for PyYAML', () => {
  for (const [line, moved] of [
    ['lr: 1.0e-3', ['3.0e-3', '3.3e-4', '1.0e-2', '1.0e-4']],
    ['optimizer: { lr: 1.0E-3 }', ['3.0e-3', '3.3e-4', '1.0e-2', '1.0e-4']],
    ['lr: 5.0e-1', ['1.5e+0', '1.7e-1', '5.0e+0', '5.0e-2']],
    ['sharpness: 1.0e+3', ['3.0e+3', '3.3e+2']],
    ['weight_decay: 1.0e-2', ['1.0e-3', '3.0e-2', '3.3e-3', '1.0e-1', '0.0']],
    ['lr: 0.001', ['0.003', '0.00033', '0.01', '0.0001']],
    ['dropout: .2', ['0.1', '0.4', '0.0']],
  ] as const) {
    it(`${line} becomes ${moved.join(', ')}`, () => assert.deepEqual(targets(yaml(line)), moved));
  }

  for (const [line, moved] of [
    ['lr: 1e-3', ['3e-3', '3.3e-4', '1e-2', '1e-4']],
    ['sharpness: 1e3', ['3e3', '3.3e2']],
    ['sharpness: 1e+3', ['3e+3', '3.3e+2']],
    ['sharpness: 1.0e3', ['3.0e3', '3.3e2']],
  ] as const) {
    it(`and text that the program converts keeps its form: ${line}`, () =>
      assert.deepEqual(targets(yaml(line)), moved));
  }

  it('Python keeps its own form too: lr = 1e-3', () => {
    assert.deepEqual(targets(python('lr = 1e-3')), ['3e-3', '3.3e-4', '1e-2', '1e-4']);
    assert.deepEqual(targets(python('lr = 1.0e-3')), ['3.0e-3', '3.3e-4', '1.0e-2', '1.0e-4']);
  });

  it('whatever the value, and however far it is taken', () => {
    const literal = fc
      .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 9 }), fc.integer({ min: -7, max: 3 }))
      .map(([whole, tenth, exponent]) => `${whole}.${tenth}e${exponent < 0 ? '' : '+'}${exponent}`);
    const name = fc.constantFrom('lr', 'weight_decay', 'momentum', 'min_lr', 'anything', 'warmup');
    fc.assert(
      fc.property(name, literal, fc.boolean(), (key, from, further) => {
        for (const knob of yaml(`${key}: ${from}`)) {
          for (const to of knob.targets) {
            assert.match(to, YAML_FLOAT);
            assert.match(stepFrom(knob, to, further) ?? to, YAML_FLOAT);
          }
        }
      }),
    );
  });
});
