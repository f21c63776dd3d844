import * as assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import picomatch from 'picomatch';
import { globsToRegexes, globToRegex } from '../../../src/core/workers/box/glob.ts';

const matches = (glob: string, file: string) => new RegExp(`^(?:${globsToRegexes([glob]).trimEnd()})$`, 's').test(file);

describe('Path patterns on a box', () => {
  const cases: [string, string, boolean][] = [
    ['evaluate.py', 'evaluate.py', true],
    ['evaluate.py', 'sub/evaluate.py', false],
    ['evaluate.py', 'evaluatexpy', false],
    ['data/**', 'data/a/b.bin', true],
    ['data/**', 'database/a', false],
    ['data', 'data/a/b', true],
    ['out/*.pt', 'out/a.pt', true],
    ['out/*.pt', 'out/sub/a.pt', false],
    ['out/**/metrics.jsonl', 'out/metrics.jsonl', true],
    ['out/**/metrics.jsonl', 'out/a/b/metrics.jsonl', true],
    ['**/*.py', 'a.py', true],
    ['**/*.py', 'x/y/a.py', true],
    ['*.py', 'x/a.py', false],
    ['{a,b}.txt', 'b.txt', true],
    ['[ab].txt', 'a.txt', true],
    ['[!ab].txt', 'a.txt', false],
    ['a+b(c).txt', 'a+b(c).txt', true],
    ['**', 'any/thing', true],
  ];
  for (const [glob, file, expected] of cases) {
    it(`${glob} ${expected ? 'takes' : 'leaves'} ${file}`, () => assert.equal(matches(glob, file), expected));
  }

  it('takes whatever picomatch takes, so that nothing protected slips through', () => {
    const name = fc.constantFrom('a', 'b', 'ab', 'a.py', 'b.py', 'data');
    const part = fc.constantFrom('a', 'b', 'data', '*', '**', '*.py', 'a*', '?', '{a,b}', '[ab]');
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 4 }),
        fc.array(name, { minLength: 1, maxLength: 4 }),
        (parts, names) => {
          const glob = parts.join('/');
          const file = names.join('/');
          if (picomatch(glob, { dot: true })(file))
            assert.ok(matches(glob, file), `${glob} ~ ${file}: ${globToRegex(glob)}`);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('is an expression that grep takes', function () {
    if (process.platform !== 'linux') this.skip();
    for (const [glob, file, expected] of cases) {
      const status = spawnSync('grep', ['-E', '-x', '-e', globsToRegexes([glob]).trimEnd()], {
        input: `${file}\n`,
      }).status;
      assert.equal(status === 0, expected, `${glob} ~ ${file}`);
    }
  });
});
