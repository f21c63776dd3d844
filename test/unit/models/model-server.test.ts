import * as assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { readContext } from '../../../src/core/environment/index.ts';
import { createLlmIdeator, type ProposedIdea } from '../../../src/core/ideator/index.ts';
import { createLlmImplementer } from '../../../src/core/implementer/index.ts';
import { seededRandom } from '../../../src/core/system/index.ts';
import { type ModelServer, startModelServer } from '../../support/model-server/index.ts';
import { base, outcome, QUICKSTART, quickstartFiles, request } from '../ideator/support.ts';
import { clientOf, MemoryLog } from './support.ts';

const BLOCK = /^(\S+)\n```\w*\n<<<<<<< SEARCH\n([\s\S]*?)\n=======\n([\s\S]*?)\n>>>>>>> REPLACE\n```$/gm;

/** Applies a search/replace answer the strict way: every SEARCH stands once in its file. */
function apply(
  answer: string,
  files: ReadonlyMap<string, string>,
): { readonly files: Map<string, string>; readonly hunks: number } {
  const after = new Map(files);
  let hunks = 0;
  for (const [, name = '', search = '', replace = ''] of answer.matchAll(BLOCK)) {
    const text = after.get(name);
    assert.ok(text !== undefined, `${name} is no file of the prompt`);
    assert.equal(text.split(search).length, 2, `SEARCH is not unique in ${name}: ${search}`);
    after.set(
      name,
      text.replace(search, () => replace),
    );
    hunks += 1;
  }
  return { files: after, hunks };
}

function patchPrompt(files: ReadonlyMap<string, string>, idea: string): string {
  const shown = [...files].map(([name, text]) => `${name}\n\`\`\`python\n${text}\`\`\``).join('\n\n');
  return `${shown}\n\n# The idea\n\n${idea}\n\nAnswer with <<<<<<< SEARCH / ======= / >>>>>>> REPLACE blocks.`;
}

