import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { openRepository } from '../../../src/core/git/index.ts';
import { realSystem } from '../../../src/core/system/index.ts';
import { changes, refused, Scratch, withScratch } from './scratch.ts';

describe('the repository of a person', () => {
  it('is bit for bit the same after propose, review, accept, reject, approve, snapshot and close', async () => {
    await withScratch({ 'a.py': 'a\nb\nc\nd\ne\n', 'b.py': 'b\n', 'c.py': 'c\n' }, async (scratch, repository) => {
      scratch.write('a.py', 'stashed\n');
      scratch.git('stash');
      scratch.write('b.py', 'staged\n');
      scratch.git('add', 'b.py');
      scratch.write('c.py', 'dirty\n');
      scratch.write('notes/new file.txt', 'untracked\n');
      fs.mkdirSync(path.join(scratch.folder, '.git/hooks'), { recursive: true });
      for (const hook of ['post-index-change', 'reference-transaction', 'post-checkout', 'pre-commit']) {
        fs.writeFileSync(
          path.join(scratch.folder, '.git/hooks', hook),
          `#!/bin/sh\ntouch "${scratch.folder}/hook-ran"\n`,
          { mode: 0o755 },
        );
      }
      const before = scratch.fingerprint();
      const head = scratch.git('rev-parse', 'HEAD');

      assert.deepEqual(await repository.head(), { commit: head, branch: 'main' });
      assert.deepEqual(await repository.status(), {
        clean: false,
        changed: ['b.py', 'c.py'],
        untracked: ['notes/new file.txt'],
      });
      const snapshot = await repository.snapshot('as it is');
      const proposal = await repository.propose({
        from: snapshot,
        changes: changes({ 'a.py': 'A\nb\nc\nd\nE\n', 'c.py': null, 'n.py': 'n\n' }),
        message: 'p',
        name: '1.1',
      });
      await repository.diff(snapshot, proposal);
      await repository.patch(snapshot, proposal);
      const review = await repository.openReview('1.1', snapshot, proposal);
      const hunks = (await review.undecided())[0]?.hunks ?? [];
      await review.acceptHunk('a.py', hunks[0]?.id ?? '');
      await review.rejectHunk('a.py', hunks[1]?.id ?? '');
      await review.acceptFile('c.py');
      await review.undo();
      await review.rejectFile('c.py');
      await review.acceptFile('n.py');
      const approved = await review.approve('approved', 'research/1-x');
      await repository.pack([await repository.parentless(approved)], []);
      await repository.key();
      assert.deepEqual(scratch.fingerprint(), before, 'while the review is open');
      await review.close();
      assert.deepEqual(scratch.fingerprint(), before);
      assert.equal(scratch.git('worktree', 'list').split('\n').length, 1);

      assert.equal((await repository.read(snapshot, 'b.py'))?.toString(), 'staged\n');
      assert.equal((await repository.read(snapshot, 'c.py'))?.toString(), 'dirty\n');
      assert.equal((await repository.read(snapshot, 'notes/new file.txt'))?.toString(), 'untracked\n');
      assert.equal(await repository.snapshot('as it is'), snapshot, 'the same tree gives the same commit');
    });
  });

  it('is snapshotted as HEAD when it is clean, and sees a change of equal size and time', async () => {
    await withScratch(undefined, async (scratch, repository) => {
      const head = scratch.git('rev-parse', 'HEAD');
      assert.equal(await repository.snapshot('m'), head);
      const file = path.join(scratch.folder, 'train.py');
      const { atime, mtime } = fs.statSync(file);
      fs.writeFileSync(file, 'lr = 6e-4\nsteps = 100\n');
      fs.utimesSync(file, atime, mtime);
      const index = path.join(scratch.folder, '.git/index');
      fs.utimesSync(index, atime, mtime);
      const snapshot = await repository.snapshot('m');
      assert.equal((await repository.read(snapshot, 'train.py'))?.toString(), 'lr = 6e-4\nsteps = 100\n');
    });
  });

  it('says what is wrong when it is none', async () => {
    const folder = fs.mkdtempSync(path.join(tmpdir(), 'no repository '));
    const system = realSystem();
    try {
      assert.match(await refused(openRepository(folder, system), 'no-repository'), /git init/);
      await refused(openRepository(path.join(folder, 'none'), system), 'no-repository');
      const nothing = { ...system, spawn: { ...system.spawn, run: spawnOf('git version 2.25.1') } };
      assert.match(await refused(openRepository(folder, nothing), 'no-git'), /2\.30/);
      const missing = {
        ...system,
        spawn: {
          ...system.spawn,
          run: async () => {
            throw Object.assign(new Error('spawn git ENOENT'), { code: 'ENOENT' });
          },
        },
      };
      assert.match(await refused(openRepository(folder, missing), 'no-git'), /Install git/);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
    await withScratch({}, async (_scratch, repository) => {
      assert.equal(await repository.head(), undefined);
      await refused(repository.snapshot('m'), 'no-commits');
      await refused(repository.key(), 'no-commits');
      assert.deepEqual(await repository.reviews(), []);
    });
  });

  it('opens from a folder inside it, from a linked worktree and with GIT_DIR set by somebody else', async () => {
    await withScratch({ 'src/a.py': 'a\n' }, async (scratch, repository) => {
      const inside = await openRepository(path.join(scratch.folder, 'src'), realSystem());
      assert.equal(inside.root, scratch.folder);
      const linked = `${scratch.folder}-linked`;
      scratch.git('worktree', 'add', '-q', '-b', 'linked', linked);
      try {
        const system = realSystem();
        const other = await openRepository(linked, { ...system, env: { ...system.env, GIT_DIR: '/nowhere' } });
        assert.equal(other.root, linked);
        assert.equal(other.commonDir, repository.commonDir);
        assert.equal(await other.key(), await repository.key());
        const head = scratch.git('rev-parse', 'HEAD');
        const proposal = await other.propose({
          from: head,
          changes: changes({ 'src/a.py': 'b\n' }),
          message: 'm',
          name: '1.1',
        });
        const review = await other.openReview('1.1', head, proposal);
        assert.equal((await review.undecided()).length, 1);
        await review.close();
      } finally {
        fs.rmSync(linked, { recursive: true });
      }
    });
  });
});

describe('a proposal', () => {
  it('holds exactly the bytes given, under any name, and keeps modes', async () => {
    const bytes = Buffer.from([0xef, 0xbb, 0xbf, 0x61, 0x0d, 0x0a, 0x00, 0xff]);
    await withScratch({ 'a.py': 'a\n', '.gitattributes': '* text eol=crlf\n' }, async (scratch, repository) => {
      scratch.git('update-index', '--chmod=+x', 'a.py');
      scratch.git('commit', '-q', '-m', 'mode');
      const from = scratch.git('rev-parse', 'HEAD');
      const proposal = await repository.propose({
        from,
        changes: new Map([
          ['a.py', { bytes }],
          ['deep/ü "quoted"\t.py', { bytes }],
        ]),
        message: 'Grüße\n\nbody',
        name: '1.1',
      });
      assert.deepEqual(
        (await repository.files(proposal)).map((file) => `${file.mode} ${file.path}`),
        ['100644 .gitattributes', '100755 a.py', '100644 deep/ü "quoted"\t.py'],
      );
      const read = await repository.readMany(proposal, ['a.py', 'deep/ü "quoted"\t.py', 'none']);
      assert.deepEqual([...read.values()], [bytes, bytes]);
      assert.deepEqual(await repository.read(proposal, 'a.py'), bytes);
      assert.equal(await repository.read(proposal, 'deep'), undefined);
      assert.equal(
        scratch.git('log', '-1', '--format=%an <%ae> %cn %s', proposal),
        'Research Copilot <research-copilot@localhost> Research Copilot Grüße',
      );
      assert.ok((await repository.refs()).some((ref) => ref.name === 'refs/research/candidates/1.1'));
    });
  });

  for (const name of [
    '../a',
    '/a',
    'a/../../b',
    '.git/config',
    'x/.GIT/hooks/a',
    '.git./a',
    'a//b',
    'C:/a',
    'a\\b',
    'a\0',
    '',
  ]) {
    it(`refuses the path ${JSON.stringify(name)}`, async () => {
      await withScratch(undefined, async (scratch, repository) => {
        const from = scratch.git('rev-parse', 'HEAD');
        const work = repository.propose({ from, changes: changes({ [name]: 'x' }), message: 'm', name: '1.1' });
        await refused(work, 'path-escape');
        assert.deepEqual(await repository.refs(), []);
      });
    });
  }

  it('refuses a file where a folder is, and to delete what is not there', async () => {
    await withScratch({ 'src/a.py': 'a\n' }, async (scratch, repository) => {
      const from = scratch.git('rev-parse', 'HEAD');
      const propose = (files: Record<string, string | null>) =>
        repository.propose({ from, changes: changes(files), message: 'm', name: '1.1' });
      await refused(propose({ src: 'x' }), 'path-conflict');
      await refused(propose({ 'src/a.py/b': 'x' }), 'path-conflict');
      await refused(propose({ none: null }), 'file-not-found');
      await propose({ 'src/a.py': null, src: 'now a file' });
    });
  });

  it('is diffed with renames, modes, missing newlines and CRLF told apart', async () => {
    const long = Array.from({ length: 20 }, (_, i) => `row ${i}\n`).join('');
    const files = {
      'old.py': long,
      'crlf.py': 'a\r\nb\r\n',
      'end.py': 'a',
      'x.bin': Buffer.from([0]),
      'run.sh': 'r\n',
    };
    await withScratch(files, async (scratch, repository) => {
      const from = scratch.git('rev-parse', 'HEAD');
      const to = await repository.propose({
        from,
        changes: new Map([
          ['old.py', null],
          ['new name.py', { bytes: Buffer.from(long.replace('row 5', 'row five')) }],
          ['crlf.py', { bytes: Buffer.from('a\r\nB\r\n') }],
          ['end.py', { bytes: Buffer.from('a\n') }],
          ['x.bin', { bytes: Buffer.from([0, 1]) }],
          ['run.sh', { bytes: Buffer.from('r\n'), mode: '100755' }],
        ]),
        message: 'm',
        name: '1.1',
      });
      const diff = await repository.diff(from, to, { context: 0 });
      assert.deepEqual(
        diff.map((file) => [file.path, file.kind, file.oldPath, file.binary, file.hunks.flatMap((hunk) => hunk.lines)]),
        [
          ['crlf.py', 'modified', undefined, false, ['-b\r', '+B\r']],
          ['end.py', 'modified', undefined, false, ['-a', '\\ No newline at end of file', '+a']],
          ['new name.py', 'renamed', 'old.py', false, ['-row 5', '+row five']],
          ['run.sh', 'mode', undefined, false, []],
          ['x.bin', 'modified', undefined, true, []],
        ],
      );
      const back = await repository.applyThroughGit(from, await repository.patch(from, to), [
        'old.py',
        'x.bin',
        'crlf.py',
      ]);
      assert.equal(back.get('old.py'), undefined);
      assert.deepEqual(back.get('x.bin'), Buffer.from([0, 1]));
      assert.deepEqual(back.get('crlf.py'), Buffer.from('a\r\nB\r\n'));
      await refused(repository.applyThroughGit(to, await repository.patch(from, to), []), 'patch-refused');
    });
  });
});

describe('shipping', () => {
  it('sends a thin pack that the box completes, and one parentless commit per tree', async () => {
    const long = Array.from({ length: 5000 }, (_, i) => `row ${i * 7919}\n`).join('');
    await withScratch(
      { 'a.py': long, 'data.txt': Array.from({ length: 3000 }, (_, i) => `${(i * 7919) % 65521}\n`).join('') },
      async (scratch, repository) => {
        const from = scratch.git('rev-parse', 'HEAD');
        const proposal = await repository.propose({
          from,
          changes: changes({ 'a.py': long.replace('row 7919\n', 'row one\n') }),
          message: 'm',
          name: '1.1',
        });
        const first = await repository.parentless(from);
        const second = await repository.parentless(proposal);
        assert.equal(await repository.parentless(from), first);
        const box = new Scratch({});
        try {
          const receive = (pack: Buffer) =>
            execFileSync('git', ['index-pack', '--stdin', '--fix-thin', '--strict'], { cwd: box.folder, input: pack });
          receive(await repository.pack([first], []));
          const thin = await repository.pack([second], [first, '1'.repeat(40), 'not an id']);
          assert.ok(thin.length < 1000, `${thin.length} bytes`);
          receive(thin);
          assert.deepEqual(box.gitBytes('show', `${second}:a.py`), scratch.gitBytes('show', `${proposal}:a.py`));
          assert.equal(box.git('rev-list', '--count', second), '1');
        } finally {
          box.remove();
        }
        assert.match(await repository.key(), /^[a-z0-9-]+$/);
      },
    );
  });

  it('names LFS pointers and submodules, whose content a run would miss', async () => {
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 12345\n`;
    await withScratch(
      { 'w.bin': pointer, 'a.py': 'version https://git-lfs.github.com/\n' },
      async (scratch, repository) => {
        const head = scratch.git('rev-parse', 'HEAD');
        scratch.git('update-index', '--add', '--cacheinfo', `160000,${head},sub`);
        scratch.git('commit', '-q', '-m', 'sub');
        assert.deepEqual(await repository.missingContent('HEAD'), [
          { path: 'sub', why: 'submodule' },
          { path: 'w.bin', why: 'lfs' },
        ]);
      },
    );
  });
});

describe('a branch of ours', () => {
  it('gets a number when its name is taken, and dashes when a branch stands in its way', async () => {
    await withScratch(undefined, async (scratch, repository) => {
      const one = scratch.git('rev-parse', 'HEAD');
      const two = await repository.propose({ from: one, changes: changes({ 'b.py': 'b' }), message: 'm', name: '1.1' });
      assert.equal(await repository.makeBranch('research/1-x', one), 'research/1-x');
      assert.equal(await repository.makeBranch('research/1-x', one), 'research/1-x');
      assert.equal(await repository.makeBranch('research/1-x', two), 'research/1-x-2');
      assert.equal(await repository.makeBranch('main/x', two), 'main-x');
      await refused(repository.makeBranch('a..b', one), 'bad-branch-name');
    });
  });

  it('is merged on a clean tree; a conflict or a dirty tree changes nothing', async () => {
    await withScratch({ 'a.py': 'a\n', 'b.py': 'b\n' }, async (scratch, repository) => {
      const from = scratch.git('rev-parse', 'HEAD');
      const propose = (files: Record<string, string>, name: string) =>
        repository.propose({ from, changes: changes(files), message: 'm', name });
      const good = await repository.makeBranch('research/1-good', await propose({ 'b.py': 'better\n' }, '1.1'));
      const bad = await repository.makeBranch('research/2-bad', await propose({ 'a.py': 'other\n' }, '2.1'));
      scratch.commit({ 'a.py': 'mine\n' });
      scratch.write('untracked.txt', 'u\n');
      const clean = scratch.fingerprint();
      assert.match(await refused(repository.merge(bad, 'm'), 'conflict'), /a\.py/);
      assert.deepEqual(scratch.fingerprint(), clean);
      scratch.write('b.py', 'dirty\n');
      const dirty = scratch.fingerprint();
      await refused(repository.merge(good, 'm'), 'dirty');
      assert.deepEqual(scratch.fingerprint(), dirty);
      scratch.write('b.py', 'b\n');
      const merged = await repository.merge(good, 'Apply #1.1');
      assert.equal(scratch.git('rev-parse', 'main'), merged);
      assert.equal(scratch.git('log', '-1', '--format=%an: %s'), 'A Person: Apply #1.1');
      assert.equal(fs.readFileSync(path.join(scratch.folder, 'b.py'), 'utf8'), 'better\n');
      scratch.git('checkout', '-q', '--detach');
      await refused(repository.merge(good, 'm'), 'detached');
    });
  });
});

function spawnOf(line: string) {
  return async () => ({ code: 0, stdout: Buffer.from(`${line}\n`), stderr: Buffer.alloc(0) });
}
