import { strict as assert } from 'node:assert';
import * as fc from 'fast-check';
import { actionsFor } from '../../../webview-ui/model/actions.ts';
import { ordered, reduce, smooth, valueAt } from '../../../webview-ui/model/curve.ts';
import { decimalsFor, duration, number, signed } from '../../../webview-ui/model/format.ts';
import { lineageOf } from '../../../webview-ui/model/lineage.ts';
import { LogPages, PAGE_LINES, pagesOf, scrollTo, viewLog } from '../../../webview-ui/model/log-window.ts';
import { markMatches, spansOf } from '../../../webview-ui/model/sgr.ts';
import { exampleBoard, makeRow, makeRun } from '../../support/leaderboard-fixtures.ts';

describe('the curve', () => {
  const values = fc.array(fc.oneof(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), fc.constant(Number.NaN)), {
    minLength: 1,
    maxLength: 3000,
  });

  it('keeps the smallest, the largest and the last value, and the fact that there was a NaN', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 50 }), (list, buckets) => {
        const y = Float64Array.from(list);
        const x = Float64Array.from(list.keys());
        const reduced = reduce({ x, y }, 0, list.length - 1, buckets);
        // Zero and minus zero are one point of a curve.
        const finite = (of: Float64Array) => [...of].filter(Number.isFinite).map((each) => each + 0);
        assert.equal(Math.min(...finite(reduced.y)), Math.min(...finite(y)));
        assert.equal(Math.max(...finite(reduced.y)), Math.max(...finite(y)));
        assert.equal(reduced.x.at(-1), x.at(-1));
        assert.equal([...reduced.y].some(Number.isNaN), [...y].some(Number.isNaN));
        assert.ok(reduced.x.length <= Math.max(buckets * 4 + 8, buckets * 4));
        assert.ok(reduced.x.every((each, index) => index === 0 || each >= (reduced.x[index - 1] ?? 0)));
      }),
    );
  });

  it('smooths all points before any are left out: a constant stays, NaN stays, the past has its weight', () => {
    assert.deepEqual(
      [...smooth(Float64Array.of(2, 2, Number.NaN, 2), 0.9)].map((each) => Number(each.toFixed(9))),
      [2, 2, Number.NaN, 2],
    );
    const [first, second] = smooth(Float64Array.of(0, 1), 0.5);
    assert.equal(first, 0);
    assert.ok(Math.abs((second ?? 0) - 2 / 3) < 1e-12);
  });

  it('orders a resumed run and reads a value at a step', () => {
    const series = ordered({ x: Float64Array.of(0, 10, 20, 15, 30), y: Float64Array.of(5, 4, 3, 3.5, 2) });
    assert.deepEqual([...series.x], [0, 10, 15, 20, 30]);
    assert.equal(valueAt(series, 17), 3.5);
    assert.equal(valueAt(series, -1), undefined);
  });
});

describe('the log', () => {
  it('reaches its first and its last line by scrolling, even with ten million lines', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000 }), fc.integer({ min: 50, max: 2000 }), (total, viewport) => {
        const start = viewLog(0, viewport, 18, total);
        assert.equal(start.first, 0);
        const end = viewLog(start.height - viewport, viewport, 18, total);
        assert.equal(end.first + end.count, total);
        assert.ok(start.height <= Math.max(viewport, 15_000_000));
      }),
    );
  });

  it('brings a line that was searched for into view', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_000_000 }), fc.nat(2_999_999), (total, wanted) => {
        const line = wanted % total;
        const view = viewLog(scrollTo(line, 400, 18, total), 400, 18, total);
        assert.ok(line >= view.first && line < view.first + view.count, `${line} in ${view.first}+${view.count}`);
      }),
    );
  });

  it('asks only for pages it lacks, and again for the last one when the log grew', () => {
    const pages = new LogPages(3);
    assert.deepEqual(pagesOf(150, 100), [0, 1]);
    pages.put(
      0,
      Array.from({ length: 250 }, (_, index) => `line ${index}`),
    );
    assert.equal(pages.line(249), 'line 249');
    assert.deepEqual(pages.missing(0, 250, 250), []);
    assert.deepEqual(pages.missing(0, 400, 260), [1]);
    for (let page = 2; page < 6; page++) pages.put(page * PAGE_LINES, ['x']);
    assert.equal(pages.line(0), undefined, 'only the newest pages are kept');
  });

  it('turns colours into classes, drops every other sequence and keeps all text as text', () => {
    const spans = spansOf('\u001b[1;31mbad\u001b[0m <b>x</b> \u001b]8;;http://evil\u0007link\u001b[2K \u202Egnp');
    assert.equal(spans.map((span) => span.text).join(''), 'bad <b>x</b> link [U+202E]gnp');
    assert.deepEqual(spans[0]?.classes, ['ansi-red-fg', 'ansi-bold']);
    assert.equal(spansOf('\u001b[38;2;1;2;3mx')[0]?.color, 'rgb(1, 2, 3)');
    assert.ok((spansOf('y'.repeat(50_000)).at(-1)?.text ?? '').includes('46000 more'));
  });

  it('never loses or invents a character of a plain line, marked or not', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ -~]{0,80}$/), fc.stringMatching(/^[a-c]{0,2}$/), (line, wanted) => {
        const marked = markMatches(spansOf(line), wanted);
        assert.equal(marked.map((span) => span.text).join(''), line);
        if (wanted !== '') {
          const hits = marked.flatMap((span) => (span.hit ? [span.text.toLowerCase()] : []));
          assert.equal(hits.join('').length, line.toLowerCase().split(wanted).length * wanted.length - wanted.length);
        }
      }),
    );
    const across = markMatches(spansOf('lo\u001b[32mss\u001b[0m 3'), 'Loss');
    assert.deepEqual(
      across.map((span) => [span.text, span.hit === true]),
      [
        ['lo', true],
        ['ss', true],
        [' 3', false],
      ],
    );
  });
});

