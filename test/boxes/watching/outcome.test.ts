import { strict as assert } from 'node:assert';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { Research } from '../../../src/core/research.ts';
import { makePlace, openAt, type Place } from '../../support/research.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';

for (const kind of ['local', 'ssh'] as const) {
  describe(`what comes of a run (${kind} box)`, () => {
    let box: TestBox | undefined;
    let source: string;
    let place: Place;
    let research: Research;

    before(async function () {
      const why = kind === 'ssh' ? whyNoBox() : undefined;
      if (why !== undefined) {
        console.log(`skipped: ${why}`);
        this.skip();
      }
      source = mkdtempSync(path.join(tmpdir(), 'outcome-'));
      const train = 'mkdir -p out; head -c 300000 /dev/urandom >out/model.bin; ln -s /etc/hostname out/link';
      writeFileSync(path.join(source, 'train.sh'), `${train}\necho "val_loss: 0.001"\nprintf "val_loss: 0.002 "\n`);
      writeFileSync(path.join(source, 'evaluate.sh'), '[ "$SEED" = 2 ] || echo "val_loss: 1.25"\n');
      writeFileSync(
        path.join(source, 'research.yaml'),
        [
          'name: outcome',
          'run: sh train.sh',
          'evaluate: sh evaluate.sh',
          'objective: { metric: val_loss, goal: minimize }',
          'protected: [evaluate.sh]',
          "artifacts: ['out/**']",
          'resources: { gpus: 0, timeout: 5m }',
          'seed: { env: SEED }',
          '',
        ].join('\n'),
      );
      box = kind === 'ssh' ? await startBox({ name: 'outcomebox' }) : undefined;
      place = makePlace(source, box ? { RESEARCH_COPILOT_SSH_CONFIG: box.sshConfigFile } : {});
      place.boxes(
        box
          ? `boxes:\n  - { name: far, kind: ssh, host: ${box.name}, gpus: [], cpu_slots: 2, root: "${box.root}" }\n`
          : 'boxes:\n  - { name: here, kind: local, slots: 2 }\n',
      );
      research = await openAt(place);
    });
    after(async () => {
      await research?.close();
      place?.dispose();
      await box?.stop();
      if (source) rmSync(source, { recursive: true, force: true });
    });

    it('is verified only where evaluate itself printed the number, and its files are fetched whole', async () => {
      const [first = '', second = ''] = await research.runBaseline({ seeds: 2 });
      const [judged, silent] = await research.waitForRuns([first, second]);
      assert.deepEqual(
        [judged?.state, judged?.objective, judged?.verified],
        ['succeeded', { state: 'ok', value: 1.25 }, true],
        judged?.reason,
      );
      assert.deepEqual([silent?.objective, silent?.verified], [{ state: 'ok', value: 0.002 }, false]);
      assert.match(silent?.reason ?? '', /evaluate printed no val_loss/);
      assert.deepEqual(
        [judged?.curve?.points, silent?.curve?.points],
        [2, 2],
        'what evaluate prints is no point of the curve',
      );

      const seen: number[] = [];
      const { files, skipped, folder } = await research.fetchArtifacts(first, {
        progress: { report: ({ share }) => seen.push(share ?? 0) },
      });
      assert.deepEqual([files, skipped], [[{ path: 'out/model.bin', size: 300_000 }], []]);
      assert.equal(seen.at(-1), 1);
      const there = path.join(box?.root ?? path.join(place.data, 'research-copilot/v1'), 'runs', first);
      assert.ok(
        readFileSync(path.join(folder, 'out/model.bin')).equals(readFileSync(path.join(there, 'code/out/model.bin'))),
      );
      assert.ok(!existsSync(path.join(folder, 'out/link')));
      assert.equal(place.git('status', '--porcelain'), '', 'git sees nothing of it');
      const small = await research.fetchArtifacts(second, { to: path.join(place.root, 'small'), maxBytes: 1000 });
      assert.deepEqual([small.files, small.skipped.map((one) => one.path)], [[], ['out/model.bin']]);
    });
  });
}
