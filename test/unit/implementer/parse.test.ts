import { strict as assert } from 'node:assert';
import { parseAnswer } from '../../../src/core/implementer/answer/parse.ts';
import { block } from './requests.ts';

const KNOWN = new Set(['train.py', 'src/my model.py', 'a/b.py']);
const parse = (answer: string) => parseAnswer(answer, KNOWN);
const blocksOf = (answer: string) => {
  const parsed = parse(answer);
  if (!parsed.ok) return assert.fail(parsed.refusal.message);
  return parsed.ops.map((op) => (op.op === 'edit' ? op : assert.fail(`not an edit: ${op.op}`)));
};
const codeOf = (answer: string) => {
  const parsed = parse(answer);
  return parsed.ok ? 'read' : parsed.refusal.code;
};
const BODY = '<<<<<<< SEARCH\nlr = 1\n=======\nlr = 2\n>>>>>>> REPLACE';

describe('reading an answer', () => {
  for (const [what, answer, path] of [
    ['a bare path line', `train.py\n\`\`\`python\n${BODY}\n\`\`\``, 'train.py'],
    ['a bold path', `**train.py**\n\`\`\`\n${BODY}\n\`\`\``, 'train.py'],
    ['a heading', `### File: \`a/b.py\`:\n\n\`\`\`python\n${BODY}\n\`\`\``, 'a/b.py'],
    ['a comment inside the fence', `\`\`\`python\n# train.py\n${BODY}\n\`\`\``, 'train.py'],
    ['a path in the fence line', `\`\`\`python train.py\n${BODY}\n\`\`\``, 'train.py'],
    ['a path with a blank', `src/my model.py\n\`\`\`python\n${BODY}\n\`\`\``, 'src/my model.py'],
    ['a path in a sentence', `In \`train.py\` the rate changes:\n\n\`\`\`python\n${BODY}\n\`\`\``, 'train.py'],
    ['no fence', `train.py\n${BODY}`, 'train.py'],
    ['CRLF', `train.py\r\n${BODY.replaceAll('\n', '\r\n')}`, 'train.py'],
    ['SEARCH>', `train.py\n${BODY.replace('SEARCH', 'SEARCH>')}`, 'train.py'],
    ['five markers', `train.py\n<<<<< SEARCH\nlr = 1\n=====\nlr = 2\n>>>>> REPLACE`, 'train.py'],
    ['nine markers', `train.py\n<<<<<<<<< SEARCH\nlr = 1\n=========\nlr = 2\n>>>>>>>>> REPLACE`, 'train.py'],
    ['a block in a list item', `1. train.py\n   ${BODY.replaceAll('\n', '\n   ')}`, 'train.py'],
  ] as const) {
    it(`takes ${what}`, () => {
      const [first, ...rest] = blocksOf(answer);
      assert.equal(rest.length, 0);
      assert.deepEqual([first?.path, first?.search, first?.replace], [path, ['lr = 1'], ['lr = 2']]);
    });
  }

  it('gives a block without a path line the last path, and keeps the words before each', () => {
    const blocks = blocksOf(`First why.\n\ntrain.py\n${BODY}\n\nThen this.\n${BODY}`);
    assert.deepEqual(
      blocks.map((one) => [one.path, one.prose]),
      [
        ['train.py', 'First why.'],
        ['train.py', 'Then this.'],
      ],
    );
  });

  for (const [what, between] of [
    ['the closing fence of a block', '```\n\nAnd new:\n\n'],
    ['a block whose fence was left open', '\nAnd new:\n\n'],
    ['two blocks in one fence', `\n${BODY.replace('lr = 1', 'lr = 3')}\n\n\`\`\`\n`],
  ] as const) {
    for (const name of ['lib/ema.py', 'Makefile']) {
      it(`takes the whole file ${name} after ${what}`, () => {
        const parsed = parse(`train.py\n\`\`\`python\n${BODY}\n${between}\`${name}\`\n\`\`\`\nall:\n\`\`\`\n`);
        const last = parsed.ok ? parsed.ops.at(-1) : assert.fail(parsed.refusal.message);
        assert.deepEqual(last?.op === 'whole' && [last.path, last.lines], [name, ['all:']]);
      });
    }
  }

  it('takes no heading that says README for a file', () => {
    const ops = blocksOf(`train.py\n\`\`\`python\n${BODY}\n\`\`\`\n\n## README\n\n\`\`\`\npip install x\n\`\`\`\n`);
    assert.equal(ops.length, 1);
  });

  it('drops drafts in reasoning, and keeps such tags in code', () => {
    const draft = block('train.py', 'x', 'draft');
    assert.equal(blocksOf(`<think>\n${draft}</think>\n${block('train.py', 'x', 'y')}`).length, 1);
    assert.equal(blocksOf(`${draft}\n</think>\n${block('train.py', 'x', 'y')}`).length, 1);
    const code = block('train.py', 'P = """\n<think>', 'P = """\n<think>\nmore\n</think>');
    assert.deepEqual(blocksOf(code)[0]?.replace, ['P = """', '<think>', 'more', '</think>']);
  });

  it('tells a ======= of the code from its own, or refuses', () => {
    const heading = 'train.py\n<<<<<<< SEARCH\nTitle\n=====\n=======\nName\n=====\n>>>>>>> REPLACE';
    assert.deepEqual(blocksOf(heading)[0]?.search, ['Title', '=====']);
    assert.equal(codeOf('train.py\n<<<<<<< SEARCH\nTitleOf\n=======\n=======\nName\n>>>>>>> REPLACE'), 'malformed');
    const escaped = 'train.py\n<<<<<<< SEARCH\nTitleOf\n\\=======\n=======\nName\n>>>>>>> REPLACE';
    assert.deepEqual(blocksOf(escaped)[0]?.search, ['TitleOf', '=======']);
  });

  for (const [what, answer, code] of [
    ['words only', 'I cannot do that.', 'no-edits'],
    ['an unfinished block', `train.py\n${BODY}\n\ntrain.py\n<<<<<<< SEARCH\nlr`, 'truncated'],
    ['a block without a middle', 'train.py\n<<<<<<< SEARCH\nlr\n>>>>>>> REPLACE', 'malformed'],
    ['a block in a block', 'train.py\n<<<<<<< SEARCH\na\n<<<<<<< SEARCH\n=======\n>>>>>>> REPLACE', 'malformed'],
    ['a tail without a head', `train.py\n${BODY}\n>>>>>>> REPLACE`, 'malformed'],
    ['a block of no file', BODY, 'malformed'],
    ['a new file of no name', `train.py\n${BODY}\n\n<<<<<<< SEARCH\n=======\nx\n>>>>>>> REPLACE`, 'malformed'],
  ] as const) {
    it(`refuses ${what} whole`, () => assert.equal(codeOf(answer), code));
  }
});
