import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { applyAnswer, checkChanges } from '../../../src/core/implementer/index.ts';

const FOLDER = path.resolve('test/fixtures/patches');

interface Expected {
  readonly outcome: 'applied' | 'refused';
  readonly reason: string;
  readonly format: string;
  readonly protected: readonly string[];
  readonly files: readonly { readonly path: string; readonly before: string | null; readonly after: string | null }[];
  readonly message_contains?: readonly string[];
}

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
  const applied = applyAnswer(files, answer);
  const [refusal] = applied.ok ? [] : applied.refusals;
  if (!applied.ok) return refusal ?? assert.fail('refused without a reason');
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

  it('comes out right, every answer of it', () => {
    const scores = names.map((name) => ({ name, ...scoreOf(name) }));
    const count = (score: Score) => scores.filter((one) => one.score === score).length;
    const all: readonly Score[] = ['right', 'needlessly refused', 'wrong code', 'silently wrong'];
    console.log(`      ${all.map((score) => `${score} ${count(score)}`).join(', ')} of ${scores.length}`);
    assert.deepEqual(
      scores.filter((one) => one.score === 'silently wrong').map((one) => one.name),
      [],
    );
    const missed = scores.filter((one) => one.score !== 'right');
    assert.deepEqual(
      missed.map((one) => `${one.name}: ${one.score} ${one.detail}`),
      [],
    );
  });
});
