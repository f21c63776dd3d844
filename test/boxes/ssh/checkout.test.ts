import * as assert from 'node:assert/strict';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { openRepository, type Repository } from '../../../src/core/git/index.ts';
import { realSystem } from '../../../src/core/system/index.ts';
import { GitRepo } from '../../support/git-repo.ts';
import { LocalBox } from '../../support/local-box.ts';
import { commitOddFiles, differences } from '../../support/odd-repo.ts';
import { eventually } from '../../support/processes.ts';
import { pollUntil, shipmentOf } from '../../support/shipments.ts';
import { startBox, whyNoBox } from '../../support/sshd/box.ts';
import { workerOf } from '../../support/workers.ts';

/** What an account's own git does to files: none of it may reach a run. */
const GITCONFIG = `[core]
  autocrlf = true
  symlinks = false
  fileMode = false
[filter "upper"]
  smudge = tr a-z A-Z
  clean = tr A-Z a-z
[filter "lfs"]
  smudge = echo smudged
  required = true
`;

describe('The checkout of a run is the commit, byte for byte, mode for mode, name for name', () => {
  let folder: string;
  let repo: GitRepo;
  let repository: Repository;
  let commit: string;

  before(async function () {
    if (process.platform !== 'linux') this.skip();
    folder = mkdtempSync(path.join(tmpdir(), 'rc-odd-'));
    repo = new GitRepo(path.join(folder, 'repo'));
    commit = commitOddFiles(repo);
    repository = await openRepository(repo.root, realSystem());
  });
  after(() => folder && rmSync(folder, { recursive: true, force: true }));

  const shipped = async (
    environment: Readonly<Record<string, unknown>>,
    of = commit,
    from: Pick<Repository, 'parentless' | 'pack'> = repository,
  ) => {
    const tree = await from.parentless(of);
    return {
      ...shipmentOf(repo, commit, environment),
      commit: tree,
      trusted: tree,
      pack: (have: readonly string[], commits: readonly string[]) => from.pack(commits, have),
    };
  };

  it('on an ssh box, first and again, and evaluated', async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    const box = await startBox({ name: 'odd' });
    const { worker, connection } = workerOf(box);
    try {
      writeFileSync(path.join(box.home, '.gitconfig'), GITCONFIG);
      writeFileSync(path.join(box.home, '.gitattributes'), '* text eol=crlf\n');
      const gate = path.join(box.home, 'gate');
      for (const _ of [1, 2]) {
        const evaluate = `while [ ! -e ${gate} ]; do sleep 0.05; done`;
        const shipment = await shipped({ run: './run.sh', evaluate, protected: ['**'] });
        await worker.submit(shipment);
        await pollUntil(worker, shipment.run, new Set(['finishing', 'failed']));
        const run = path.join(box.root, 'runs', shipment.run);
        assert.deepEqual(differences(path.join(run, 'code')), []);
        writeFileSync(gate, '');
        const report = await pollUntil(worker, shipment.run);
        assert.equal(report.state, 'succeeded', report.reason);
        rmSync(gate);
      }
    } finally {
      connection.dispose();
      await box.stop();
    }
  });

  it('on an ssh box from a checkout made ahead, unless somebody touched it', async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    const plain = new GitRepo(path.join(folder, 'plain'));
    const own = await openRepository(plain.root, realSystem());
    const odd = commitOddFiles(plain, true);
    plain.git('rm', '-q', '--cached', 'a.gone', 'run.sh');
    plain.git('update-index', '--add', '--cacheinfo', `100644,${plain.git('rev-parse', 'HEAD:empty')},more/new.txt`);
    plain.git('update-index', '--cacheinfo', `100755,${plain.git('rev-parse', 'HEAD:k.id')},bytes`);
    plain.git('commit', '-q', '-m', 'other');
    const other = plain.git('rev-parse', 'HEAD');
    const box = await startBox({ name: 'spare' });
    const { worker, connection } = workerOf(box);
    const spares = path.join(box.root, 'spare', 'test-repo.git');
    const making = () => box.processes().some(({ command }) => command.includes('make-spare.sh'));
    /** The folders that lie ready. */
    const ready = async () => {
      const found = await eventually('checkouts made ahead', () => {
        const names = existsSync(spares) ? readdirSync(spares).filter((name) => /^\d+\.index$/.test(name)) : [];
        return (
          names.length >= 1 && !making() && names.map((name) => path.join(spares, name.slice(0, -'.index'.length)))
        );
      });
      return new Map(found.map((place) => [statSync(place).ino, place]));
    };
    const run = async (of: string) => {
      const shipment = await shipped({ run: 'true' }, of, own);
      await worker.submit(shipment);
      const report = await pollUntil(worker, shipment.run);
      assert.equal(report.state, 'succeeded', report.reason);
      return path.join(box.root, 'runs', shipment.run, 'code');
    };
    const missing = '"third_party/lib" is missing';
    try {
      await run(other);
      const first = await ready();
      const code = await run(odd);
      assert.ok(first.has(statSync(code).ino), 'it was not taken');
      assert.deepEqual(differences(code), [missing]);
      for (const touch of [
        (place: string) => {
          const file = path.join(place, 'bytes');
          const { atime, mtime } = statSync(file);
          writeFileSync(file, 'x'.repeat(statSync(file).size));
          utimesSync(file, atime, mtime);
        },
        (place: string) => writeFileSync(path.join(place, 'deep', 'sitecustomize.py'), 'print("hello")'),
        (place: string) => {
          const moved = path.join(box.home, `moved-${path.basename(place)}`);
          renameSync(path.join(place, 'deep'), moved);
          symlinkSync(moved, path.join(place, 'deep'));
        },
        (place: string) => rmSync(path.join(place, 'mixed.lf')),
      ]) {
        const touched = await ready();
        for (const place of touched.values()) touch(place);
        const clean = await run(odd);
        assert.ok(
          [...touched.values()].some((place) => !existsSync(place)),
          'none was looked at',
        );
        assert.deepEqual(differences(clean), [missing]);
        await eventually('nobody making one', () => !making());
        rmSync(spares, { recursive: true });
        await run(odd);
      }
    } finally {
      connection.dispose();
      await box.stop();
    }
  });

  it('on this machine', async () => {
    const box = await LocalBox.make();
    try {
      writeFileSync(path.join(box.folder, '.gitconfig'), GITCONFIG);
      const { env } = realSystem();
      const worker = box.worker({ system: { env: { ...env, HOME: box.folder } } });
      for (const _ of [1, 2]) {
        const shipment = {
          ...(await shipped({ run: './run.sh', protected: ['deep/**', '*.sh', '*.crlf'] })),
          gitDir: repository.commonDir,
        };
        await worker.submit(shipment);
        const report = await box.ended(worker, shipment.run);
        assert.equal(report.state, 'succeeded', report.reason);
        assert.deepEqual(differences(path.join(box.runFolder(shipment.run), 'code')), []);
      }
      const refused = { ...(await shipped({ run: './run.sh', protected: ['*.txt'] })), gitDir: repository.commonDir };
      await worker.submit(refused);
      assert.match((await box.ended(worker, refused.run)).reason ?? '', /latin.*is not UTF-8.*Rename it/);
    } finally {
      await box.remove();
    }
  });
});
