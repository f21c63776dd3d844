import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { Research } from '../../../src/core/research.ts';
import { makePlace, openAt, type Place, until } from '../../support/research.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';

/** Writes 5 MB in four parts, each behind a gate, with a value on every hundredth line. */
const TRAIN = `import os, sys, time
gates = sys.argv[1]
step = 0
for part in range(4):
    while not os.path.exists(f"{gates}/{part}"):
        time.sleep(0.02)
    for _ in range(12500):
        if step % 100 == 0:
            print(f"step {step}: train loss 1.0, val loss {2 + step / 1e6:.6f}")
        else:
            print(f"{step:08d} " + "x" * 96)
        step += 1
    sys.stdout.flush()
`;

const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

describe('a link that freezes, drops and comes back while a run prints 5 MB', () => {
  let box: TestBox;
  let gates: string;
  let source: string;
  let place: Place;
  let research: Research;

  before(async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    box = await startBox({ name: 'linkbox' });
    // A dead link is to be noticed within a second or two, not within a minute.
    appendFileSync(box.sshConfigFile, '  ServerAliveInterval 1\n  ServerAliveCountMax 1\n  ConnectTimeout 3\n');
    gates = mkdtempSync(path.join(tmpdir(), 'gates-'));
    chmodSync(gates, 0o777);
    source = mkdtempSync(path.join(tmpdir(), 'prints-'));
    writeFileSync(path.join(source, 'train.py'), TRAIN);
    writeFileSync(
      path.join(source, 'research.yaml'),
      [
        'name: prints',
        `run: python3 train.py ${gates}`,
        'objective: { metric: val_loss, goal: minimize }',
        'resources: { gpus: 0, timeout: 5m }',
        '',
      ].join('\n'),
    );
    place = makePlace(source, { RESEARCH_COPILOT_SSH_CONFIG: box.sshConfigFile });
    place.boxes(
      `boxes:\n  - { name: far, kind: ssh, host: ${box.name}, gpus: [], cpu_slots: 1, root: "${box.root}" }\n`,
    );
    research = await openAt(place);
  });
  after(async () => {
    await research?.close();
    place?.dispose();
    await box?.stop();
    if (source) rmSync(source, { recursive: true, force: true });
    if (gates) rmSync(gates, { recursive: true, force: true });
  });

  it('is shown as unreachable since its last word, ends nothing, and is caught up with byte for byte', async () => {
    const [id = ''] = await research.runBaseline({ seeds: 1 });
    // On screen: polls and a live channel bring the same bytes.
    const shown = research.watch([id]);
    const boxLog = path.join(box.root, 'runs', id, 'log');
    const row = async () => (await research.state()).runs.find((run) => run.id === id);
    const here = () => {
      try {
        return statSync(research.logFile(id)).size;
      } catch {
        return 0;
      }
    };
    /** Lets the run print its next part, and waits until the box has it. */
    const print = async (part: number) => {
      const before = part === 0 ? 0 : statSync(boxLog).size;
      writeFileSync(path.join(gates, String(part)), '');
      await until(research, `part ${part} on the box`, async () => {
        const size = statSync(boxLog).size;
        return size > before + 1_250_000 ? size : undefined;
      });
    };
    const signal = (name: string) => execFileSync('pkill', [`-${name}`, '-u', box.user, 'sshd']);
    const unreachable = () =>
      until(research, 'unreachable', async () => ((await row())?.unreachableSince ? true : undefined));
    const caughtUp = () =>
      until(research, 'the log being here', async () =>
        here() === statSync(boxLog).size && (await row())?.unreachableSince === undefined ? true : undefined,
      );

    await until(research, 'running', async () => ((await row())?.state === 'running' ? true : undefined));
    await print(0);
    await caughtUp();

    signal('STOP');
    await print(1);
    await unreachable();
    assert.equal((await row())?.state, 'running', 'a dead link ends nothing');
    signal('CONT');
    await caughtUp();

    assert.ok(box.dropConnections() > 0);
    await print(2);
    await caughtUp();

    await box.stopServer();
    // The sessions of a listener that is gone live on.
    signal('KILL');
    await print(3);
    await unreachable();
    await box.startServer();

    const [ended] = await research.waitForRuns([id]);
    shown.dispose();
    assert.equal(ended?.state, 'succeeded', ended?.reason);
    assert.ok(here() > 5_000_000);
    assert.equal(sha256(research.logFile(id)), sha256(boxLog));
    assert.deepEqual(
      (await research.curve(id, 'val_loss')).map((point) => point.step),
      Array.from({ length: 500 }, (_, index) => index * 100),
      'no line twice, none lost',
    );
  });
});
