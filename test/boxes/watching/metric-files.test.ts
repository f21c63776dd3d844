import { strict as assert } from 'node:assert';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { Research } from '../../../src/core/research.ts';
import { makePlace, openAt, type Place, until } from '../../support/research.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';

/**
 * Writes its metrics into files, each in two parts with a gate between, the first part ending in the middle of a record;
 * prints one name of theirs too, and one of its own.
 */
const TRAIN = `import os, struct, sys, time
gates = sys.argv[1]
os.makedirs("out/deep", exist_ok=True)
TABLE = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82f63b78 if byte & 1 else 0)
    TABLE.append(byte)
def masked(data):
    crc = 0xffffffff
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 255]
    crc ^= 0xffffffff
    return ((crc >> 15 | crc << 17) + 0xa282ead8) & 0xffffffff
def event(step, tag, value):
    entry = b"\\x0a" + bytes([len(tag)]) + tag.encode() + b"\\x15" + struct.pack("<f", value)
    summary = b"\\x0a" + bytes([len(entry)]) + entry
    body = b"\\x09" + struct.pack("<d", 1e9) + b"\\x10" + bytes([step]) + b"\\x2a" + bytes([len(summary)]) + summary
    head = struct.pack("<Q", len(body))
    return head + struct.pack("<I", masked(head)) + body + struct.pack("<I", masked(body))
lines = b"".join(b'{"step": %d, "val_loss": %.2f}\\n' % (step, 3 - step / 100) for step in range(100))
table = b"step,lr\\n" + b"".join(b"%d,%.3f\\n" % (step, step / 1000) for step in range(100))
events = b"".join(event(step, "acc", step / 128) for step in range(100))
print("val_loss: 99")
print("own: 7", flush=True)
files = {"out/deep/metrics.jsonl": lines, "out/log.csv": table, "out/events.out.tfevents.1": events}
handles = {name: open(name, "wb") for name in files}
for name, data in files.items():
    handles[name].write(data[: len(data) // 2 + 3])
    handles[name].flush()
while not os.path.exists(f"{gates}/more"):
    time.sleep(0.02)
for name, data in files.items():
    handles[name].write(data[len(data) // 2 + 3 :])
    handles[name].close()
os.symlink("/etc/hostname", "out/linked.jsonl")
`;

for (const kind of ['local', 'ssh'] as const) {
  describe(`metric files of a run (${kind} box)`, () => {
    let box: TestBox | undefined;
    let gates: string;
    let source: string;
    let place: Place;
    const opened: Research[] = [];

    before(async function () {
      const why = kind === 'ssh' ? whyNoBox() : undefined;
      if (why !== undefined) {
        console.log(`skipped: ${why}`);
        this.skip();
      }
      gates = mkdtempSync(path.join(tmpdir(), 'gates-'));
      chmodSync(gates, 0o777);
      source = mkdtempSync(path.join(tmpdir(), 'files-'));
      writeFileSync(path.join(source, 'train.py'), TRAIN);
      writeFileSync(
        path.join(source, 'research.yaml'),
        [
          'name: files',
          `run: python3 train.py ${gates}`,
          'objective: { metric: val_loss, goal: minimize }',
          "metrics: [{ file: 'out/**/*.jsonl' }, { file: 'out/*.csv' }, { file: 'out/*tfevents*' }]",
          'resources: { gpus: 0, timeout: 5m }',
          '',
        ].join('\n'),
      );
      box = kind === 'ssh' ? await startBox({ name: 'filesbox' }) : undefined;
      place = makePlace(source, box ? { RESEARCH_COPILOT_SSH_CONFIG: box.sshConfigFile } : {});
      place.boxes(
        box
          ? `boxes:\n  - { name: far, kind: ssh, host: ${box.name}, gpus: [], cpu_slots: 1, root: "${box.root}" }\n`
          : 'boxes:\n  - { name: here, kind: local, slots: 1 }\n',
      );
    });
    after(async () => {
      for (const research of opened.splice(0)) await research.close();
      place?.dispose();
      await box?.stop();
      for (const folder of [source, gates]) if (folder) rmSync(folder, { recursive: true, force: true });
    });

    it('are followed like its log, over a take-over in the middle of a record, and win over what it prints', async () => {
      const first = await openAt(place, { holder: 'first' });
      opened.push(first);
      const [id = ''] = await first.runBaseline({ seeds: 1 });
      const steps = async (research: Research, name: string) =>
        (await research.curve(id, name)).map((point) => point.step);
      await until(first, 'half of each file', async () => {
        const found = await Promise.all(['val_loss', 'lr', 'acc'].map((name) => steps(first, name)));
        return found.every((points) => points.length >= 50) ? true : undefined;
      });
      const live = (await first.state()).runs.find((run) => run.id === id);
      assert.equal(live?.state, 'running');
      assert.equal(live?.lastMetric?.step, 49, 'the last point of the objective is that of the file');
      opened.splice(0);
      await first.close();

      const second = await openAt(place, { holder: 'second' });
      opened.push(second);
      writeFileSync(path.join(gates, 'more'), '');
      const [ended] = await second.waitForRuns([id]);
      assert.equal(ended?.state, 'succeeded', ended?.reason);
      const all = Array.from({ length: 100 }, (_, step) => step);
      for (const name of ['val_loss', 'lr', 'acc']) assert.deepEqual(await steps(second, name), all, name);
      assert.deepEqual(ended?.objective, { state: 'ok', value: 2.01 });
      assert.equal(ended?.verified, false);
      assert.deepEqual(await steps(second, 'own'), [null]);
      assert.deepEqual([...(await second.metricNames(id))].sort(), ['acc', 'lr', 'own', 'val_loss']);
    });
  });
}
