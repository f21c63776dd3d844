import * as assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import * as fc from 'fast-check';
import { type BoxOf, boxSchema } from '../../../src/core/domain/index.ts';
import { realSystem } from '../../../src/core/system/index.ts';
import { commandOf } from '../../../src/core/workers/box/spec.ts';
import { BoxWorker } from '../../../src/core/workers/box/worker.ts';
import { GitRepo } from '../../support/git-repo.ts';
import { ShellTransport } from '../../support/shell-transport.ts';
import { environmentOf, shipmentOf } from '../../support/shipments.ts';

/** Has the box receive a run and not start it: what came of each value lies in its spec. */
class Receiver extends BoxWorker {
  protected override async start(...[shipments, pack, options]: Parameters<BoxWorker['start']>) {
    return this.receive(shipments, pack, 'hold', options, (word) =>
      word === 'HELD' ? ('started' as const) : undefined,
    );
  }
}

const character = fc.constantFrom(
  ...`'"\\$()\`\n\t\r -!*~;&|<>#%{}[]=é😀\u{feff}`,
  'end end 0\n',
  'done done 0\n',
  '\u{1}',
);
const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: character, maxLength: 60 }),
  fc.string({ unit: character, minLength: 3000, maxLength: 4096 }),
);
/** What UTF-8 can hold, and no NUL: a half surrogate pair is replaced on its way like in any text. */
const text = value.map((one) => Buffer.from(one.replaceAll('\0', ''), 'utf8').toString('utf8'));
const folder = fc
  .string({ unit: fc.constantFrom(...`'"\\$()\` -!*~;&|<>#%{}[]=é😀a`), minLength: 1, maxLength: 40 })
  .filter((name) => name.trim() === name);

const FULL = process.env.FULL === '1';

for (const shell of ['sh', 'bash'] as const)
  describe(`What a run is told, through the launcher and the frames of a real ${shell}`, () => {
    let home: string;
    let repo: GitRepo;
    let commit: string;

    before(function () {
      if (process.platform !== 'linux') this.skip();
      if (shell === 'bash' && spawnSync('unshare', ['-m', 'true']).status !== 0) {
        console.log('skipped: /bin/sh can be made bash only by root');
        this.skip();
      }
      home = mkdtempSync(path.join(tmpdir(), 'rc-frames-'));
      repo = new GitRepo(path.join(home, 'repo'));
      commit = repo.commit({ a: '1\n' });
    });
    after(() => home && rmSync(home, { recursive: true, force: true }));

    it('comes back byte for byte, whatever it holds and whatever the folder of the box is called', async () => {
      const transport = new ShellTransport(home, { bash: shell === 'bash' });
      await fc.assert(
        fc.asyncProperty(folder, fc.array(text, { minLength: 1, maxLength: 20 }), text, async (name, values, line) => {
          const root = path.join(home, 'roots', name);
          const worker = new Receiver({
            box: boxSchema.parse({ name: 'box', kind: 'ssh', host: 'box', root }) as BoxOf<'ssh'>,
            transport,
            system: realSystem(),
            shell: () => ({ program: 'sh', args: [] }),
          });
          const env = Object.fromEntries(values.map((one, at) => [`V${at}`, one]));
          const environment = { ...environmentOf({ run: 'true', env }), run: line };
          const shipment = { ...shipmentOf(repo, commit, { run: 'true' }), environment };
          assert.equal(await worker.submit(shipment), 'started');
          const spec = path.join(root, 'runs', shipment.run, 'spec');
          for (const [key, wanted] of Object.entries(env)) {
            assert.deepEqual(readFileSync(path.join(spec, 'env', key)), Buffer.from(wanted), key);
          }
          assert.deepEqual(readFileSync(path.join(spec, 'run')), Buffer.from(commandOf(shipment)));
        }),
        { numRuns: FULL ? 100 : 6 },
      );
    });
  });
