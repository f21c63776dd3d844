import * as assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import * as path from 'node:path';
import type { Research } from '../../../src/core/research.ts';
import { checkout, makePlace, openAt, type Place, until } from '../../support/research.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';

describe('Check Boxes while one of them hangs', () => {
  let box: TestBox;
  let place: Place;
  let silent: Server;
  let research: Research | undefined;
  const sockets = new Set<Socket>();

  before(async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    box = await startBox({ name: 'well', gpus: 2 });
    // Takes the connection and never says a word, as a frozen machine does.
    silent = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const address = silent.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const config = box.clientConfig(
      (usual) =>
        `Host frozen\n  HostName 127.0.0.1\n  Port ${port}\n\nHost shut\n  HostName 127.0.0.1\n  Port 1\n\n${usual}`,
    );
    place = makePlace(undefined, { RESEARCH_COPILOT_SSH_CONFIG: config });
  });
  after(async () => {
    await research?.close();
    for (const socket of sockets) socket.destroy();
    silent?.close();
    await box?.stop();
    place?.dispose();
  });

  it('hands on what the others say, names who is waited for, and can be called off', async () => {
    place.boxes('boxes:\n  - { name: frozen, kind: ssh, host: frozen }\n  - { name: well, kind: ssh, host: well }\n');
    const opened = await openAt(place);
    research = opened;
    const said: string[] = [];
    const stop = new AbortController();
    const check = opened.checkBoxes({ signal: stop.signal, progress: { report: ({ text }) => said.push(text) } });
    const both = await until(opened, 'the answer of the one that is well', async () => {
      const { boxes } = await opened.state();
      return boxes.find(({ name }) => name === 'well')?.report ? boxes : undefined;
    });
    const [frozen, well] = both;
    assert.deepEqual([frozen?.checking, frozen?.report, well?.report?.gpus.length], [true, undefined, 2]);
    stop.abort(new Error('enough'));
    await assert.rejects(check, /enough/);
    assert.deepEqual(said, ['waiting for frozen, well', '1 of 2 answered, waiting for frozen']);
    const { boxes: before } = await opened.state();
    writeFileSync(path.join(box.home, 'gpu-apps'), `${before[1]?.report?.gpus[1]?.uuid}, ${process.pid}, 30000\n`);
    // What somebody who looks at the boxes sees of GPUs is fresh, and nothing else is asked again for it.
    await until(opened, 'a fresh look at the GPUs', async () => {
      opened.glanceAtBoxes();
      return (await opened.state()).boxes[1]?.report?.gpus[1]?.users[0];
    });
    const after = (await opened.state()).boxes;
    const [was, is] = [before, after].map((boxes) => boxes[1]?.report);
    assert.deepEqual([is?.checkedAt, is?.tools, is?.sandbox], [was?.checkedAt, was?.tools, was?.sandbox]);
    assert.ok((is?.seenAt ?? 0) > (was?.checkedAt ?? 0));
    assert.deepEqual(
      after.map(({ name, checking, report }) => [name, checking, report?.reachable]),
      [
        ['frozen', undefined, undefined],
        ['well', undefined, true],
      ],
    );
    await opened.close();
    research = undefined;
  });

  it('ends in the terminal with exit code 3 where a box does not answer, and tells the rest', () => {
    place.boxes('boxes:\n  - { name: well, kind: ssh, host: well }\n  - { name: shut, kind: ssh, host: shut }\n');
    const type = (...args: string[]) =>
      spawnSync(process.execPath, [path.join(checkout, 'dist/cli.js'), 'boxes', ...args], {
        cwd: place.repo,
        env: { ...place.env, NO_COLOR: '1' },
        encoding: 'utf8',
      });
    const { status, stdout, stderr } = type('--check');
    assert.equal(status, 3, stderr);
    assert.match(stdout, /^box +state +GPUs/m);
    assert.match(stdout, /^well +(ready|problems) +2 × H100 80GB HBM3 +1 of 2/m);
    assert.match(stdout, /^shut +unreachable/m);
    assert.match(stdout, /GPU 1: .*without a reservation of this tool/);
    assert.match(stdout, /unreachable: shut .*is unreachable/);
    assert.match(stderr, /1 of 2 boxes did not answer: shut\./);
    const json = type('--check', '--json');
    assert.equal(json.status, 3);
    assert.deepEqual(
      (JSON.parse(json.stdout) as { box: string; reachable: boolean }[]).map((one) => [one.box, one.reachable]),
      [
        ['well', true],
        ['shut', false],
      ],
    );
    assert.equal(type().status, 0);
  });
});
