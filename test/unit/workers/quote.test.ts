import * as assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { shq, shqAll } from '../../../src/core/workers/box/quote.ts';

describe('Quoting for a shell', () => {
  before(function () {
    if (process.platform === 'win32') this.skip();
  });

  it('carries every text but NUL through dash and bash unharmed', () => {
    const word = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom("'", '"', '\\', '$', '(', ')', '`', '\n', ' ', '-', '!', '*', '~', 'ü', ';') }),
    );
    for (const shell of ['/bin/sh', '/bin/bash']) {
      fc.assert(
        fc.property(
          fc.array(
            word.filter((text) => !text.includes('\0')),
            { minLength: 1, maxLength: 8 },
          ),
          (words) => {
            const script = `set -- ${shqAll(words)}; printf '%s\\0' "$@"`;
            const out = execFileSync(shell, ['-c', script]);
            // What UTF-8 cannot hold (half a surrogate pair) is replaced on both sides alike.
            const sent = words.map((text) => Buffer.from(text, 'utf8').toString('utf8'));
            assert.deepEqual(out.toString('utf8').split('\0').slice(0, -1), sent);
          },
        ),
        { numRuns: 60 },
      );
    }
  });

  it('refuses NUL', () => {
    assert.throws(() => shq('a\0b'), /NUL/);
  });
});
