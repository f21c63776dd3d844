import { strict as assert } from 'node:assert';
import { actionsFor } from '../../../webview-ui/model/actions.ts';
import { doubtOf, doubtText } from '../../../webview-ui/model/doubt.ts';
import { parseFilter } from '../../../webview-ui/model/filter.ts';
import { doubtedBoard, doubtedRow } from '../../support/doubted-board.ts';
import { makeRow, makeRun } from '../../support/leaderboard-fixtures.ts';

const FLAG = { code: 'too-good', message: 'Too good.' } as const;

describe('a number that is not believed at once', () => {
  it('is doubtful by its runs, also while a replicate of it still runs', () => {
    const runs = [
      makeRun('3.1', 1, 'succeeded', { value: 1, flags: [FLAG] }),
      makeRun('3.1', 2, 'running', { flags: [] }),
    ];
    const doubt = doubtOf(makeRow('3.1', { status: 'running', runs }));
    assert.equal(doubt?.state, 'unconfirmed');
    assert.equal(doubt && doubtText(doubt), 'Not confirmed, so not ranked: Too good.');
  });

  it('says of a row that ranks by its other seeds which are left out, and of a confirmed one who vouched', () => {
    const flagged = makeRun('3.1', 1, 'succeeded', { value: 1, flags: [FLAG] });
    const plain = makeRun('3.1', 2, 'succeeded', { value: 3.1 });
    assert.equal(doubtOf(makeRow('3.1', { runs: [flagged, plain] }))?.words, 'One seed is not confirmed and left out');
    const vouched = { ...flagged, confirmed: 'seed' as const };
    assert.equal(doubtOf(makeRow('3.1', { runs: [vouched, plain] }))?.words, 'Confirmed by another seed');
    assert.equal(doubtOf(makeRow('3.1', { runs: [plain] })), undefined);
  });

  it('does not hear attempts that do not count', () => {
    const other = makeRun('3.1', 1, 'succeeded', { value: 1, flags: [FLAG], counts: false });
    assert.equal(doubtOf(makeRow('3.1', { runs: [other, makeRun('3.1', 2, 'succeeded', { value: 3 })] })), undefined);
  });

  it('shows a hostile reason as one line of text, cut to a bound', () => {
    const message = `a\u0000b\u202Ec\n${'x'.repeat(5000)}`;
    const row = doubtedRow({ key: '9.1', title: '', value: 1, flags: [{ code: 'too-good', message }] });
    const [reason = ''] = doubtOf(row)?.reasons ?? [];
    assert.ok(reason.length < 600);
    assert.ok(!/[\u0000-\u001f\u202E]/.test(reason));
  });

  it('offers Confirm Result first, of a changed seed never', () => {
    const [, , , , flagged, , seedOnly] = doubtedBoard().rows;
    assert.ok(flagged && seedOnly);
    assert.equal(actionsFor(flagged)[0]?.label, 'Confirm Result');
    assert.ok(actionsFor(flagged)[0]?.primary);
    assert.ok(!actionsFor(seedOnly).some(({ label }) => label === 'Confirm Result'));
  });

  it('is found by the filter, as is what a person wrote', () => {
    const keys = (text: string) =>
      doubtedBoard()
        .rows.filter(parseFilter(text).test)
        .map(({ key }) => key);
    assert.deepEqual(keys('is:unconfirmed'), ['18.1', '19.1', '20.1']);
    assert.deepEqual(keys('is:confirmed'), ['21.1']);
    assert.deepEqual(keys('is:by-hand'), ['22.2']);
  });
});
