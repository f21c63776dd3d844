import * as assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import * as path from 'node:path';
import { Typed } from '../../../src/core/workers/index.ts';
import { withAgent } from '../../support/sshd/agent.ts';
import { type BoxOptions, startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { person } from '../../support/sshd/person.ts';
import { type TestWorker, workerOf } from '../../support/workers.ts';

const WRONG = 'wrong-horse-battery';
const RIGHT = 'right-staple-17';

describe('Logging in to a box', () => {
  const boxes: TestBox[] = [];
  const workers: TestWorker[] = [];
  let open: TestBox;

  before(async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    open = await start({ name: 'keys' });
  });
  afterEach(() => {
    for (const { connection } of workers.splice(0)) connection.dispose();
  });
  after(async () => {
    for (const box of boxes) await box.stop();
  });

  const start = async (options: BoxOptions) => {
    const box = await startBox(options);
    boxes.push(box);
    return box;
  };
  const make = (box: TestBox, options: Parameters<typeof workerOf>[1] = {}) => {
    const made = workerOf(box, options);
    workers.push(made);
    return made;
  };
  const reach = async (box: TestBox, options: Parameters<typeof workerOf>[1] = {}) => {
    const made = make(box, options);
    await made.worker.poll(['a-run']);
    return made;
  };
  /** What the call said, which must be for a person and hold no secret. */
  const refusal = async (work: Promise<unknown>): Promise<string> => {
    let said = '';
    await assert.rejects(work, (error: Error & { code: string }) => {
      assert.equal(error.code, 'auth', error.message);
      for (const secret of [WRONG, RIGHT]) assert.ok(!JSON.stringify([error.message, error.stack]).includes(secret));
      said = error.message;
      return true;
    });
    return said;
  };
  const failures = (box: TestBox) => box.log().match(/Failed (password|keyboard-interactive)/g)?.length ?? 0;

  describe('with a locked key', () => {
    let locked: string;
    let config: string;
    before(() => {
      locked = path.join(open.configFolder, 'locked');
      copyFileSync(open.clientKeyFile, locked);
      execFileSync('ssh-keygen', ['-q', '-p', '-a', '1', '-P', '', '-N', RIGHT, '-f', locked]);
      config = open.clientConfig((usual) => usual.replace(open.clientKeyFile, locked));
    });

    it('asks again after a wrong passphrase, and never again for a connection made anew in the background', async () => {
      const { asked, asker, leave } = person({ answers: [WRONG, WRONG, RIGHT] });
      const { worker } = await reach(open, { asker, sshConfigFile: config });
      assert.equal(asked.length, 3);
      assert.match(asked[0] ?? '', new RegExp(`^Passphrase of ${locked}$`));
      leave();
      open.dropConnections();
      await worker.poll(['a-run']).catch((error) => assert.equal(error.code, 'unreachable'));
      await worker.poll(['a-run']);
      assert.equal(asked.length, 3);
    });

    it('asks once for all boxes that want it at the same time', async () => {
      const { asked, asker } = person({ answers: [RIGHT] });
      const typed = new Typed();
      await Promise.all([1, 2, 3].map(() => reach(open, { asker, typed, sshConfigFile: config })));
      assert.equal(asked.length, 1);
    });

    it('asks a person who comes while the background tries', async () => {
      const { asked, asker: there } = person({ answers: [RIGHT] });
      let here = false;
      const begun = Promise.withResolvers<void>();
      const present = () => {
        begun.resolve();
        return here;
      };
      const { worker } = make(open, { asker: { ...there, present }, sshConfigFile: config });
      const background = refusal(worker.poll(['a-run']));
      await begun.promise;
      here = true;
      assert.equal((await worker.poll(['a-run']))[0]?.state, 'absent');
      assert.match(await background, /encrypted/);
      assert.equal(asked.length, 1);
    });

    it('gives up after three wrong ones, and says so without them', async () => {
      const { asked, asker } = person({ answers: [WRONG, WRONG, WRONG, RIGHT] });
      assert.match(await refusal(reach(open, { asker, sshConfigFile: config })), /3 wrong passphrases/);
      assert.equal(asked.length, 3);
    });

    it('asks nothing about a key the server would not take, nor a person who gave no answer a second time', async () => {
      const stranger = path.join(open.configFolder, 'stranger');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-a', '1', '-N', RIGHT, '-f', stranger]);
      rmSync(`${stranger}.pub`);
      const both = open.clientConfig((usual) =>
        usual.replace(/IdentityFile .*/, `IdentityFile ${stranger}\n  IdentityFile ${locked}`),
      );
      const { asked, asker } = person({ answers: [RIGHT] });
      await reach(open, { asker, sshConfigFile: both });
      assert.deepEqual(asked, [`Passphrase of ${locked}`]);
      const gone = person();
      assert.match(await refusal(reach(open, { asker: gone.asker, sshConfigFile: both })), /no answer/);
      assert.equal(gone.asked.length, 1);
    });
  });

  it('offers the key that is named before the others of a full agent', async () => {
    await withAgent(open.configFolder, async (socket) => {
      const files = Array.from({ length: 7 }, (_, index) => path.join(open.configFolder, `other${index}`));
      for (const file of files) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
      const env = { ...process.env, SSH_AUTH_SOCK: socket };
      execFileSync('ssh-add', ['-q', ...files, open.clientKeyFile], { env });
      const half = path.join(open.configFolder, 'half');
      copyFileSync(`${open.clientKeyFile}.pub`, `${half}.pub`);
      const config = (identity: string) =>
        open.clientConfig((usual) =>
          usual
            .replace(/IdentityFile .*/, `IdentityFile ${identity}`)
            .replace('IdentitiesOnly yes', 'IdentitiesOnly no')
            .replace('IdentityAgent none', `IdentityAgent ${socket}`),
        );
      // sshd hears six keys and no more.
      assert.match(await refusal(reach(open, { sshConfigFile: config('none') })), /Tried: agent/);
      await reach(open, { sshConfigFile: config(half) });
    });
  });

  describe('with a password', () => {
    let box: TestBox;
    let config: string;
    before(async function () {
      if (process.getuid?.() !== 0) {
        console.log('skipped: accounts with a password need root');
        this.skip();
      }
      box = await start({ name: 'words', login: ['key', 'password'], password: RIGHT });
      config = box.clientConfig((usual) => usual.replace(/IdentityFile .*/, 'IdentityFile none'));
    });
    afterEach(() => execFileSync('chpasswd', { input: `${box.user}:${RIGHT}\n` }));

    it('asks again after a wrong one, and keeps the right one in memory for the background', async () => {
      const { asked, asker, leave } = person({ answers: [WRONG, RIGHT] });
      const { worker } = await reach(box, { asker, sshConfigFile: config });
      assert.equal(asked.length, 2);
      leave();
      box.dropConnections();
      await worker.poll(['a-run']).catch((error) => assert.equal(error.code, 'unreachable'));
      await worker.poll(['a-run']);

      // It was changed meanwhile: one try, then nothing more until a person comes.
      execFileSync('chpasswd', { input: `${box.user}:another\n` });
      const before = failures(box);
      box.dropConnections();
      await worker.poll(['a-run']).catch(() => {});
      const said = await refusal(worker.poll(['a-run']));
      assert.match(said, /1 wrong answer/);
      await refusal(worker.poll(['a-run']));
      assert.equal(failures(box), before + 1);
      assert.equal(asked.length, 2);
    });

    it('ends after three wrong ones with a clear error, and never asks in the background', async () => {
      const before = failures(box);
      const { asked, asker } = person({ answers: [WRONG, WRONG, WRONG, RIGHT] });
      const said = await refusal(reach(box, { asker, sshConfigFile: config }));
      assert.match(said, /refused the login\. Tried: password, 3 wrong answers/);
      assert.equal(asked.length, 3);
      assert.equal(failures(box), before + 3);
      const away = person({ answers: [RIGHT] });
      away.leave();
      await refusal(reach(box, { asker: away.asker, sshConfigFile: config }));
      assert.deepEqual(away.asked, []);
      assert.equal(failures(box), before + 3);
    });

    it('asks for none where the configuration or the server takes none', async () => {
      const { asked, asker } = person({ answers: [RIGHT] });
      const off = box.clientConfig((usual) =>
        usual.replace(/IdentityFile .*/, 'IdentityFile none\n  PasswordAuthentication no'),
      );
      await refusal(reach(box, { asker, sshConfigFile: off }));
      const keysOnly = open.clientConfig((usual) => usual.replace(/IdentityFile .*/, 'IdentityFile none'));
      await refusal(reach(open, { asker, sshConfigFile: keysOnly }));
      assert.deepEqual(asked, []);
    });

    it('gives a key and a password where the server wants both', async () => {
      const strict = await start({
        name: 'both',
        login: ['key', 'password'],
        password: RIGHT,
        sshd: ['AuthenticationMethods publickey,password'],
      });
      const { asked, asker } = person({ answers: [RIGHT] });
      await reach(strict, { asker });
      assert.equal(asked.length, 1);
    });

    it('answers the questions of PAM, and keeps a password of them', async () => {
      const pam = await start({ name: 'pam', login: ['keyboard'], password: RIGHT });
      const { asked, asker, leave } = person({ answers: [RIGHT] });
      const { worker } = await reach(pam, { asker });
      assert.equal(asked.length, 1);
      assert.match(asked[0] ?? '', /: Password:$/);
      leave();
      pam.dropConnections();
      await worker.poll(['a-run']).catch((error) => assert.equal(error.code, 'unreachable'));
      await worker.poll(['a-run']);
      // PAM makes each wrong answer wait two seconds.
      if (process.env.FULL !== '1') return;
      const second = person({ answers: [WRONG, RIGHT] });
      await reach(pam, { asker: second.asker });
      assert.equal(second.asked.length, 2);
      const stubborn = person({ answers: [WRONG, WRONG, WRONG, RIGHT] });
      assert.match(await refusal(reach(pam, { asker: stubborn.asker })), /keyboard-interactive, 3 wrong answers/);
      assert.equal(stubborn.asked.length, 3);
    });
  });
});
