import assert from 'node:assert/strict';
import type { Attempt } from '../../../src/core/domain/index.ts';
import { attemptsText } from '../../../src/core/research/attempts.ts';
import { candidateRow, ideaRow } from '../../support/rows.ts';

const attempt = (number: number, more: Partial<Attempt> = {}): Attempt => ({
  candidate: '3.1',
  number,
  modelCall: 17,
  answer: 'train.py\n```python\nx = 1\n```',
  report: [],
  diff: '',
  createdAt: 0,
  ...more,
});

describe('the attempts of a candidate, to be read', () => {
  const failure = { code: 'no-match', message: 'lr = 6e-4 stands nowhere.' };
  const failed = candidateRow(3, { id: '3.1', state: 'failed', approved: undefined, failure });

  it('tell each answer, its call, and the code with which each edit was refused or placed', () => {
    const report = [
      { path: 'train.py', outcome: 'no-match', detail: 'lr = 6e-4\nstands nowhere.' },
      { path: '', outcome: 'truncated', detail: '' },
    ];
    const text = attemptsText(failed, ideaRow(3), [attempt(1, { report }), attempt(2, { diff: 'diff --git a b\n' })]);
    assert.match(text, /^# Attempts of #3\.1 Idea 3\n\nfailed: lr = 6e-4 stands nowhere\.\n/);
    assert.match(text, /## Attempt 1: refused\n\n1970-01-01T00:00:00\.000Z, model call 17\n/);
    assert.match(text, /- train\.py: no-match \(lr = 6e-4 stands nowhere\.\)\n- the answer: truncated\n/);
    assert.match(text, /## Attempt 2: taken[\s\S]*### The patch\n\n```diff\ndiff --git a b\n```\n$/);
  });

  it('quote an answer so that nothing in it ends the quotation', () => {
    const text = attemptsText(failed, ideaRow(3), [attempt(1)]);
    assert.ok(text.includes('### The answer\n\n````\ntrain.py\n```python\nx = 1\n```\n````\n'), text);
  });

  it('say so where there are none', () => {
    assert.match(attemptsText(failed, ideaRow(3), []), /No answer is kept/);
  });
});
