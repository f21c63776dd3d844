import * as assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import * as fc from 'fast-check';
import { GPU_QUERIES, isUnknownField, readApps, readGpus } from '../../../src/core/workers/nvidia-smi.ts';

const folder = path.resolve('test/fixtures/nvidia-smi');
const text = (name: string) => readFileSync(path.join(folder, name), 'utf8');
const [full, plain] = GPU_QUERIES;
const hand = (name: string, code = 0, query: string = full) => readGpus({ code, text: text(`by-hand/${name}`), query });
const numbers = (answer: ReturnType<typeof readGpus>) =>
  answer.gpus.map((gpu) => [gpu.index, gpu.memoryMiB, gpu.usedMiB, gpu.utilisation]);

describe('What nvidia-smi prints', () => {
  const H200 = 'index,uuid,pci.bus_id,name,memory.total,memory.used,utilization.gpu,compute_mode,mig.mode.current';

  it('is read as an H200 prints it, idle, busy, and with units', () => {
    for (const [file, used, utilisation] of [
      ['gpu-idle.csv', 0, 0],
      ['gpu-busy.csv', 9677, 100],
      ['gpu-units-busy.csv', 9677, 100],
    ] as const) {
      const { gpus, problems } = readGpus({ code: 0, query: H200, text: text(`h200-driver-580/${file}`) });
      assert.deepEqual(problems, []);
      assert.deepEqual(gpus, [
        {
          index: 0,
          uuid: 'GPU-ea286b6f-529c-bd19-7f71-20154f77225b',
          name: 'NVIDIA H200',
          memoryMiB: 143771,
          usedMiB: used,
          utilisation,
          mig: false,
        },
      ]);
    }
    const app = { uuid: 'GPU-ea286b6f-529c-bd19-7f71-20154f77225b', pid: 496, usedMiB: 9668 };
    for (const file of ['apps-busy.csv', 'apps-units-busy.csv']) {
      assert.deepEqual(readApps(text(`h200-driver-580/${file}`)), [app]);
    }
    assert.deepEqual(readApps(text('h200-driver-580/apps-idle.csv')), []);
  });

  it('is asked again with fewer fields where the driver is too old for one', () => {
    assert.ok(isUnknownField({ code: 2, text: text('h200-driver-580/bad-field.txt') }));
    assert.ok(isUnknownField({ code: 2, text: text('by-hand/unknown-field.txt') }));
    assert.ok(!isUnknownField({ code: 9, text: text('by-hand/no-driver.txt') }));
    assert.deepEqual(numbers(hand('old-driver.csv', 0, plain)), [
      [0, 11441, 0, 0],
      [1, 11441, 63, 100],
    ]);
  });

  it('says nothing of what the driver does not know, and keeps a comma in a name', () => {
    const answer = hand('not-available.csv');
    assert.deepEqual(numbers(answer), [
      [0, 0, null, 0],
      [1, 1998, 12, null],
      [2, 24576, 0, null],
    ]);
    assert.equal(answer.gpus[2]?.name, 'Graphics Device, rev 2');
    assert.deepEqual(answer.problems, []);
    assert.deepEqual(numbers(hand('units.csv')), [[0, 81920, 40000, 97]]);
    assert.deepEqual(
      readApps(text('by-hand/apps.csv')).map(({ pid, usedMiB }) => [pid, usedMiB]),
      [
        [4242, null],
        [4243, 9668],
      ],
    );
  });

  it('becomes a problem with a fix where a GPU or the driver is broken', () => {
    const said = (answer: ReturnType<typeof readGpus>) => answer.problems.map(({ what }) => what).join('; ');
    const lost = hand('lost.csv', 15);
    assert.deepEqual([lost.gpus.length, said(lost)], [1, 'GPU 1 is lost and cannot be used']);
    assert.match(said(hand('lost-handle.txt', 255)), /^a GPU \(Unable to determine.*is lost/);
    assert.match(said(hand('no-driver.txt', 9)), /^nvidia-smi fails: NVIDIA-SMI has failed because/);
    assert.match(said(readGpus({ code: 6, query: full, text: text('h200-driver-580/bad-id.txt') })), /No devices/);
    assert.match(hand('mismatch.txt', 18).problems[0]?.fix ?? '', /restart the box/);
    const worn = hand('inforom.csv', 14);
    assert.deepEqual(
      [worn.gpus.length, said(worn)],
      [1, 'nvidia-smi fails: WARNING: infoROM is corrupted at gpu 0000:41:00.0'],
    );
    assert.equal(said(readGpus({ code: 124, query: full, text: '' })), 'nvidia-smi hangs');
    assert.match(said(readGpus({ code: 127, query: full, text: '' })), /exit code 127/);
    assert.match(said(readGpus({ code: 0, query: full, text: 'hello' })), /not known: hello/);
  });

  it('tells of MIG what the box then does', () => {
    const { gpus, problems } = hand('mig.csv');
    assert.deepEqual(
      gpus.map(({ mig }) => mig),
      [true, false],
    );
    assert.match(problems[0]?.what ?? '', /^GPU 0 is cut into MIG devices/);
    assert.equal(problems[0]?.note, true);
  });

  it('gives GPUs, a problem or nothing for any bytes, and never throws', () => {
    const cell = fc.oneof(
      fc.constantFrom('0', '7', 'GPU-1', 'N/A', '[N/A]', '[GPU is lost]', 'Enabled', '100 %', '5 MiB', '', ' '),
      fc.string({ unit: 'binary', maxLength: 12 }),
    );
    const lines = fc
      .array(fc.array(cell, { maxLength: 9 }).map((cells) => cells.join(', ')))
      .map((all) => all.join('\n'));
    const bytes = fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array).toString('utf8'));
    const code = fc.constantFrom(0, 2, 6, 9, 14, 15, 124, 127, 255);
    fc.assert(
      fc.property(fc.oneof(lines, bytes), code, fc.constantFrom(...GPU_QUERIES), (answer, exit, query) => {
        readApps(answer);
        const { gpus, problems } = readGpus({ code: exit, text: answer, query });
        assert.ok(
          gpus.length > 0 || problems.length > 0 || (answer.trim() === '' && exit === 0) || /^index, /m.test(answer),
        );
        assert.ok(exit === 0 || problems.length > 0);
        assert.equal(new Set(gpus.map(({ index }) => index)).size, gpus.length);
        for (const { what, fix } of problems) assert.ok(what !== '' && fix !== '' && !/[\n\r]/.test(what));
      }),
      { numRuns: 500 },
    );
  });
});
