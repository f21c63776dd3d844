import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { isHumanError } from '../../../src/core/domain/index.ts';
import { runCommand } from '../../support/command.ts';
import { type ModelServer, promptOf, startModelServer } from '../../support/model-server/index.ts';
import { agreeingHost, makePlace, openAt, type Place } from '../../support/research.ts';

const PRETRAIN = 'import os\nseed = int(os.environ["RUN_KEY"])\nloss.backward()\nprint(f"val_loss: {l:.3f}")\n';
const FINETUNE = 'loss.backward()\nprint(f"val_acc: {a:.3f}")\n';

/** Setting up a repository of which two scripts train: no rule can say which is meant. */
describe('setting up with a model', () => {
  let server: ModelServer;
  let place: Place;
  let from: string;
  let answer: Record<string, unknown>;

  beforeEach(async () => {
    from = mkdtempSync(path.join(tmpdir(), 'two-scripts-'));
    writeFileSync(path.join(from, 'pretrain.py'), PRETRAIN);
    writeFileSync(path.join(from, 'finetune.py'), FINETUNE);
    writeFileSync(path.join(from, '.env'), 'TOKEN=not-for-a-model\n');
    server = await startModelServer({ answers: () => JSON.stringify(answer) });
    place = makePlace(from);
    place.model(server.url);
    const nothing = { metric: null, goal: null, seed_variable: null, seed_flag: null, timeout: null };
    answer = { ...nothing, run: 'python3 pretrain.py', seed_variable: 'RUN_KEY' };
  });
  afterEach(async () => {
    await server.close();
    place.dispose();
    rmSync(from, { recursive: true, force: true });
  });

  it('asks for what stays open only, and says which lines came from the model', async () => {
    const research = await openAt(place, { mayDrive: false });
    try {
      const alone = await research.detect();
      assert.deepEqual(alone.open, ['run', 'objective', 'seed']);
      assert.equal(server.requests.length, 0);
      const { environment, reasons, questions } = await research.detect({ askModel: true });
      assert.equal(environment.run, 'python3 pretrain.py');
      assert.equal(reasons.run, 'the model test-model says so; it starts pretrain.py');
      assert.deepEqual(environment.seed, { env: 'RUN_KEY' });
      assert.match(reasons.seed ?? '', /^the model test-model says so; pretrain\.py:2/);
      // Told from the file, now that the command is known.
      assert.equal(environment.objective?.metric, 'val_loss');
      assert.equal(reasons.objective, 'pretrain.py:4 prints it');
      assert.deepEqual(Object.keys(questions), ['resources.timeout']);
      const [request] = server.requests;
      assert.ok(request);
      assert.ok(!promptOf(request).includes('not-for-a-model'));
    } finally {
      await research.close();
    }
  });

  it('refuses what the files do not bear out', async () => {
    answer = { ...answer, run: 'python3 train_all.py', metric: 'val_bleu', seed_variable: null };
    const research = await openAt(place, { mayDrive: false });
    try {
      const first = await research.detect({ askModel: true });
      assert.equal(first.environment.run, undefined);
      assert.match(first.questions.run ?? '', /said "python3 train_all\.py", but there is no train_all\.py/);
    } finally {
      await research.close();
    }
  });

  it('sends nothing without consent', async () => {
    const research = await openAt(place, { mayDrive: false, host: agreeingHost({ confirm: async () => false }) });
    try {
      await assert.rejects(
        research.detect({ askModel: true }),
        (error) => isHumanError(error) && error.code === 'declined',
      );
      assert.equal(server.requests.length, 0);
    } finally {
      await research.close();
    }
  });

  it('prints one JSON value and nothing else, and ends well while things stay open', async () => {
    const { code, out, err } = await runCommand(place, 'init', '--dry-run', '--json');
    assert.equal(code, 0, err);
    const printed = JSON.parse(out) as Record<string, unknown>;
    assert.deepEqual(Object.keys(printed), ['environment', 'reasons', 'open', 'questions', 'hyperparameters']);
    assert.deepEqual(printed.open, ['run', 'objective', 'seed']);
    assert.equal(err, '');
  });
});
