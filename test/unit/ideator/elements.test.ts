import * as assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { ElementReader } from '../../../src/core/ideator/elements.ts';

const ideas = fc.array(
  fc.record({ title: fc.string({ unit: 'grapheme' }), deep: fc.jsonValue() }, { noNullPrototype: true }),
  {
    maxLength: 6,
  },
);
const wraps = [
  (json: string) => json,
  (json: string) => `Sure! I thought of {these} and [those]:\n\`\`\`json\n${json}\n\`\`\`\nGood luck {with} it.`,
];

/** Every element, whatever pieces the text comes in. */
function readIn(text: string, cuts: readonly number[]): unknown[] {
  const reader = new ElementReader('ideas');
  const at = [0, ...cuts.map((cut) => cut % (text.length + 1)).toSorted((a, b) => a - b), text.length];
  return at.slice(1).flatMap((end, index) => reader.push(text.slice(at[index], end)));
}

describe('ideas out of a streaming answer', () => {
  it('are the same however the text is split, and the same as in the whole', () => {
    fc.assert(
      fc.property(
        ideas,
        fc.array(fc.nat(), { maxLength: 40 }),
        fc.constantFrom(...wraps),
        fc.boolean(),
        fc.nat(4),
        (list, cuts, wrap, bare, indent) => {
          const value = bare
            ? list
            : { note: ['ideas', '"ideas": [{"no": 1}]', { ideas: [{}] }], ideas: list, more: [{}] };
          const text = wrap(JSON.stringify(value, null, indent));
          assert.deepEqual(readIn(text, cuts), JSON.parse(JSON.stringify(list)));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('come one by one, each with its last brace', () => {
    const reader = new ElementReader('ideas');
    assert.deepEqual(reader.push('{"ideas": [{"a": "}"'), []);
    assert.deepEqual(reader.push('}, {"a"'), [{ a: '}' }]);
    assert.deepEqual(reader.push(': [{}]}, 3, "x", {}]}'), [{ a: [{}] }, {}]);
  });

  it('never break the reader, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\ai') }), fc.array(fc.nat()), (text, cuts) => {
        assert.deepEqual(readIn(text, cuts), readIn(text, []));
      }),
    );
  });
});
