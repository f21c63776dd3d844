import * as assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { openResearch, type Research } from '../../../src/core/research.ts';
import type { Asker } from '../../../src/core/workers/index.ts';
import { agreeingHost, makePlace, type Place } from '../../support/research.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';

describe('Asking a person about a box', () => {
  let box: TestBox;
  let place: Place;
  let opened: Research | undefined;
  const asked: string[] = [];
  let answer = true;
  const asker: Asker = {
    trustHostKey: async ({ fingerprint }) => {
      asked.push(fingerprint);
      return answer;
    },
    secret: async () => undefined,
  };

  before(async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    box = await startBox({ name: 'shy' });
    writeFileSync(box.knownHostsFile, '');
    place = makePlace(undefined, { RESEARCH_COPILOT_SSH_CONFIG: box.sshConfigFile });
    place.boxes(`boxes:\n  - { name: shy, kind: ssh, host: ${box.name}, gpus: [], cpu_slots: 2 }\n`);
    const file = path.join(place.repo, 'research.yaml');
    const gate = `touch "$HOME/up"; while [ ! -e "$HOME/go" ]; do sleep 0.05; done; echo 'step:1/1 val_loss:1.5 train_time:1ms'`;
    writeFileSync(path.join(place.repo, 'gate.sh'), gate);
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^run:.*$/m, 'run: sh gate.sh'));
    place.git('add', '-A');
    place.git('commit', '-q', '-m', 'Wait at a gate');
  });
  beforeEach(() => {
    asked.length = 0;
    answer = true;
  });
  after(async () => {
    await opened?.close();
    await box?.stop();
    place?.dispose();
  });

  const open = async () => {
    opened = await openResearch({
      folder: place.repo,
      holder: 'test',
      system: place.system,
      host: agreeingHost({ asker }),
    });
    return opened;
  };
  const forget = () => rmSync(path.join(place.config, 'known_hosts'), { force: true });
  /** Waits until the state holds what `look` finds. */
  const until = <T>(research: Research, look: (state: Awaited<ReturnType<Research['state']>>) => T | undefined) =>
    new Promise<T>((resolve, reject) => {
      const check = () =>
        research.state().then((state) => {
          const found = look(state);
          if (found === undefined) return;
          subscription.dispose();
          resolve(found);
        }, reject);
      const subscription = research.onDidChange(check);
      check();
    });

  it('happens once, when the runs they asked for wait for it first; a reconnect never asks, Check Boxes does', async () => {
    const research = await open();
    const [id = ''] = await research.runBaseline({ seeds: 1 });
    await until(research, (state) => state.runs.find((run) => run.id === id && run.state === 'running'));
    assert.equal(asked.length, 1);

    forget();
    assert.ok(box.dropConnections() > 0);
    const problem = await until(research, (state) => state.boxes[0]?.problem);
    assert.match(problem, /not known yet.*Check Boxes/s);
    const run = await until(research, (state) => state.runs.find((one) => one.id === id && one.unreachableSince));
    assert.equal(run.state, 'running');
    assert.equal(asked.length, 1, 'asked in the background');
    // Not even for runs a person asks for: the box was reached before.
    await research.runBaseline({ seeds: 1 });
    assert.equal(asked.length, 1);

    answer = false;
    await research.checkBoxes();
    assert.equal(asked.length, 2);
    assert.ok((await research.state()).boxes[0]?.problem);
    answer = true;
    const [report] = await research.checkBoxes();
    assert.equal(asked.length, 3);
    assert.equal(report?.reachable, true);
    assert.equal((await research.state()).boxes[0]?.problem, undefined);
    await until(research, (state) => state.runs.find((one) => one.id === id && !one.unreachableSince));
    await research.close();
  });

  it('never happens after a restart that only follows what runs already', async () => {
    forget();
    const research = await open();
    await until(research, (state) => state.boxes[0]?.problem);
    assert.deepEqual(asked, []);
    // What a person asks for now may ask them: this process has not reached the box yet.
    const [id = ''] = await research.runBaseline({ seeds: 1 });
    writeFileSync(path.join(box.home, 'go'), '');
    const [end] = await research.waitForRuns([id]);
    assert.equal(end?.state, 'succeeded', end?.reason);
    assert.equal(asked.length, 1);
  });
});
