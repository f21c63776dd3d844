import * as assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import type { Asker } from '../../../src/core/workers/index.ts';
import { fingerprint } from '../../../src/core/workers/ssh/known-hosts.ts';
import { publicKey, startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { workerOf } from '../../support/workers.ts';

const blobOf = (file: string) => Buffer.from(publicKey(file).split(' ')[1] ?? '', 'base64');

describe('Trust in a box', () => {
  let box: TestBox;
  let known: string;
  const ownFile = () => path.join(box.configFolder, 'known_hosts');

  before(async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    box = await startBox({ name: 'box3' });
    known = readFileSync(box.knownHostsFile, 'utf8');
  });
  afterEach(() => {
    writeFileSync(box.knownHostsFile, known);
    rmSync(ownFile(), { force: true });
  });
  after(() => box?.stop());

  const reach = async (asker?: Asker, sshConfigFile?: string) => {
    const { worker, connection } = workerOf(box, { asker, sshConfigFile });
    try {
      return await worker.poll(['a-run']);
    } finally {
      connection.dispose();
    }
  };
  const recorder = (answer: boolean) => {
    const asked: string[] = [];
    const asker: Asker = {
      trustHostKey: async (question) => {
        asked.push(question.fingerprint);
        return answer;
      },
      secret: async () => undefined,
    };
    return { asked, asker };
  };

  it('refuses a changed key, with both fingerprints and the line it stands on', async () => {
    const other = path.join(box.configFolder, 'other');
    rmSync(other, { force: true });
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', other]);
    writeFileSync(box.knownHostsFile, `# a comment\n[127.0.0.1]:${box.port} ${publicKey(other)}\n`);
    const { asked, asker } = recorder(true);
    await assert.rejects(reach(asker), (error: Error & { code: string }) => {
      assert.equal(error.code, 'host-key');
      assert.ok(error.message.includes(fingerprint(blobOf(other))), error.message);
      assert.ok(error.message.includes(fingerprint(blobOf(box.hostKeyFile))), error.message);
      assert.ok(error.message.includes(`${box.knownHostsFile}:2`), error.message);
      return true;
    });
    assert.deepEqual(asked, []);
    assert.throws(() => readFileSync(ownFile()));
  });

  it('refuses an unknown key in the background, asks a person once, and remembers in its own file', async () => {
    writeFileSync(box.knownHostsFile, '');
    await assert.rejects(reach(), { code: 'host-key' });
    const no = recorder(false);
    await assert.rejects(reach(no.asker), { code: 'host-key' });
    const yes = recorder(true);
    assert.equal((await reach(yes.asker))[0]?.state, 'absent');
    assert.deepEqual(yes.asked, [fingerprint(blobOf(box.hostKeyFile))]);
    assert.equal((await reach())[0]?.state, 'absent');
    assert.equal(readFileSync(box.knownHostsFile, 'utf8'), '');
    assert.equal(readFileSync(ownFile(), 'utf8'), `[127.0.0.1]:${box.port} ${publicKey(box.hostKeyFile)}\n`);
  });

  it('knows a hashed entry, and refuses a revoked key whatever else is said', async () => {
    execFileSync('ssh-keygen', ['-q', '-H', '-f', box.knownHostsFile], { stdio: 'ignore' });
    assert.match(readFileSync(box.knownHostsFile, 'utf8'), /^\|1\|/);
    assert.equal((await reach())[0]?.state, 'absent');
    appendFileSync(box.knownHostsFile, `@revoked * ${publicKey(box.hostKeyFile)}\n`);
    await assert.rejects(reach(), /revoked/);
  });

  it('says which keys were tried when none logs in', async () => {
    const other = path.join(box.configFolder, 'stranger');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', other]);
    const config = path.join(box.configFolder, 'ssh_config_stranger');
    writeFileSync(config, readFileSync(box.sshConfigFile, 'utf8').replace(box.clientKeyFile, other));
    await assert.rejects(reach(undefined, config), (error: Error & { code: string }) => {
      assert.equal(error.code, 'auth');
      assert.ok(error.message.includes(other), error.message);
      return true;
    });
  });

  it('asks for the passphrase of an encrypted key, never in the background', async () => {
    const locked = path.join(box.configFolder, 'locked');
    execFileSync('cp', [box.clientKeyFile, locked]);
    execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'open sesame', '-f', locked]);
    const config = path.join(box.configFolder, 'ssh_config_locked');
    writeFileSync(config, readFileSync(box.sshConfigFile, 'utf8').replace(box.clientKeyFile, locked));
    await assert.rejects(reach(undefined, config), /encrypted/);
    const asked: string[] = [];
    const asker: Asker = {
      trustHostKey: async () => false,
      secret: async ({ prompt }) => {
        asked.push(prompt);
        return 'open sesame';
      },
    };
    assert.equal((await reach(asker, config))[0]?.state, 'absent');
    assert.deepEqual(asked, [`Passphrase of ${locked}`]);
  });

  it('logs in by the agent where there is one', async () => {
    const socket = path.join(box.configFolder, 'agent');
    const agent = execFileSync('ssh-agent', ['-a', socket, '-s'], { encoding: 'utf8' });
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(agent)?.[1]);
    try {
      execFileSync('ssh-add', ['-q', box.clientKeyFile], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
      const config = path.join(box.configFolder, 'ssh_config_agent');
      const text = readFileSync(box.sshConfigFile, 'utf8');
      writeFileSync(
        config,
        text
          .replace(/IdentityFile .*/, 'IdentityFile none')
          .replace('IdentitiesOnly yes', 'IdentitiesOnly no')
          .replace('IdentityAgent none', `IdentityAgent ${socket}`),
      );
      assert.equal((await reach(undefined, config))[0]?.state, 'absent');

      // Only the key that is named, though its private half is in the agent alone.
      const half = path.join(box.configFolder, 'half');
      writeFileSync(`${half}.pub`, readFileSync(`${box.clientKeyFile}.pub`));
      const chosen = (file: string) =>
        writeFileSync(
          config,
          text
            .replace(/IdentityFile .*/, `IdentityFile ${file}`)
            .replace('IdentityAgent none', `IdentityAgent ${socket}`),
        );
      chosen(half);
      assert.equal((await reach(undefined, config))[0]?.state, 'absent');
      chosen(path.join(box.configFolder, 'no-such-key'));
      await assert.rejects(reach(undefined, config), { code: 'auth' });
    } finally {
      process.kill(pid);
    }
  });

  it('goes through a jump host, each with its own key check', async () => {
    const inner = await startBox({ name: 'inner' });
    try {
      const config = path.join(box.configFolder, 'ssh_config_jump');
      const own = readFileSync(box.sshConfigFile, 'utf8');
      writeFileSync(config, `${own}\n${readFileSync(inner.sshConfigFile, 'utf8')}  ProxyJump ${box.name}\n`);
      const through = workerOf(inner, { sshConfigFile: config });
      assert.equal((await through.worker.poll(['a-run']))[0]?.state, 'absent');
      through.connection.dispose();
      writeFileSync(box.knownHostsFile, '');
      const refused = workerOf(inner, { sshConfigFile: config });
      await assert.rejects(refused.worker.poll(['a-run']), { code: 'host-key' });
      refused.connection.dispose();
    } finally {
      await inner.stop();
    }
  });
});
