import * as assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { stringify } from 'yaml';
import { openResearch, type Research } from '../../../src/core/research.ts';
import { GitRepo } from '../../support/git-repo.ts';
import { commitOddFiles, differences } from '../../support/odd-repo.ts';
import { agreeingHost, makePlace, type Place } from '../../support/research.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';

/** Everything a shell could take for its own. `touch` would leave a file that is looked for at the end. */
const HOSTILE = `-it's "the" \`touch never-a\` $(touch never-b) ; touch never-c & \\ %s * ü 😀`;
const LONG = `${'$(touch never-d)`touch never-e`\'"'.repeat(130)}`.slice(0, 4096);
const ENV: Readonly<Record<string, string>> = {
  QUOTES: HOSTILE,
  LINES: `one\n$(touch never-f)\n\n"two"\n`,
  DASH: '-rf /',
  LONG,
  EMPTY: '',
  UNICODE: 'ü\u{308} 日本語 \u{feff}\u{2028}',
  LOOKS_LIKE_A_FRAME: 'end end 0\ndone done 0\nrun x y\n',
};
const SECRET = `s'3"c$(touch never-g)\n\`touch never-h\`\n`;
/** What git lets a branch be called. */
const BRANCH = `idea/$(touch-never)-'"\`;&!ü%s`;

describe('Hostile values', () => {
  let place: Place;
  let repo: string;
  let research: Research | undefined;
  let box: TestBox | undefined;

  before(async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    box = await startBox({ name: 'hostile' });
    place = makePlace(undefined, { RESEARCH_COPILOT_SSH_CONFIG: box.sshConfigFile, TOKEN: SECRET });
    repo = path.join(place.root, `${HOSTILE}\nsecond line`.replaceAll('/', '_'));
    mkdirSync(repo);
    const git = new GitRepo(repo);
    commitOddFiles(git);
    const show = 'python3 -c \'import json, os, sys; print("values " + json.dumps(dict(os.environ)))\'';
    const files = {
      'research.yaml': stringify({
        name: 'hostile',
        run: `set -e\n${show} "it's"; sha256sum data/*; echo "loss: 1.5" # ' " \` $(echo `,
        evaluate: `cat "it's \\"quoted\\" \\\`back\\\` \\$(touch never) \\\\ %s.txt" && echo 'loss: 1.25'`,
        objective: { metric: 'loss', goal: 'minimize' },
        resources: { gpus: 0, timeout: '1m' },
        inputs: ['data/*'],
        env: ENV,
        secrets: ['TOKEN'],
        protected: ['run.sh', 'deep/**'],
      }),
      '.gitignore': '/data\n',
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(repo, name), text);
    git.git('add', 'research.yaml', '.gitignore');
    git.git('commit', '-q', '-m', HOSTILE);
    git.git('update-ref', `refs/heads/${BRANCH}`, 'HEAD');
    git.git('symbolic-ref', 'HEAD', `refs/heads/${BRANCH}`);
    mkdirSync(path.join(repo, 'data'));
  });
  after(async () => {
    await research?.close();
    place?.dispose();
    await box?.stop();
  });

  const open = async (boxes: readonly Readonly<Record<string, unknown>>[]) => {
    await research?.close();
    place.boxes(stringify({ boxes }));
    research = await openResearch({
      folder: repo,
      host: agreeingHost(),
      holder: HOSTILE,
      system: place.system,
      mayDrive: true,
    });
    return research;
  };
  const run = async (name: string) => {
    const ids = await research?.runBaseline({ box: name, seeds: 1 });
    const [done] = (await research?.waitForRuns(ids ?? [])) ?? [];
    assert.ok(done && research);
    return { done, log: (await research.readLog(done.id, 0, 10_000_000)).toString() };
  };
  /** No command in any of the values was run by any shell. */
  const noneRan = () => {
    const roots = [place.root, box?.home ?? '', process.cwd()];
    const found = roots.flatMap((root) =>
      execFileSync('find', [root, '-name', 'node_modules', '-prune', '-o', '-name', 'never-*', '-print'], {
        encoding: 'utf8',
      })
        .split('\n')
        .filter(Boolean),
    );
    assert.deepEqual(found, []);
  };

  for (const kind of ['ssh', 'local'] as const) {
    it(`come through to a run on a box of kind ${kind} as they are, and nothing of them is run`, async () => {
      assert.ok(box);
      for (const name of readdirSync(path.join(repo, 'data'))) rmSync(path.join(repo, 'data', name));
      const bytes = randomBytes(5_000_000);
      writeFileSync(path.join(repo, 'data', HOSTILE.replaceAll('/', '_')), bytes);
      const parent = kind === 'ssh' ? box.home : place.root;
      const root = path.join(parent, `root ${HOSTILE.replaceAll('/', '_')}`);
      mkdirSync(root);
      if (kind === 'ssh') {
        execFileSync('chown', [`${box.user}:`, root]);
        writeFileSync(path.join(root, 'box.env'), `RC_LOCKS='${box.home}/locks'\nRC_LINGER=0\nRC_GRACE=1\n`);
        await open([{ name: 'far', kind, host: 'hostile', gpus: [], root, sandbox: 'none' }]);
      } else await open([{ name: 'far', kind, root }]);
      const { done, log } = await run('far');
      assert.equal(done.state, 'succeeded', `${done.reason}\n${log}`);
      assert.deepEqual(done.objective, { state: 'ok', value: 1.25 });
      const values: Record<string, string> = JSON.parse(/^values (.*)$/m.exec(log)?.[1] ?? '{}');
      for (const [name, value] of Object.entries({ ...ENV, TOKEN: SECRET })) assert.equal(values[name], value, name);
      assert.ok(log.includes(createHash('sha256').update(bytes).digest('hex')));
      const code = path.join(root, 'runs', done.id, 'code');
      const ours = ['research.yaml', '.gitignore', 'data'];
      assert.deepEqual(
        differences(code, ours).filter((line) => !line.startsWith('"data/')),
        [],
      );
      assert.equal((await research?.state())?.base?.branch, BRANCH);
      noneRan();
    });
  }

  it('that no text interface can carry are refused before anything leaves', async () => {
    for (const name of readdirSync(path.join(repo, 'data'))) rmSync(path.join(repo, 'data', name));
    writeFileSync(path.join(repo, 'data', 'two\nlines.bin'), 'x');
    assert.ok(box);
    await open([{ name: 'away', kind: 'ssh', host: 'hostile', gpus: [], sandbox: 'none' }]);
    const { done } = await run('away');
    assert.equal(done.state, 'failed');
    assert.match(done.reason ?? '', /inputs: "data\/two\\nlines\.bin" cannot be laid out on a box/);
    assert.ok(!existsSync(path.join(box.root, 'runs', done.id, 'spec')));
    for (const bad of [
      { name: '$(x)' },
      { name: '-x' },
      { root: '/a\nb' },
      { host: '-oProxyCommand=x' },
      { host: 'a b' },
    ]) {
      await assert.rejects(
        async () => {
          await open([{ name: 'good', kind: 'ssh', host: 'h', ...bad }]);
          await research?.runBaseline({ seeds: 1 });
        },
        { code: 'bad-boxes' },
        JSON.stringify(bad),
      );
    }
  });
});
