import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import * as fc from 'fast-check';
import { realFiles } from '../../../src/core/system/index.ts';
import { LogLines } from '../../../src/vscode/leaderboard/log-lines.ts';

/** A file in memory, that grows. */
function growing() {
  let bytes = Buffer.alloc(0);
  return {
    append: (more: Uint8Array) => {
      bytes = Buffer.concat([bytes, more]);
    },
    truncate: () => {
      bytes = Buffer.alloc(0);
    },
    files: {
      info: async () => ({ kind: 'file' as const, size: bytes.length, modifiedAt: 0, changedAt: 0, executable: false }),
      readRange: async (_file: string, offset: number, length: number) => bytes.subarray(offset, offset + length),
    },
  };
}

/** What a terminal leaves of each line. */
function terminal(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => line.replace(/\r+$/, '').split('\r').at(-1) ?? '');
}

describe('the lines of a log', () => {
  it('are the same however its bytes arrived', async () => {
    const piece = fc.constantFrom('a', 'loss: 2.5', '\r', '\n', '\n', '\r\n', 'é', '日本', '💡', ' 45%|███ ', '');
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 400 }),
        fc.array(fc.nat(40), { maxLength: 30 }),
        async (pieces, cuts) => {
          const text = pieces.join('');
          const whole = Buffer.from(text, 'utf8');
          const file = growing();
          const log = new LogLines(file.files, 'log');
          let at = 0;
          for (const cut of cuts) {
            file.append(whole.subarray(at, at + cut));
            at = Math.min(whole.length, at + cut);
            await log.update();
          }
          file.append(whole.subarray(at));
          const page = await log.read(0, 2000);
          const expected = terminal(text);
          assert.deepEqual(page.lines, expected);
          assert.equal(page.total, expected.length);
          assert.equal(page.bytes, whole.length);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('are read from anywhere, also from the end, beyond the places that are kept', async () => {
    const file = growing();
    const all = Array.from({ length: 1000 }, (_, index) => `line ${index}`);
    file.append(Buffer.from(`${all.join('\n')}\n`));
    const log = new LogLines(file.files, 'log');
    assert.deepEqual((await log.read(500, 3)).lines, ['line 500', 'line 501', 'line 502']);
    assert.deepEqual((await log.read(63, 3)).lines, ['line 63', 'line 64', 'line 65']);
    const end = await log.read(-2, 10);
    assert.deepEqual([end.first, end.lines, end.total], [998, ['line 998', 'line 999'], 1000]);
    assert.deepEqual((await log.read(5000, 3)).lines, []);
  });

  it('begin anew when the file was replaced by a shorter one', async () => {
    const file = growing();
    file.append(Buffer.from('old 1\nold 2\nold 3\n'));
    const log = new LogLines(file.files, 'log');
    await log.update();
    file.truncate();
    file.append(Buffer.from('new\n'));
    assert.deepEqual((await log.read(0, 10)).lines, ['new']);
  });

  it('are found by their words, upper and lower case alike, each once', async () => {
    const file = growing();
    file.append(Buffer.from('step 1 Loss 2.0 loss\nnothing\nstep 2 LOSS nan\nlast loss'));
    const log = new LogLines(file.files, 'log');
    assert.deepEqual(await log.search('loss'), { lines: [0, 2, 3], truncated: false });
    assert.deepEqual(await log.search('absent'), { lines: [], truncated: false });
    assert.deepEqual(await log.search(''), { lines: [], truncated: false });
  });

  it('found by search are those that hold the text', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.stringMatching(/^[ab]{0,5}$/)),
        fc.stringMatching(/^[ab]{1,2}$/),
        async (lines, wanted) => {
          const file = growing();
          file.append(Buffer.from(lines.map((line) => `${line}\n`).join('')));
          const found = await new LogLines(file.files, 'log').search(wanted);
          assert.deepEqual(
            found.lines,
            lines.flatMap((line, index) => (line.includes(wanted) ? [index] : [])),
          );
        },
      ),
    );
  });

  it('of a hundred thousand take a moment, not the machine', async () => {
    const folder = await fs.mkdtemp(path.join(tmpdir(), 'log-lines-'));
    try {
      const file = path.join(folder, 'run.log');
      const text = Array.from(
        { length: 100_000 },
        (_, index) => `step:${index}/100000 val_loss:${(10 / (index + 1)).toFixed(4)}`,
      );
      await fs.writeFile(file, `${text.join('\n')}\n`);
      const log = new LogLines(realFiles, file);
      assert.equal((await log.read(-1, 1)).lines[0], text.at(-1));
      assert.deepEqual((await log.search('step:99999/')).lines, [99_999]);
    } finally {
      await fs.rm(folder, { recursive: true });
    }
  });

  it('without an end are cut, and do not hide what follows', async () => {
    const file = growing();
    file.append(Buffer.from(`${'x'.repeat(3_000_000)}\nnext\n`));
    const page = await new LogLines(file.files, 'log').read(0, 10);
    assert.equal(page.lines.length, 2);
    assert.equal(page.lines[0]?.length, 4001);
    assert.equal(page.lines[1], 'next');
  });
});
