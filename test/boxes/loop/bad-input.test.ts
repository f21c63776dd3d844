import { strict as assert } from 'node:assert';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isHumanError } from '../../../src/core/domain/index.ts';
import type { Research, ResearchHost } from '../../../src/core/research.ts';
import { agreeingHost, makePlace, openAt, type Place } from '../../support/research.ts';

/** Every message must say what, where and what to do: these are the words of each that must be in it. */
async function refused(work: Promise<unknown>, code: string, ...words: readonly RegExp[]): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(isHumanError(error), `a bug, not a message: ${error instanceof Error ? error.stack : error}`);
    assert.equal(error.code, code, error.message);
    for (const word of words) assert.match(error.message, word);
    return true;
  });
}

describe('bad input', () => {
  let place: Place;
  let research: Research | undefined;
  const open = async (host?: ResearchHost): Promise<Research> => {
    research = await openAt(place, { host });
    return research;
  };
  const yaml = (change: (text: string) => string) => {
    const file = path.join(place.repo, 'research.yaml');
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    place.git('commit', '-qam', 'Change the environment');
  };

  beforeEach(() => {
    place = makePlace();
    place.boxes('boxes:\n  - { name: here, kind: local, slots: 1 }\n');
  });

  afterEach(async () => {
    await research?.close();
    research = undefined;
    place.dispose();
  });

  it('no research.yaml: says where it looked and how to make one', async () => {
    place.git('rm', '-q', 'research.yaml');
    place.git('commit', '-qm', 'Remove it');
    await refused((await open()).generateIdeas(), 'no-environment', /research\.yaml/, new RegExp(place.repo), /init/);
  });

  it('broken YAML and an unknown key: every problem with its line', async () => {
    yaml((text) => text.replace('run: python3', 'rum: python3'));
    const opened = await open();
    await refused(opened.runBaseline(), 'bad-environment', /research\.yaml:\d+:\d+/, /rum/, /run/);
    const state = await opened.state();
    assert.ok(!state.environment.ok && state.environment.diagnostics.length > 0);
    writeFileSync(path.join(place.repo, 'research.yaml'), 'name: [broken\nrun: x\n');
    await refused(opened.runBaseline(), 'bad-environment', /research\.yaml:\d+/);
  });

  it('a metric that is never printed: the run says which names it saw instead', async () => {
    yaml((text) => text.replace('metric: val_loss', 'metric: accuracy'));
    const opened = await open();
    const [run] = await opened.waitForRuns(await opened.runBaseline({ seeds: 1 }));
    assert.equal(run?.state, 'succeeded');
    assert.equal(run?.objective?.state, 'missing');
    assert.match(run?.reason ?? '', /never printed accuracy/);
    assert.match(run?.reason ?? '', /val_loss/);
  });

  it('a run command that is not there: failed, with its exit code and the shell’s words', async () => {
    yaml((text) => text.replace('run: python3 train.py', 'run: no-such-trainer train.py'));
    const opened = await open();
    const [run] = await opened.waitForRuns(await opened.runBaseline({ seeds: 1 }));
    assert.equal(run?.state, 'failed');
    assert.equal(run?.exitCode, 127);
    assert.match(run?.reason ?? '', /not found/);
    assert.match((await opened.readLog(run?.id ?? '', 0, 10_000)).toString(), /no-such-trainer/);
  });

  it('a box that does not answer: the run waits, the box says since when, and nothing is lost', async () => {
    place.boxes('boxes:\n  - { name: away, kind: ssh, host: no-such-box.invalid }\n  - { name: here, kind: local }\n');
    const opened = await open();
    const reports = await opened.checkBoxes();
    assert.deepEqual(
      reports.map((report) => [report.box, report.reachable]),
      [
        ['away', false],
        ['here', true],
      ],
    );
    const away = reports[0];
    assert.ok(away && away.problems.length > 0, 'the report says what is wrong');
    const [id = ''] = await opened.runBaseline({ seeds: 1, box: 'away' });
    const run = (await opened.state()).runs.find((row) => row.id === id);
    assert.equal(run?.state, 'queued');
    await opened.cancelRun(id);
    const [ended] = await opened.waitForRuns([id]);
    assert.equal(ended?.state, 'cancelled');
  });

  it('a box that is not in boxes.yaml: says which are', async () => {
    const opened = await open();
    const [id = ''] = await opened.runBaseline({ seeds: 1, box: 'nowhere' });
    for (;;) {
      const run = (await opened.state()).runs.find((row) => row.id === id);
      if (run?.reason) {
        assert.match(run.reason, /nowhere/);
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });

  it('a model server that is down: names the address and the setting, and the round can be asked again', async () => {
    const host = agreeingHost({
      modelSettings: () => ({ base_url: 'http://127.0.0.1:9/v1', ideator: 'test' }),
      apiKey: async () => 'k',
    });
    await refused((await open(host)).generateIdeas(), 'model-unreachable', /127\.0\.0\.1:9/);
  });

  it('a person who declines: nothing is sent and nothing runs', async () => {
    const host = agreeingHost({
      confirm: async () => false,
      modelSettings: () => ({ base_url: 'http://127.0.0.1:9/v1', ideator: 'test' }),
    });
    const opened = await open(host);
    await refused(opened.generateIdeas(), 'declined', /127\.0\.0\.1:9/);
    await refused(opened.runBaseline(), 'declined');
    assert.deepEqual((await opened.state()).runs, []);
  });

  it('an unapproved candidate: only approved patches run', async () => {
    const opened = await open();
    const [idea = 0] = await opened.generateIdeas({ count: 1 });
    const candidate = await opened.implement(idea);
    await refused(opened.run(candidate.id), 'not-approved', /approve/);
    await opened.approveAll(candidate.id, 'person');
    await refused(opened.openReview(idea), 'already-approved', /git show/);
    assert.equal(
      (await opened.state()).rounds[0]?.ideas[0]?.candidates.length,
      1,
      'no second candidate behind their back',
    );
  });

  it('a database of a newer version: refused with both versions, and not a byte of it changes', async () => {
    const opened = await open();
    await opened.newBase();
    await opened.close();
    research = undefined;
    const file = path.join(place.repo, '.git/research/research.db');
    const database = new DatabaseSync(file);
    database.exec('PRAGMA user_version = 9999; PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
    const before = readFileSync(file);
    await refused(openAt(place), 'database-newer', /9999/, /research\.db/);
    assert.ok(readFileSync(file).equals(before));
  });

  it('a damaged database: set aside, never overwritten, and said', async () => {
    const opened = await open();
    await opened.newBase();
    await opened.close();
    const folder = path.join(place.repo, '.git/research');
    const junk = Buffer.alloc(8192, 'damaged');
    for (const name of readdirSync(folder).filter((one) => one.startsWith('research.db-')))
      writeFileSync(path.join(folder, name), '');
    writeFileSync(path.join(folder, 'research.db'), junk);
    const said: string[] = [];
    const again = await open(agreeingHost({ log: (_level, text) => said.push(text) }));
    assert.equal((await again.state()).base, undefined);
    const aside = readdirSync(folder).find((name) => name.startsWith('research.db.damaged'));
    assert.ok(aside && existsSync(path.join(folder, aside)), readdirSync(folder).join(' '));
    assert.ok(readFileSync(path.join(folder, aside)).equals(junk));
    assert.ok(
      said.some((text) => text.includes(aside)),
      said.join('\n'),
    );
  });

  it('no commit, and no repository: says which', async () => {
    place.git('update-ref', '-d', 'HEAD');
    const opened = await open();
    await refused(opened.generateIdeas(), 'no-commits', /commit/i);
    await refused(openAt({ ...place, repo: '/' }), 'no-repository', /git/);
  });
});
