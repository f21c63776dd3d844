import { strict as assert } from 'node:assert';
import * as path from 'node:path';
import { ProductApplier } from '../../support/patch-corpus/apply.ts';
import { type CorpusCase, readCorpus } from '../../support/patch-corpus/cases.ts';
import { scoreCase } from '../../support/patch-corpus/score.ts';

interface Wrapping {
  readonly name: string;
  readonly wrap: (answer: string, paths: readonly string[]) => string;
  /** Cases that mean something else when they are wrapped so, or are made of what the wrapping is. */
  readonly but?: RegExp;
}

const eachLine = (answer: string, change: (line: string) => string) => answer.split('\n').map(change).join('\n');
/** The lines that are a path and nothing else, written in another way. */
const paths = (name: string, write: (path: string) => string): Wrapping => ({
  name: `whose paths are written ${name}`,
  wrap: (answer, known) => eachLine(answer, (line) => (known.includes(line) ? write(line) : line)),
});

const WRAPPINGS: readonly Wrapping[] = [
  {
    name: 'that is an item of a list',
    wrap: (answer) => `1. The change:\n\n${eachLine(answer, (line) => (line === '' ? '' : `   ${line}`))}`,
    but: /padded-markers|whole\/in-tags/,
  },
  {
    name: 'that is quoted',
    wrap: (answer) => eachLine(answer, (line) => `> ${line}`),
    but: /json-in-a-fence|in-a-list|in-tags|think-/,
  },
  {
    name: 'in a longer fence',
    wrap: (answer) => `\`\`\`\`markdown\n${answer}\n\`\`\`\`\n`,
    but: /json-in-a-fence|lone-closing-fence|think-|truncated/,
  },
  {
    name: 'with a line break of Markdown behind each line',
    wrap: (answer) => eachLine(answer, (line) => (line.trim() === '' ? line : `${line}  `)),
    but: /path-with-blanks|crlf-answer|mail-envelope/,
  },
  {
    name: 'that is indented by blanks that do not break',
    wrap: (answer) => eachLine(answer, (line) => line.replace(/^ +/, (blanks) => '\u00a0'.repeat(blanks.length))),
  },
  { name: 'behind a character that nobody sees', wrap: (answer) => `\u200b${answer}` },
  {
    name: 'with words before and behind it',
    wrap: (answer, known) =>
      `Sure, here is the idea.\n\n${answer}\n\nSummary:\n\n${known.map((one) => `- \`${one}\`: the idea`).join('\n')}\n`,
    but: /no-path|nameless-diff/,
  },
  paths('below the folder of the repository', (one) => `project/${one}`),
  paths('as a heading that says what is done', (one) => `### File: \`${one}\` (edit)`),
  paths('behind a picture', (one) => `\u{1F4C4} ${one}`),
  paths('as a comment of a page', (one) => `<!-- ${one} -->`),
  paths('with words behind a dash', (one) => `${one} — changes`),
  paths('behind a count', (one) => `Change 1 - ${one}`),
  paths('with the lines they are about', (one) => `${one} (L10-L20):`),
];

describe('an answer of the corpus', () => {
  const cases = ['patches', 'patches-own'].flatMap((folder) => [
    ...readCorpus(path.resolve('test/fixtures', folder)).cases,
  ]);
  const product = new ProductApplier();
  after(() => product.dispose());

  for (const { name, wrap, but } of WRAPPINGS) {
    it(`${name} means the same`, async () => {
      const wrong: string[] = [];
      let tried = 0;
      for (const one of cases) {
        const answer = wrap(one.answer, pathsOf(one));
        if (answer === one.answer || but?.test(one.name)) continue;
        tried += 1;
        const row = await scoreCase({ ...one, answer }, (asked) => product.apply(asked));
        const refused = one.outcome === 'refused' && row.score !== 'silently wrong';
        if (row.score !== 'right' && !refused) wrong.push(`${one.name}: ${row.score}, ${row.detail}`);
      }
      assert.ok(tried > 80, `${tried} cases`);
      assert.deepEqual(wrong, []);
    });
  }
});

function pathsOf(one: CorpusCase): readonly string[] {
  return [...new Set([...one.files.keys(), ...one.wanted.keys()])];
}
