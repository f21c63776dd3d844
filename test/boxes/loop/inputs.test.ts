import { strict as assert } from 'node:assert';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { stringify } from 'yaml';
import type { Question, Research } from '../../../src/core/research.ts';
import { agreeingHost, makePlace, openAt, type Place, until } from '../../support/research.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';

const SCRIPT = 'sha256sum data/*; echo "loss: 1.5"\n';

describe('Inputs on their way from a person’s machine', () => {
  let box: TestBox;
  let place: Place;
  let research: Research;
  const asked: Question[] = [];
  let answer: (yes: boolean) => void = () => {};

  before(async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    box = await startBox({ name: 'data' });
    const source = mkdtempSync(path.join(tmpdir(), 'rc-inputs-'));
    const yaml = {
      name: 'inputs',
      run: 'sh train.sh',
      objective: { metric: 'loss', goal: 'minimize' },
      resources: { gpus: 0, timeout: '2m' },
      inputs: ['data/*'],
    };
    writeFileSync(path.join(source, 'research.yaml'), stringify(yaml));
    writeFileSync(path.join(source, 'train.sh'), SCRIPT);
    writeFileSync(path.join(source, '.gitignore'), '/data\n');
    place = makePlace(source, { RESEARCH_COPILOT_SSH_CONFIG: box.sshConfigFile });
    rmSync(source, { recursive: true });
    mkdirSync(path.join(place.repo, 'data'));
    place.boxes(
      stringify({ boxes: [{ name: 'far', kind: 'ssh', host: 'data', gpus: [], ask_above: '1MB', sandbox: 'none' }] }),
    );
    const host = agreeingHost({
      confirm: (question) => {
        if (question.kind !== 'ship-inputs') return Promise.resolve(true);
        asked.push(question);
        return new Promise((resolve) => {
          answer = resolve;
        });
      },
    });
    research = await openAt(place, { host });
  });
  after(async () => {
    await research?.close();
    place?.dispose();
    await box?.stop();
  });

  const row = async (id: string) => (await research.state()).runs.find((run) => run.id === id);
  const said = (id: string, pattern: RegExp) =>
    until(research, String(pattern), async () => {
      const run = await row(id);
      return run?.reason !== undefined && pattern.test(run.reason) ? run : undefined;
    });
  const start = async () => {
    const [id] = await research.runBaseline({ seeds: 1 });
    assert.ok(id);
    return id;
  };

  it('wait with their reason for a yes, ask once for a content, and ask anew where a new run wants them after a no', async () => {
    writeFileSync(path.join(place.repo, 'data/tokens.bin'), Buffer.alloc(3_000_000, 1));
    const first = await start();
    const waits = await said(first, /waits for a yes to send 3\.0 MB of inputs to far/);
    assert.equal(waits.state, 'shipping');
    assert.match(waits.reason ?? '', /ask_above of far in boxes\.yaml/);
    assert.equal(asked.length, 1);
    assert.match(asked[0]?.message ?? '', /Send 3\.0 MB of inputs to far\?/);
    assert.match(asked[0]?.detail ?? '', /data\/tokens\.bin \(3\.0 MB\)/);
    answer(false);
    const second = await start();
    await until(research, 'the second question', async () => asked.length === 2 || undefined);
    answer(true);
    const ended = await research.waitForRuns([first, second]);
    assert.deepEqual(
      ended.map(({ state }) => state),
      ['succeeded', 'succeeded'],
    );
    const third = await start();
    assert.equal((await research.waitForRuns([third]))[0]?.state, 'succeeded');
    assert.equal(asked.length, 2);
  });

  it('tell in the row of their run how far they are, and stop when it is cancelled', async () => {
    const file = path.join(place.repo, 'data/large.bin');
    writeFileSync(file, '');
    truncateSync(file, 600_000_000);
    const id = await start();
    await until(research, 'the question', async () => asked.length === 3 || undefined);
    answer(true);
    const sending = await said(id, /^Sending data\/large\.bin to far: \d+ % of 600 MB/);
    assert.equal(sending.state, 'shipping');
    await research.cancelRun(id);
    const [ended] = await research.waitForRuns([id]);
    assert.equal(ended?.state, 'cancelled');
    const visible = readdirSync(path.join(box.root, 'inputs')).filter((name) => /^[0-9a-f]{64}$/.test(name));
    assert.equal(visible.length, 1);
    assert.ok(!existsSync(path.join(box.root, 'runs', id, 'spec')));
    rmSync(file);
    const next = await start();
    assert.equal((await research.waitForRuns([next]))[0]?.state, 'succeeded');
  });

  it('that Git LFS has not brought here end the run with the command that does', async () => {
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 9\n`;
    writeFileSync(path.join(place.repo, 'data/pointer.bin'), pointer);
    const id = await start();
    const [ended] = await research.waitForRuns([id]);
    assert.equal(ended?.state, 'failed');
    assert.match(ended?.reason ?? '', /git lfs pull --include "data\/pointer\.bin"/);
    rmSync(path.join(place.repo, 'data/pointer.bin'));
  });

  it('and links that lead nowhere end the run with the line to mend', async () => {
    const yaml = path.join(place.repo, 'research.yaml');
    const text = place.git('show', 'HEAD:research.yaml');
    writeFileSync(yaml, `${text}links:\n  far/away: /no/such/place\n`);
    place.git('commit', '-q', '-am', 'A link');
    await research.newBase();
    const id = await start();
    const [ended] = await research.waitForRuns([id]);
    assert.equal(ended?.state, 'failed');
    const line = `${text}links:\n`.split('\n').length;
    assert.ok(
      ended?.reason?.startsWith(`research.yaml:${line}: links: far/away points to /no/such/place on `),
      ended?.reason,
    );
  });
});
