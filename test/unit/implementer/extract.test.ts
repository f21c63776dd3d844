import { strict as assert } from 'node:assert';
import { extractDiff, stripOf } from '../../../bench/apply/extract.ts';

const DIFF = '--- a/train.py\n+++ b/train.py\n@@ -1 +1 @@\n-lr = 1\n+lr = 2\n';

describe('the diff that a benchmark cuts out of an answer for other tools', () => {
  it('comes out of fences byte for byte, with the hunks of a later fence', () => {
    const later = '@@ -9 +9 @@\n-a\n+    ```\n+b\n';
    assert.equal(
      extractDiff(`So:\n\n\`\`\`diff\n${DIFF}\`\`\`\nand\n\`\`\`diff\n${later}\`\`\`\nDone.\n`),
      DIFF + later,
    );
    assert.equal(extractDiff(`\`\`\`python\nlr = 3\n\`\`\`\n\n\`\`\`\`\n${DIFF}\`\`\`\`\n`), DIFF);
  });

  it('comes from the first header on where no fence stands around it, and from a fence that was cut off', () => {
    assert.equal(extractDiff(`From 5a0c\nSubject: x\n\n${DIFF}`), DIFF);
    assert.equal(extractDiff(`\`\`\`diff\n${DIFF}@@ -9 +`), `${DIFF}@@ -9 +`);
  });

  it('is not the draft of a thought', () => {
    const draft = DIFF.replace('lr = 2', 'lr = 9');
    assert.equal(extractDiff(`<think>\n\`\`\`diff\n${draft}\`\`\`\n</think>\n\`\`\`diff\n${DIFF}\`\`\`\n`), DIFF);
  });

  it('is none where an answer holds no diff, or asks for a part of its edits in another format', () => {
    assert.equal(extractDiff('lr should be 2.\n\n---\n'), undefined);
    const block = 'train.py\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n';
    assert.equal(extractDiff(`\`\`\`diff\n${DIFF}\`\`\`\n${block}`), undefined);
  });

  it('has its prefixes stripped only where every header has them', () => {
    assert.equal(stripOf(DIFF), 1);
    assert.equal(stripOf(DIFF.replace('--- a/train.py', '--- /dev/null')), 1);
    assert.equal(stripOf(DIFF.replace('a/', '')), 0);
  });
});