describe('the model server, on the quickstart example', () => {
  // Each patch is run for real.
  let server: ModelServer;
  let folder: string;
  let files: Map<string, string>;
  before(async () => {
    server = await startModelServer();
    files = await quickstartFiles();
    folder = await mkdtemp(path.join(tmpdir(), 'model-server-'));
    await cp(QUICKSTART, folder, { recursive: true });
  });
  after(async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function ideas(more: Partial<Parameters<typeof request>[0]> = {}): Promise<ProposedIdea[]> {
    const asked = request({ files, explore: 8, ...more });
    const client = await clientOf(server.url, { log: new MemoryLog() });
    await createLlmIdeator({ client, random: seededRandom(1) }).propose(asked);
    return asked.got;
  }

  async function patch(idea: Pick<ProposedIdea, 'title' | 'details'>, of = files): Promise<string> {
    const client = await clientOf(server.url, { log: new MemoryLog() });
    const content = patchPrompt(of, `${idea.title}\n\n${idea.details}`);
    return (await client.complete({ messages: [{ role: 'user', content }], purpose: 'patch', key: idea.title })).value;
  }

  it('proposes ideas about what the files hold, and patches that run', async () => {
    const got = await ideas();
    assert.equal(got.length, 8);
    assert.ok(got.every((idea) => idea.dropped === undefined));
    assert.equal(new Set(got.map((idea) => idea.title)).size, 8);
    const hunks: number[] = [];
    for (const idea of got) {
      const applied = apply(await patch(idea), files);
      hunks.push(applied.hunks);
      const changed = [...applied.files].filter(([name, text]) => text !== files.get(name));
      assert.ok(changed.length > 0, `${idea.title} changes nothing`);
      assert.ok(changed.every(([name]) => !['evaluate.py', 'data.py'].includes(name)));
      await Promise.all([...applied.files].map(([name, text]) => writeFile(path.join(folder, name), text)));
      const run = spawnSync('python3', ['train.py', '--max_iters', '1'], { cwd: folder, encoding: 'utf8' });
      assert.equal(run.status, 0, `${idea.title}: ${run.stderr}`);
      assert.match(run.stdout, /val loss \d/);
    }
    assert.ok(hunks.filter((count) => count > 1).length >= 2, 'some patches have several hunks');
  });

  it('writes patches that the implementer takes at the first answer', async () => {
    for (const [index, proposed] of (await ideas({ explore: 6 })).entries()) {
      const { idea } = outcome(index + 1, proposed, { verdict: 'not run' });
      const attempts: string[] = [];
      const implementer = createLlmImplementer({ client: await clientOf(server.url, { log: new MemoryLog() }) });
      const { changes, reasons } = await implementer.implement({
        idea,
        environment: base.environment,
        files,
        context: readContext(files, base.environment),
        key: `candidate-${idea.id}.1`,
        onAttempt: async (attempt) => {
          attempts.push(attempt.diff);
        },
        verify: async () => true,
      });
      assert.equal(attempts.length, 1, idea.title);
      assert.ok(changes.size > 0);
      assert.ok(reasons.length > 0, 'each hunk has its reason');
    }
  });

  it('has a first idea whose hunks each stand alone, in two files', async () => {
    const [first] = await ideas({ explore: 1 });
    const answer = await patch(first as ProposedIdea);
    const blocks = [...answer.matchAll(BLOCK)];
    assert.equal(new Set(blocks.map(([, name]) => name)).size, 2);
    for (const [block] of blocks) {
      const applied = apply(block, files);
      await Promise.all([...applied.files].map(([name, text]) => writeFile(path.join(folder, name), text)));
      assert.equal(spawnSync('python3', ['train.py', '--max_iters', '1'], { cwd: folder }).status, 0);
    }
  });

  it('builds on the parents it is told, names their results, and repeats nothing', async () => {
    const first = await ideas();
    const history = first.map((idea, index) =>
      outcome(index + 1, idea, {
        verdict: index % 2 ? 'better' : 'worse',
        objective: { mean: 2.3 + index / 1000, std: 0.001, n: 3 },
        delta: index % 2 ? -0.1 : 0.1,
      }),
    );
    const parents = [history[1], history[3]].filter((parent) => parent !== undefined);
    const second = await ideas({ explore: 4, exploit: 4, history, parents, round: 1, key: 'round-1' });
    assert.deepEqual(
      second.map((idea) => idea.dropped),
      Array(8).fill(undefined),
    );
    assert.ok(second.every((idea) => !first.some((one) => one.title === idea.title)));
    const exploit = second.filter((idea) => idea.move === 'exploit');
    assert.equal(exploit.length, 4);
    for (const idea of exploit) {
      assert.ok(['2.1', '4.1'].includes(idea.parents[0]?.candidate ?? ''));
      assert.match(idea.hypothesis, /2\.30[13]/);
      assert.ok(apply(await patch(idea), files).hunks >= 2, 'the parent’s change and one more');
    }
    const third = await ideas({
      explore: 4,
      exploit: 4,
      history: [
        ...history,
        ...second.map((idea, index) =>
          outcome(20 + index, idea, { verdict: 'better', objective: { mean: 2, std: 0, n: 1 }, delta: -0.4 }),
        ),
      ],
      parents,
      round: 2,
      key: 'round-2',
    });
    assert.equal(
      third.filter((idea) => idea.dropped === undefined).length,
      8,
      third.map((idea) => `${idea.title}: ${idea.dropped}`).join('\n'),
    );
  });

  it('goes on where it was cut off, without repeating itself', async () => {
    server.script({ kind: 'length', after: 2_500 });
    const before = server.requests.length;
    const got = await ideas({ key: 'cut-off' });
    assert.equal(server.requests.length, before + 2);
    assert.equal(new Set(got.map((idea) => idea.title)).size, 8);
    assert.ok(got.every((idea) => idea.dropped === undefined));
  });

  it("implements a person's own words where they name a number", async () => {
    const applied = apply(
      await patch({ title: 'Bigger batch', details: 'I think the batch size should go to 64.' }),
      files,
    );
    assert.match(applied.files.get('train.py') ?? '', /"--batch_size", type=int, default=64/);
    assert.match(await patch({ title: 'Poetry', details: 'Write better verses.' }), /nothing to change/);
  });

  it('has nothing to say without a repository', async () => {
    await assert.rejects(ideas({ files: new Map() }), { code: 'no-ideas' });
  });

  it('serves another process, and takes its faults over POST', async () => {
    const child = spawn(process.execPath, [path.resolve('out/test/support/model-server/main.entry.js'), '--key', 'k'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [line] = await new Promise<[string]>((resolve) =>
        createInterface(child.stdout).once('line', (text) => resolve([text])),
      );
      const { url } = JSON.parse(line) as { url: string };
      const control = new URL('/control', url);
      await fetch(control, {
        method: 'POST',
        body: JSON.stringify({ faults: [{ kind: 'rate-limit', retryAfterMs: 1 }] }),
      });
      const client = await clientOf(url, { log: new MemoryLog(), apiKey: async () => 'k' });
      await createLlmIdeator({ client, random: seededRandom(1) }).propose(request({ files }));
      const told = (await (await fetch(control)).json()) as { requests: object[]; paid: Record<string, number> };
      assert.equal(told.requests.length, 2);
      assert.deepEqual(Object.values(told.paid), [1]);
      const models = (await (await fetch(`${url}/models`)).json()) as { data: { id: string }[] };
      assert.equal(models.data[0]?.id, 'test-model');
    } finally {
      child.kill();
    }
  });
});
