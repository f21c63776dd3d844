import assert from 'node:assert/strict';
import { boxDetails, boxLines, unreachableSentence, wrapped } from '../../../src/cli/box-lines.ts';
import { boxesOfAllStates, boxOf, reportOf } from '../../support/box-nodes.ts';

const nodes = boxesOfAllStates('01jabcdefgh-abcdef');
const plain = (text: string) => text.replaceAll(/\u001b\[\d+m/g, '');

describe('boxes in the terminal', () => {
  it('are a table, whole in a pipe', () => {
    const lines = boxLines(nodes).map(plain);
    assert.match(lines[0] ?? '', /^box +state +GPUs +free GPUs +runs +disk free +sandbox +answers +kind +where$/);
    assert.match(
      lines[1] ?? '',
      /^lambda-1 +problems +4 × H100 +1 of 4 +1 running, 2 waiting +1.2 TB +bwrap +12 ms +ssh +lambda-1$/,
    );
    assert.match(lines[3] ?? '', /^away +unreachable since 11-2\d \d\d:\d\d +1 running +ssh +away$/);
    const states = ['needs attention', 'ready, drained', 'not checked', 'not checked', 'ready'];
    for (const [index, state] of states.entries())
      assert.ok(lines[index + 4]?.includes(`  ${state}  `), lines[index + 4]);
  });

  it('fit a terminal of any width, and keep what matters most', () => {
    for (const width of [200, 120, 80, 60, 40]) {
      const lines = boxLines(nodes, width).map(plain);
      for (const line of lines) assert.ok([...line].length <= width, `${width}: ${line}`);
      assert.match(lines[1] ?? '', /^lambda-1 +problems/);
    }
    for (const line of nodes.flatMap((node) => boxDetails(node, 60))) assert.ok([...plain(line)].length <= 60, line);
  });

  it('say what is missing with the fix, and who computes on which GPU', () => {
    const [first] = nodes;
    assert.ok(first);
    assert.deepEqual(boxDetails(first).map(plain), [
      'lambda-1',
      '  problem: its runs folder is on a network disk (nfs4)',
      '    fix: Locks may hang or be lost there, and every log line crosses the network. Set root of this box to a folder on a local disk, such as /scratch.',
      '  note: GPU 3 is cut into MIG devices, which are not handed out one by one yet',
      '    fix: Each counts as one GPU.',
      '  GPU 0: 97 %, 61004 of 81559 MiB, run 01jabcdefgh-abcdef: python3 (pid 77), reserved by run 01jabcdefgh-abcdef of me',
      '  GPU 1: 35 %, 30004 of 81559 MiB, alice: python3 (pid 4242), without a reservation of this tool',
      '  GPU 2: 88 %, 12000 of 81559 MiB, reserved by run 01jzzzzzzzzz-other of bob',
      '  only a login shell finds: uv',
    ]);
    assert.deepEqual(boxDetails(boxOf('quiet')), []);
  });

  it('let no control character of a box through', () => {
    const problems = [{ what: 'a\u001b[31mb', fix: 'c\u0007d' }];
    const lines = boxDetails(boxOf('b', { report: reportOf('b', { problems }) }));
    assert.doesNotMatch(plain(lines.join('\n')), /[\u0007\u001b]/);
  });

  it('are counted where they did not answer', () => {
    assert.equal(unreachableSentence([reportOf('a')]), undefined);
    assert.equal(
      unreachableSentence([reportOf('a'), reportOf('b', { reachable: false })]),
      '1 of 2 boxes did not answer: b.',
    );
  });

  it('wrap between words', () => {
    assert.deepEqual(wrapped('one two three four five six', 26, '  '), ['  one two three four five', '    six']);
    assert.deepEqual(wrapped('one two', undefined, ' '), [' one two']);
  });
});
