import * as assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { ChosenTransport } from '../../../src/core/workers/ssh/choose.ts';
import { fingerprint } from '../../../src/core/workers/ssh/known-hosts.ts';
import { withAgent } from '../../support/sshd/agent.ts';
import { type BoxOptions, publicKey, startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { startChain, whoConnects } from '../../support/sshd/chain.ts';
import { person, refusalOf } from '../../support/sshd/person.ts';
import { type Client, type WorkerOptions, workerBy } from '../../support/workers.ts';

const blobOf = (file: string) => Buffer.from(publicKey(file).split(' ')[1] ?? '', 'base64');

describe('A box by the system’s ssh', () => {
  let folder: string;
  let box: TestBox;
  let known: string;
  const boxes: { stop(): Promise<void> }[] = [];
  const open: { dispose(): void }[] = [];

  before(async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    folder = mkdtempSync(path.join(tmpdir(), 'rc-system-'));
    box = await start({ name: 'sys', sshd: ['MaxSessions 4'] });
    known = readFileSync(box.knownHostsFile, 'utf8');
  });
  afterEach(() => {
    for (const one of open.splice(0)) one.dispose();
    if (!box) return;
    writeFileSync(box.knownHostsFile, known);
    rmSync(path.join(box.configFolder, 'known_hosts'), { force: true });
  });
  after(async () => {
    for (const one of boxes) await one.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const start = async (options: BoxOptions) => {
    const made = await startBox(options);
    boxes.push(made);
    return made;
  };
  const by = (client: Client, target: TestBox, options: WorkerOptions = {}) => {
    const made = workerBy(client, target, options);
    open.push(made.transport);
    return made;
  };
  const reach = async (client: Client, target: TestBox, options: WorkerOptions = {}) => {
    const made = by(client, target, options);
    assert.equal((await made.worker.poll(['a-run']))[0]?.state, 'absent');
    return made;
  };
  const clientOf = ({ transport }: { readonly transport: unknown }) =>
    transport instanceof ChosenTransport ? transport.client : undefined;
  const key = (name: string, ...more: string[]) => {
    const file = path.join(folder, name);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-a', '1', '-N', '', ...more, '-f', file]);
    return file;
  };

  describe('is chosen', () => {
    it('for a ProxyCommand, which the library refuses in words', async () => {
      const chain = await startChain([{ name: 'door' }, { name: 'room' }]);
      boxes.push(chain);
      const [door, room] = chain.boxes;
      if (!door || !room) throw new Error('no chain');
      const command = `ProxyCommand ssh -F ${door.sshConfigFile} -W %h:%p door`;
      const config = room.clientConfig((usual) => `${usual}  ${command}\n`);
      const made = await reach('auto', room, { sshConfigFile: config });
      const { transport } = made;
      assert.equal(clientOf(made), 'system');
      assert.match(transport.where, /^rc\d+room@room$/);
      if (process.getuid?.() === 0) {
        const uid = Number(execFileSync('id', ['-u', door.user], { encoding: 'utf8' }));
        assert.deepEqual(whoConnects(room), [uid]);
      }
      await assert.rejects(reach('ssh2', room, { sshConfigFile: config }), { code: 'ssh-unsupported' });
      // Through its own jumps, too, of which each key is checked.
      const direct = await reach('system', room, { sshConfigFile: chain.sshConfigFile });
      direct.transport.dispose();
      writeFileSync(door.knownHostsFile, '');
      await assert.rejects(reach('system', room, { sshConfigFile: chain.sshConfigFile }), { code: 'host-key' });
      const { asked, asker } = person({ trust: true });
      await reach('system', room, { sshConfigFile: chain.sshConfigFile, asker });
      assert.deepEqual(asked, [fingerprint(blobOf(door.hostKeyFile))]);
    });

    it('for a user certificate, and says when it ran out', async () => {
      const authority = key('user-ca');
      const lab = await start({
        name: 'certs',
        sshd: [`TrustedUserCAKeys ${authority}.pub`, 'AuthorizedKeysFile none'],
      });
      const mine = key('mine');
      const sign = (...times: string[]) =>
        execFileSync('ssh-keygen', ['-q', '-s', authority, '-I', 'me', '-n', lab.user, ...times, `${mine}.pub`]);
      const config = lab.clientConfig((usual) => usual.replace(lab.clientKeyFile, mine));
      await assert.rejects(reach('auto', lab, { sshConfigFile: config }), { code: 'auth' });
      sign();
      await reach('auto', lab, { sshConfigFile: config });
      const named = path.join(folder, 'elsewhere-cert.pub');
      copyFileSync(`${mine}-cert.pub`, named);
      rmSync(`${mine}-cert.pub`);
      await reach('auto', lab, {
        sshConfigFile: lab.clientConfig(() => `${readFileSync(config, 'utf8')}  CertificateFile ${named}\n`),
      });
      // In the agent alone, where the library sees no key that it knows.
      await withAgent(folder, async (socket) => {
        execFileSync('ssh-add', ['-q', '-k', '-t', '60', mine], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
        sign();
        execFileSync('ssh-add', ['-q', mine], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
        const agentOnly = lab.clientConfig((usual) =>
          usual
            .replace(/IdentityFile .*/, 'IdentityFile none')
            .replace('IdentitiesOnly yes', 'IdentitiesOnly no')
            .replace('IdentityAgent none', `IdentityAgent ${socket}`),
        );
        await refusalOf(reach('ssh2', lab, { sshConfigFile: agentOnly }), 'auth');
        assert.equal(clientOf(await reach('auto', lab, { sshConfigFile: agentOnly })), 'system');
      });
      sign('-V', '20200101:20200102');
      await assert.rejects(reach('auto', lab, { sshConfigFile: config }), /refused the login.*certificate/s);
    });

    it('for a host key of a certificate authority, and trusts no other', async () => {
      const authority = key('host-ca');
      const certificate = path.join(folder, 'host-cert.pub');
      const lab = await start({ name: 'hostca', sshd: [`HostCertificate ${certificate}`] });
      copyFileSync(`${lab.hostKeyFile}.pub`, path.join(folder, 'host.pub'));
      execFileSync('ssh-keygen', [
        '-q',
        '-s',
        authority,
        '-I',
        'lab',
        '-h',
        '-n',
        '127.0.0.1',
        path.join(folder, 'host.pub'),
      ]);
      await lab.stopServer();
      await lab.startServer();
      writeFileSync(lab.knownHostsFile, `@cert-authority * ${publicKey(authority)}\n`);
      await reach('auto', lab);
      await assert.rejects(reach('ssh2', lab), { code: 'host-key' });
      writeFileSync(lab.knownHostsFile, `@cert-authority * ${publicKey(key('other-ca'))}\n`);
      await assert.rejects(reach('auto', lab), { code: 'host-key' });
    });

    it('for a server with no algorithm the library knows', async () => {
      const lab = await start({ name: 'modern', sshd: ['KexAlgorithms sntrup761x25519-sha512@openssh.com'] });
      assert.equal(clientOf(await reach('auto', lab)), 'system');
      await assert.rejects(reach('ssh2', lab), { code: 'ssh-unsupported' });
    });

    it('for nothing else', async () => {
      assert.equal(clientOf(await reach('auto', box)), 'ssh2');
    });
  });

  describe('trusts a host', () => {
    it('only when a person said so, once, by its fingerprint, and keeps it in our own file', async () => {
      writeFileSync(box.knownHostsFile, '');
      await assert.rejects(reach('system', box), { code: 'host-key' });
      const no = person({ trust: false });
      await assert.rejects(reach('system', box, { asker: no.asker }), { code: 'host-key' });
      const yes = person({ trust: true });
      await reach('system', box, { asker: yes.asker });
      assert.deepEqual(yes.asked, [fingerprint(blobOf(box.hostKeyFile))]);
      await reach('system', box);
      assert.equal(readFileSync(box.knownHostsFile, 'utf8'), '');
      // The library reads the same file.
      await reach('ssh2', box);
    });

    it('never when its key changed or is revoked', async () => {
      const other = key('other');
      writeFileSync(box.knownHostsFile, `# a comment\n[127.0.0.1]:${box.port} ${publicKey(other)}\n`);
      const { asked, asker } = person({ trust: true });
      await assert.rejects(reach('system', box, { asker }), (error: Error & { code: string }) => {
        assert.equal(error.code, 'host-key');
        for (const part of [
          fingerprint(blobOf(other)),
          fingerprint(blobOf(box.hostKeyFile)),
          `${box.knownHostsFile}:2`,
        ]) {
          assert.ok(error.message.includes(part), error.message);
        }
        return true;
      });
      writeFileSync(box.knownHostsFile, `${known}@revoked * ${publicKey(box.hostKeyFile)}\n`);
      await assert.rejects(reach('system', box, { asker }), { code: 'host-key', message: /REVOKED|revoked/ });
      assert.deepEqual(asked, []);
    });
  });

  describe('logs in', () => {
    it('with a passphrase asked once and kept in memory; in the background it asks nothing', async () => {
      const locked = path.join(folder, 'locked');
      copyFileSync(box.clientKeyFile, locked);
      execFileSync('ssh-keygen', ['-q', '-p', '-a', '1', '-P', '', '-N', 'open sesame', '-f', locked]);
      const sshConfigFile = box.clientConfig((usual) => usual.replace(box.clientKeyFile, locked));
      const said = await refusalOf(reach('system', box, { sshConfigFile }), 'auth');
      assert.match(said, /Enter passphrase for key.*ssh-add/s);
      const { asked, asker, leave } = person({ answers: ['wrong one', 'open sesame'] });
      const { worker } = await reach('system', box, { sshConfigFile, asker });
      assert.equal(asked.length, 2);
      leave();
      box.dropConnections();
      await worker.poll(['a-run']).catch((error) => assert.equal(error.code, 'unreachable'));
      await worker.poll(['a-run']);
      assert.equal(asked.length, 2);
      const stubborn = person({ answers: ['wrong one', 'wrong two', 'wrong three'] });
      const refused = await refusalOf(reach('system', box, { sshConfigFile, asker: stubborn.asker }), 'auth');
      assert.ok(!/wrong (one|two|three)|sesame/.test(refused), refused);
      assert.equal(stubborn.asked.length, 3);
    });

    it('or says what the server said', async () => {
      const sshConfigFile = box.clientConfig((usual) => usual.replace(box.clientKeyFile, key('stranger')));
      assert.match(await refusalOf(reach('system', box, { sshConfigFile }), 'auth'), /Permission denied \(publickey\)/);
      const bad = box.clientConfig((usual) => `NoSuchOption yes\n${usual}`);
      assert.match(
        await refusalOf(reach('system', box, { sshConfigFile: bad }), 'ssh-config'),
        /NoSuchOption|nosuchoption/,
      );
    });
  });

  describe('keeps one connection', () => {
    it('of at most four sessions, however many calls there are', async () => {
      const before = box.log().match(/Accepted publickey/g)?.length ?? 0;
      const { transport } = by('system', box);
      // The first one waits for a second, however slow the machine is.
      const script = [
        'mkdir -p "$HOME/in" && : >"$HOME/in/$$"',
        '[ "$(ls "$HOME/in" | wc -l)" -lt 2 ] || : >"$HOME/two"',
        'for i in $(seq 600); do [ ! -e "$HOME/two" ] || break; sleep 0.05; done',
        'ls "$HOME/in" | wc -l; rm "$HOME/in/$$"',
      ].join('\n');
      const answers = await Promise.all(Array.from({ length: 24 }, () => transport.exec({ script })));
      assert.deepEqual(new Set(answers.map(({ code }) => code)), new Set([0]));
      const most = Math.max(...answers.map(({ stdout }) => Number(stdout.toString())));
      assert.ok(most >= 2 && most <= 3, `${most} at a time`);
      assert.equal(box.log().match(/Accepted publickey/g)?.length, before + 1);
      assert.equal(box.connections(), 1);
      assert.ok(!box.log().includes('no more sessions'));
    });

    it('that is unreachable when it drops, never the command’s failure; the next call makes it anew', async () => {
      const { transport, worker } = await reach('system', box);
      const slow = refusalOf(transport.exec({ script: 'sleep 32' }), 'unreachable');
      while (!box.processes().some(({ command }) => command === 'sleep 32'))
        await new Promise((r) => setTimeout(r, 10));
      box.dropConnections();
      await slow;
      await worker.poll(['a-run']);
      assert.equal((await transport.exec({ script: 'exit 255' })).code, 255);
      assert.equal((await transport.exec({ script: 'kill -9 $$' }).catch((error) => error)).code, 'unreachable');

      await box.stopServer();
      box.dropConnections();
      await worker.poll(['a-run']).catch(() => {});
      const other = by('system', box);
      await refusalOf(other.worker.poll(['a-run']), 'unreachable');
      await box.startServer();
    });

    it('gives up a call when told to or when nothing moves, and the others go on', async () => {
      const { transport, worker } = await reach('system', box);
      const stop = new AbortController();
      const slow = transport.exec({ script: 'sleep 33', signal: stop.signal });
      while (!box.processes().some(({ command }) => command === 'sleep 33'))
        await new Promise((r) => setTimeout(r, 10));
      stop.abort(new Error('enough'));
      await assert.rejects(slow, /enough/);
      await worker.poll(['a-run']);
      assert.equal(box.connections(), 1);
      await refusalOf(transport.exec({ script: 'sleep 34', idleMs: 200 }), 'unreachable');
      await worker.poll(['a-run']);
    });

    it('and leaves no file behind', async () => {
      const folders = () => readdirSync(tmpdir()).filter((name) => /^rc-[A-Za-z0-9]{6}$/.test(name));
      // Those of other tests come and go meanwhile.
      const mine = () => folders().filter((name) => existsSync(path.join(tmpdir(), name, 's')));
      const before = mine();
      const { transport } = await reach('system', box);
      const made = mine().filter((name) => !before.includes(name));
      assert.equal(made.length, 1);
      const place = path.join(tmpdir(), made[0] ?? '');
      assert.deepEqual(readdirSync(place), ['s']);
      transport.dispose();
      while (folders().includes(made[0] ?? '')) await new Promise((r) => setTimeout(r, 10));
    });
  });

  it('logs in for each session where it cannot share a connection, as on Windows', async function () {
    if (process.env.FULL !== '1') {
      console.log('    skipped: in the full tests only (FULL=1)');
      this.skip();
    }
    const system = { platform: 'win32' } as const;
    writeFileSync(box.knownHostsFile, '');
    await refusalOf(reach('system', box, { system }), 'host-key');
    const { asked, asker } = person({ trust: true });
    const { transport } = await reach('system', box, { system, asker });
    assert.equal(asked.length, 1);
    assert.equal((await transport.exec({ script: 'cat; exit 5', input: Buffer.from('in') })).code, 5);
    box.dropConnections();
    assert.equal((await transport.exec({ script: 'true' })).code, 0);
  });

  it('reads past a login shell that talks', async () => {
    const file = path.join(box.home, '.bashrc');
    appendFileSync(file, 'echo welcome; echo to the lab >&2\n');
    try {
      await reach('system', box);
      await reach('ssh2', box);
    } finally {
      rmSync(file);
    }
  });
});
