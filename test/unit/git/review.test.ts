import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import fc from 'fast-check';
import type { Review } from '../../../src/core/git/index.ts';
import { changes, refused, Scratch, withScratch } from './scratch.ts';

const LINES = Array.from({ length: 30 }, (_, i) => `line ${i + 1}`);
const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');
const BEFORE = text(LINES);
const AFTER = text(LINES.with(2, 'third').with(14, 'fifteenth').toSpliced(24, 2));

function indexTree(review: Review): string {
  return execFileSync('git', ['write-tree'], { cwd: review.folder }).toString().trim();
}

describe('a review', () => {
  it('has what was cut from as HEAD and index, and the proposal in the working tree', async () => {
    await withScratch({ 'a.py': BEFORE, 'gone.py': 'x\n', 'kept.py': 'k\n' }, async (scratch, repository) => {
      const from = scratch.git('rev-parse', 'HEAD');
      const proposal = await repository.propose({
        from,
        changes: changes({ 'a.py': AFTER, 'gone.py': null, 'neü/new file.py': 'n = 1\n' }),
        message: 'try it',
        name: '1.1',
      });
      const review = await repository.openReview('1.1', from, proposal);
      assert.equal(review.folder, path.join(scratch.folder, '.research/review/1-1'));
      assert.equal(execFileSync('git', ['rev-parse', 'HEAD'], { cwd: review.folder }).toString().trim(), from);
      assert.equal(indexTree(review), scratch.git('rev-parse', `${from}^{tree}`));
      assert.equal(fs.readFileSync(path.join(review.folder, 'a.py'), 'utf8'), AFTER);
      assert.equal(fs.existsSync(path.join(review.folder, 'gone.py')), false);
      const open = await review.undecided();
      assert.deepEqual(
        open.map((file) => [file.path, file.kind, file.hunks.length]),
        [
          ['a.py', 'modified', 3],
          ['gone.py', 'deleted', 1],
          ['neü/new file.py', 'added', 1],
        ],
      );
      assert.deepEqual(await review.accepted(), []);
    });
  });

  it('commits what was accepted and nothing else', async () => {
    await withScratch({ 'a.py': BEFORE }, async (scratch, repository) => {
      const from = scratch.git('rev-parse', 'HEAD');
      const proposal = await repository.propose({
        from,
        changes: changes({ 'a.py': AFTER }),
        message: 'm',
        name: '3.1',
      });
      const review = await repository.openReview('3.1', from, proposal);
      const [file] = await review.undecided();
      const [first, second, third] = file?.hunks ?? [];
      await review.acceptHunk('a.py', first?.id ?? '');
      await refused(review.acceptHunk('a.py', first?.id ?? ''), 'stale-hunk');
      assert.match(await refused(review.approve('m', 'research/3-x'), 'undecided'), /a\.py/);
      await review.rejectHunk('a.py', second?.id ?? '');
      await review.acceptHunk('a.py', third?.id ?? '');
      const commit = await review.approve('Accepted part', 'research/3-x');
      assert.equal((await repository.read(commit, 'a.py'))?.toString(), text(LINES.with(2, 'third').toSpliced(24, 2)));
      assert.equal(scratch.git('rev-parse', `${commit}^`), from);
      assert.equal(scratch.git('rev-parse', 'research/3-x'), commit);
      assert.equal(scratch.git('rev-parse', 'refs/research/approved/3.1'), commit);
      assert.equal(await review.approve('Accepted part', 'research/3-x'), commit);
      await review.close();
      assert.deepEqual(await repository.reviews(), []);
      scratch.git('fsck', '--strict');
    });
  });

  it('refuses to approve when everything was rejected', async () => {
    await withScratch({ 'a.py': BEFORE }, async (scratch, repository) => {
      const from = scratch.git('rev-parse', 'HEAD');
      const proposal = await repository.propose({
        from,
        changes: changes({ 'a.py': AFTER }),
        message: 'm',
        name: '1.1',
      });
      const review = await repository.openReview('1.1', from, proposal);
      await review.rejectFile('a.py');
      await refused(review.approve('m', 'research/1-x'), 'empty');
    });
  });

  it('takes accepts and rejects back, also after a restart, and never a hand edit made since', async () => {
    await withScratch({ 'a.py': BEFORE, 'b.py': 'b\n' }, async (scratch, repository) => {
      const from = scratch.git('rev-parse', 'HEAD');
      const proposal = await repository.propose({
        from,
        changes: changes({ 'a.py': AFTER, 'b.py': null, 'c.py': 'c\n' }),
        message: 'm',
        name: '1.1',
      });
      const review = await repository.openReview('1.1', from, proposal);
      const listed = await review.undecided();
      const [hunk] = listed[0]?.hunks ?? [];
      await review.rejectHunk('a.py', hunk?.id ?? '');
      await review.acceptFile('b.py');
      await review.rejectFile('c.py');
      const again = (await (await scratch.open()).reviews())[0];
      assert.ok(again);
      assert.equal(again.candidate, '1.1');
      assert.equal(await again.undo(), true);
      assert.equal(await again.undo(), true);
      assert.equal(await again.undo(), true);
      assert.equal(await again.undo(), false);
      assert.deepEqual(await again.undecided(), listed);

      await again.rejectHunk('a.py', hunk?.id ?? '');
      fs.appendFileSync(path.join(again.folder, 'a.py'), 'by hand\n');
      await refused(again.undo(), 'changed-since');
    });
  });

  it("shows the same state as git's own stage and revert", async () => {
    await withScratch({ 'a.py': BEFORE }, async (scratch, repository) => {
      const from = scratch.git('rev-parse', 'HEAD');
      const proposal = await repository.propose({
        from,
        changes: changes({ 'a.py': AFTER }),
        message: 'm',
        name: '1.1',
      });
      const review = await repository.openReview('1.1', from, proposal);
      const patch = execFileSync('git', ['diff', '-U0'], { cwd: review.folder }).toString();
      const second = patch.split(/^(?=@@)/m);
      const one = `${second[0]}${second[2]}`;
      const [file] = await review.undecided();
      execFileSync('git', ['apply', '--cached', '--unidiff-zero', '-'], { cwd: review.folder, input: one });
      const native = indexTree(review);
      execFileSync('git', ['apply', '--cached', '-R', '--unidiff-zero', '-'], { cwd: review.folder, input: one });
      assert.equal((await review.undecided())[0]?.hunks.length, 3);
      await review.acceptHunk('a.py', file?.hunks[1]?.id ?? '');
      assert.equal(indexTree(review), native);
    });
  });

  it('keeps the proposal byte for byte under attributes that would convert it', async () => {
    const attributes = '* text=auto eol=crlf\n*.u16 working-tree-encoding=UTF-16\n*.id ident\n*.lfs filter=shout\n';
    await withScratch({ 'a.py': 'x\n', 'b.id': '$Id$\n' }, async (scratch, repository) => {
      scratch.git('config', 'filter.shout.clean', 'tr a-z A-Z');
      scratch.git('config', 'filter.shout.smudge', 'tr A-Z a-z');
      const from = scratch.git('rev-parse', 'HEAD');
      const files = {
        '.gitattributes': attributes,
        'a.py': 'x\r\ny\nz\r\n',
        'b.id': '$Id$\nnew\n',
        'c.u16': 'plain\n',
        'd.lfs': 'Mixed Case\n',
      };
      const proposal = await repository.propose({ from, changes: changes(files), message: 'm', name: '1.1' });
      const review = await repository.openReview('1.1', from, proposal);
      for (const [name, data] of Object.entries(files)) {
        assert.equal(fs.readFileSync(path.join(review.folder, name), 'utf8'), data, name);
      }
      // What VS Code's Stage does.
      execFileSync('git', ['add', '-A'], { cwd: review.folder });
      assert.equal(indexTree(review), scratch.git('rev-parse', `${proposal}^{tree}`));
      assert.deepEqual(await review.undecided(), []);
      const commit = await review.approve('m', 'research/1-x');
      assert.equal(scratch.git('rev-parse', `${commit}^{tree}`), scratch.git('rev-parse', `${proposal}^{tree}`));
    });
  });

  it('decides binary files, modes, links and files that the repository ignores as a whole', async () => {
    await withScratch(
      { 'a.bin': Buffer.from([0, 1, 2]), 'run.sh': 'x\n', '.gitignore': '*.log\n' },
      async (scratch, repository) => {
        const from = scratch.git('rev-parse', 'HEAD');
        const proposal = await repository.propose({
          from,
          changes: new Map([
            ['a.bin', { bytes: Buffer.from([0, 9, 9, 9]) }],
            ['run.sh', { bytes: Buffer.from('x\n'), mode: '100755' }],
            ['seed.log', { bytes: Buffer.from('kept\n') }],
            ['link', { bytes: Buffer.from('run.sh'), mode: '120000' }],
          ]),
          message: 'm',
          name: '1.1',
        });
        const review = await repository.openReview('1.1', from, proposal);
        const open = await review.undecided();
        assert.deepEqual(
          open.map((file) => `${file.path} ${file.kind} ${file.binary}`),
          ['a.bin modified true', 'link added false', 'run.sh mode false', 'seed.log added false'],
        );
        for (const file of open) await review.rejectFile(file.path);
        assert.deepEqual(await review.undecided(), []);
        for (const _ of open) await review.undo();
        assert.deepEqual(await review.undecided(), open);
        for (const file of open) await review.acceptFile(file.path);
        assert.equal(indexTree(review), scratch.git('rev-parse', `${proposal}^{tree}`));
      },
    );
  });

  it('starts anew when the candidate now has another proposal, and sweeps what lost its commits', async () => {
    await withScratch({ 'a.py': BEFORE }, async (scratch, repository) => {
      const from = scratch.git('rev-parse', 'HEAD');
      const one = await repository.propose({ from, changes: changes({ 'a.py': AFTER }), message: 'm', name: '1.1' });
      const two = await repository.propose({
        from,
        changes: changes({ 'a.py': 'short\n' }),
        message: 'm',
        name: '1.1',
      });
      await repository.openReview('1.1', from, one);
      const review = await repository.openReview('1.1', from, two);
      assert.equal(fs.readFileSync(path.join(review.folder, 'a.py'), 'utf8'), 'short\n');
      await repository.dropRef('refs/research/candidates/1.1');
      scratch.git('gc', '--prune=now', '--quiet');
      assert.deepEqual(await repository.reviews(), []);
      assert.deepEqual(fs.readdirSync(path.join(scratch.folder, '.research/review')), []);
    });
  });

  it('is one and the same when two windows open it at once', async () => {
    await withScratch({ 'a.py': BEFORE }, async (scratch, repository) => {
      const from = scratch.git('rev-parse', 'HEAD');
      const proposal = await repository.propose({
        from,
        changes: changes({ 'a.py': AFTER }),
        message: 'm',
        name: '1.1',
      });
      const [one, two] = await Promise.all([0, 1].map(() => repository.openReview('1.1', from, proposal)));
      await one?.acceptFile('a.py');
      assert.equal(await two?.undo(), true);
      assert.equal((await one?.undecided())?.length, 1);
      assert.deepEqual(fs.readdirSync(path.join(scratch.folder, '.research/review')), ['1-1']);
    });
  });

  it('does not follow a link that the repository brings along', async () => {
    await withScratch({ 'a.py': BEFORE }, async (scratch, repository) => {
      fs.symlinkSync('/tmp', path.join(scratch.folder, '.research'));
      const from = scratch.git('rev-parse', 'HEAD');
      await refused(repository.openReview('1.1', from, from), 'research-folder');
    });
  });

  const word = fc.constantFrom('a', 'b', 'c', '', '  x', 'ü', '\ufeff', 'é\r', 'a\r', '\t');
  const body = fc
    .tuple(fc.array(word, { maxLength: 12 }), fc.boolean())
    .map(([lines, last]) => lines.join('\n') + (last && lines.length > 0 ? '\n' : ''));
  const name = fc.constantFrom('a.py', 'ü b.py', 'dir/c.py');

  it('gives the proposal when all is accepted and the start when all is rejected, in any order', async () => {
    const scratch = new Scratch({ 'z.txt': 'z\n' });
    try {
      const repository = await scratch.open();
      let number = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.dictionary(name, body),
          fc.dictionary(name, fc.option(body)),
          fc.boolean(),
          fc.infiniteStream(fc.nat()),
          async (before, after, accept, chance) => {
            number += 1;
            const head = scratch.git('rev-parse', 'HEAD');
            const from = await repository.propose({
              from: head,
              changes: changes(before),
              message: 'b',
              name: `9.${number}`,
            });
            const now = Object.entries(after).filter(([path, data]) => data !== null || path in before);
            const proposal = await repository.propose({
              from,
              changes: changes(Object.fromEntries(now)),
              message: 'p',
              name: `8.${number}`,
            });
            const review = await repository.openReview(`1.${number}`, from, proposal);
            for (;;) {
              const open = await review.undecided();
              const file = open[chance.next().value % Math.max(1, open.length)];
              if (!file) break;
              const hunk = file.hunks[chance.next().value % Math.max(1, file.hunks.length)];
              if (hunk && accept) await review.acceptHunk(file.path, hunk.id);
              else if (hunk) await review.rejectHunk(file.path, hunk.id);
              else if (accept) await review.acceptFile(file.path);
              else await review.rejectFile(file.path);
            }
            assert.equal(indexTree(review), scratch.git('rev-parse', `${accept ? proposal : from}^{tree}`));
            await review.close();
          },
        ),
        { numRuns: 6 },
      );
    } finally {
      scratch.remove();
    }
  });

  it('gives the same commit whatever order the hunks are decided in, each under the name it was listed by', async () => {
    const scratch = new Scratch({ 'z.txt': 'z\n' });
    try {
      const repository = await scratch.open();
      const head = scratch.git('rev-parse', 'HEAD');
      let number = 0;
      await fc.assert(
        fc.asyncProperty(
          body,
          body,
          fc.infiniteStream(fc.boolean()),
          fc.infiniteStream(fc.nat()),
          async (before, after, yes, chance) => {
            const decide = async (order: (count: number) => number, decisions: ReadonlyMap<string, boolean>) => {
              number += 1;
              const propose = (from: string, data: string, kind: string) =>
                repository.propose({
                  from,
                  changes: changes({ 'a.py': data }),
                  message: 'm',
                  name: `${kind}.${number}`,
                });
              const from = await propose(head, before, 'b');
              const review = await repository.openReview(`2.${number}`, from, await propose(from, after, 'p'));
              const hunks = (await review.undecided()).flatMap((file) => file.hunks);
              const all = new Map(decisions.size > 0 ? decisions : hunks.map((hunk) => [hunk.id, yes.next().value]));
              const left = hunks.map((hunk) => hunk.id);
              while (left.length > 0) {
                const [id = ''] = left.splice(order(left.length), 1);
                if (all.get(id)) await review.acceptHunk('a.py', id);
                else await review.rejectHunk('a.py', id);
              }
              assert.deepEqual(await review.undecided(), []);
              const tree = indexTree(review);
              await review.close();
              return { tree, all };
            };
            const first = await decide(() => 0, new Map());
            const second = await decide((count) => chance.next().value % count, first.all);
            assert.equal(second.tree, first.tree);
          },
        ),
        { numRuns: Number(process.env.RUNS ?? 4) },
      );
    } finally {
      scratch.remove();
    }
  });
});
