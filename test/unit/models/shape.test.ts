import * as assert from 'node:assert/strict';
import * as fc from 'fast-check';
import * as z from 'zod';
import { readShape, shapeOf } from '../../../src/core/models/shape.ts';

const Thing = z.object({
  title: z.string().max(80),
  size: z.enum(['small', 'large']),
  note: z.string().optional(),
  tags: z.array(z.string()).default([]),
});

describe('the shape of an answer', () => {
  it('is a closed schema with every key required, as strict mode wants it', () => {
    const { schema, strict } = shapeOf(Thing, 'thing');
    assert.equal(strict, true);
    assert.deepEqual(schema.required, ['title', 'size', 'note', 'tags']);
    assert.equal(schema.additionalProperties, false);
    assert.deepEqual((schema.properties as Record<string, unknown>).note, {
      anyOf: [{ type: 'string' }, { type: 'null' }],
    });
    assert.doesNotMatch(JSON.stringify(schema), /maxLength|default|\$schema/);
  });

  it('takes null for an optional key, since strict mode has no other way to leave it out', () => {
    const read = readShape(Thing, '{"title":"a","size":"small","note":null,"tags":null}');
    assert.deepEqual(read.ok && read.value, { title: 'a', size: 'small', tags: [] });
  });

  it('is found bare, fenced, and with prose or thoughts around it', () => {
    fc.assert(
      fc.property(
        fc.record(
          {
            title: fc.string({ maxLength: 40 }),
            size: fc.constantFrom('small', 'large'),
            tags: fc.array(fc.string()),
          },
          { noNullPrototype: true },
        ),
        fc.constantFrom(
          (json: string) => json,
          (json: string) => `\n${json}\n`,
          (json: string) => `Here you are:\n\n\`\`\`json\n${json}\n\`\`\`\nAnything else?`,
          (json: string) => `I think {this} is it: ${json} [hope so]`,
          (json: string) => `<think>maybe {"title": 1}</think>\n${json}`,
          (json: string) => `maybe {"title":"a draft","size":"small"} then\n</think>\n\n${json}`,
        ),
        fc.boolean(),
        (thing, wrap, pretty) => {
          const read = readShape(Thing, wrap(JSON.stringify(thing, null, pretty ? 2 : 0)));
          assert.deepEqual(read.ok && read.value, thing);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('tells what is wrong, for the correction', () => {
    const read = readShape(Thing, '{"title":"a","size":"middling"}');
    assert.ok(!read.ok && read.clean);
    assert.match(read.problem, /size/);
    assert.match((readShape(Thing, 'no idea') as { problem: string }).problem, /no JSON/);
  });

  it('is looked for in bounded time in a text full of brackets', () => {
    assert.equal(readShape(Thing, '{['.repeat(100_000)).ok, false);
  });
});
