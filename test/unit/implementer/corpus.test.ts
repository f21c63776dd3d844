import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { parseAnswer } from '../../../src/core/implementer/answer/parse.ts';
import { applyBlocks } from '../../../src/core/implementer/apply/apply.ts';
import { checkChanges } from '../../../src/core/implementer/gate/gate.ts';

const FOLDER = path.resolve('test/fixtures/patches');

interface Expected {
  readonly outcome: 'applied' | 'refused';
  readonly reason: string;
  readonly format: string;
  readonly protected: readonly string[];
  readonly files: readonly { readonly path: string; readonly before: string | null; readonly after: string | null }[];
  readonly message_contains?: readonly string[];
}

/** Answers whose edits are meant and can be read, but not by what is built so far: refused, never guessed at. */
const REFUSED_UNTIL_LATER = new Set([
  '06-sr-indent-shift',
  '10-sr-line-number-prefix',
  '14-sr-paired-ellipsis',
  '17-tabs-against-spaces',
  '18-unicode-punctuation',
]);

type Score = 'right' | 'needlessly refused' | 'wrong code' | 'silently wrong';

function scoreOf(name: string): { readonly score: Score; readonly detail: string; readonly expected: Expected } {
  const read = (file: string) => fs.readFileSync(path.join(FOLDER, name, file), 'utf8');
  const expected: Expected = JSON.parse(read('expect.json'));
  const files = new Map(expected.files.flatMap((file) => (file.before ? [[file.path, read(file.before)]] : [])));
  const outcome = apply(read('answer.txt'), files, expected.protected);
  if ('code' in outcome) {
    if (expected.outcome === 'applied') return { score: 'needlessly refused', detail: outcome.code, expected };
    const named = (expected.message_contains ?? []).every((text) => outcome.message.includes(text));
    const right = outcome.code === expected.reason && named;
    return { score: right ? 'right' : 'wrong code', detail: outcome.code, expected };
  }
  const wanted = new Map(expected.files.map((file) => [file.path, file.after ? read(file.after) : undefined]));
  const got = new Map([...files, ...outcome.changes]);
  const same = [...new Set([...wanted.keys(), ...got.keys()])].every((file) => wanted.get(file) === got.get(file));
  return { score: expected.outcome === 'applied' && same ? 'right' : 'silently wrong', detail: '', expected };
}

function apply(answer: string, files: ReadonlyMap<string, string>, kept: readonly string[]) {
  const parsed = parseAnswer(answer, new Set(files.keys()));
  if (!parsed.ok) return parsed.refusal;
  const applied = applyBlocks(files, parsed.blocks);
  const [refusal] = applied.refusals;
  if (refusal) return refusal;
  const [finding] = checkChanges(files, applied.changes, {
    editable: ['**'],
    protected: [...kept],
    protected_regions: [],
  });
  return finding ?? { changes: applied.changes };
}

describe('the corpus of malformed answers', () => {
  const names = fs.readdirSync(FOLDER).filter((name) => fs.statSync(path.join(FOLDER, name)).isDirectory());

  it('has the bytes it was written with', () => {
    const sums = fs.readFileSync(path.join(FOLDER, 'SHA256SUMS'), 'utf8').trim().split('\n');
    for (const line of sums) {
      const [sum, file = ''] = line.split(/ [ *]/);
      assert.equal(
        createHash('sha256')
          .update(fs.readFileSync(path.join(FOLDER, file)))
          .digest('hex'),
        sum,
        file,
      );
    }
    assert.equal(names.length, 24);
  });

  it('is never applied wrongly, and every search/replace answer within reach comes out right', () => {
    const scores = names.map((name) => ({ name, ...scoreOf(name) }));
    const count = (score: Score) => scores.filter((one) => one.score === score).length;
    const all: readonly Score[] = ['right', 'needlessly refused', 'wrong code', 'silently wrong'];
    console.log(`      ${all.map((score) => `${score} ${count(score)}`).join(', ')} of ${scores.length}`);
    assert.deepEqual(
      scores.filter((one) => one.score === 'silently wrong').map((one) => one.name),
      [],
    );
    const missed = scores.filter((one) => one.expected.format === 'search-replace' && one.score !== 'right');
    assert.deepEqual(
      missed.map((one) => one.name).sort(),
      [...REFUSED_UNTIL_LATER].sort(),
      missed.map((one) => `${one.name}: ${one.score} ${one.detail}`).join('\n'),
    );
    for (const one of missed) assert.equal(one.score, 'needlessly refused', one.name);
  });
});