describe('numbers', () => {
  it('line up and never look like something they are not', () => {
    assert.equal(decimalsFor([3.2814, 3.1]), 4);
    assert.equal(decimalsFor([812.5]), 2);
    assert.equal(number(-0.00312, 4), '\u22120.0031');
    assert.equal(number(Number.NaN, 4), 'NaN');
    assert.equal(number(1e-12, 4), '1.000e-12');
    assert.equal(signed(0.5, 1), '+0.5');
    assert.deepEqual([2200, 59_600, 185_000, 3_720_000].map(duration), ['2.2 s', '1 m 00 s', '3 m 05 s', '1 h 02 m']);
  });
});

describe('what can be done with a row', () => {
  const labels = (row: Parameters<typeof actionsFor>[0]) => actionsFor(row).map((action) => action.label);

  it('follows its state', () => {
    assert.deepEqual(labels(makeRow('1.1', { status: 'ready' })), ['Review']);
    assert.deepEqual(labels(makeRow('1.1', { status: 'approved' })), ['Run on GPU', 'Review']);
    assert.deepEqual(labels(makeRow('1.1', { status: 'implementing' })), []);
    const done = makeRow('1.1', { status: 'succeeded', improved: true, runs: [makeRun('1.1', 1, 'succeeded')] });
    assert.deepEqual(labels(done), ['Apply to My Branch', 'Replicate', 'Review', 'Open Log']);
    assert.deepEqual(labels({ ...done, improved: false })[0], 'Replicate');
  });

  it('cancels every live run, and never as the suggested step', () => {
    const row = makeRow('1.1', {
      status: 'running',
      runs: [makeRun('1.1', 1, 'running'), makeRun('1.1', 2, 'queued'), makeRun('1.1', 3, 'succeeded')],
    });
    const cancel = actionsFor(row).find((action) => action.label.startsWith('Cancel'));
    assert.equal(cancel?.label, 'Cancel 2 Runs');
    assert.deepEqual(
      cancel?.messages.map((message) => message.run),
      ['r-1-1-1', 'r-1-1-2'],
    );
    assert.ok(actionsFor(row).every((action) => !action.primary));
  });
});

describe('the lineage', () => {
  it('draws rounds as columns, every edge between drawn ideas, and the path to the winner', () => {
    const lineage = lineageOf(exampleBoard().rows);
    assert.equal(lineage.winner, '8.1');
    assert.deepEqual(
      lineage.rounds.map((round) => round.nodes.length),
      [6, 6, 5],
    );
    const path = lineage.rounds.flatMap((round) =>
      round.nodes.filter((node) => node.onWinnersPath).map((node) => node.key),
    );
    assert.deepEqual(path, ['2.1', '8.1']);
    assert.ok(lineage.edges.some((edge) => edge.from === '2.1' && edge.to === '8.1' && edge.onWinnersPath));
  });

  it('keeps the winner and its parents where only a few of a round can be drawn', () => {
    const rows = Array.from({ length: 300 }, (_, index) => makeRow(`${index + 1}.1`, { rank: index + 2, round: 0 }));
    const parent = makeRow('999.1', { round: 0, status: 'failed' });
    const best = makeRow('1000.1', { rank: 1, round: 1, parents: [{ candidate: '999.1', role: 'exploit' }] });
    const lineage = lineageOf([...rows, parent, best], 10);
    assert.equal(lineage.rounds[0]?.more, 291);
    assert.ok(lineage.rounds[0]?.nodes.some((node) => node.key === '999.1'));
  });

  it('ends on parents that go in a circle', () => {
    const one = makeRow('1.1', { rank: 1, parents: [{ candidate: '2.1', role: 'exploit' }] });
    const two = makeRow('2.1', { parents: [{ candidate: '1.1', role: 'exploit' }] });
    assert.equal(lineageOf([one, two]).edges.length, 2);
  });
});
