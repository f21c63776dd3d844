import * as assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { Client } from 'ssh2';
import { fingerprint } from '../../../src/core/workers/ssh/known-hosts.ts';
import { type BoxOptions, publicKey, startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { startChain, type TestChain, whoConnects } from '../../support/sshd/chain.ts';
import { person, refusalOf } from '../../support/sshd/person.ts';
import { type WorkerOptions, workerBy } from '../../support/workers.ts';

const CLIENTS = ['ssh2', 'system'] as const;
/** What costs a login of the system's ssh each time is tried with it in the full tests only. */
const FULL = process.env.FULL === '1';
const SHELLS = ['/usr/bin/fish', '/usr/bin/tcsh', '/bin/bash', '/bin/dash'];
const MAIN = FULL ? CLIENTS : (['ssh2'] as const);
const blobOf = (file: string) => Buffer.from(publicKey(file).split(' ')[1] ?? '', 'base64');
const uidOf = (box: TestBox) => Number(execFileSync('id', ['-u', box.user], { encoding: 'utf8' }));

describe('Connecting to a box', () => {
  const boxes: { stop(): Promise<void> }[] = [];
  const open: { dispose(): void }[] = [];
  let folder: string;

  before(function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    folder = mkdtempSync(path.join(tmpdir(), 'rc-connecting-'));
  });
  afterEach(() => {
    for (const one of open.splice(0)) one.dispose();
  });
  after(async () => {
    for (const one of boxes) await one.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const start = async (options: BoxOptions) => {
    const box = await startBox(options);
    boxes.push(box);
    return box;
  };
  const by = (client: (typeof CLIENTS)[number], box: TestBox, options: WorkerOptions = {}) => {
    const made = workerBy(client, box, options);
    open.push(made.transport);
    return made;
  };
  const reach = async (box: TestBox, options: WorkerOptions = {}, client: (typeof CLIENTS)[number] = 'ssh2') => {
    const made = by(client, box, options);
    assert.equal((await made.worker.poll(['a-run']))[0]?.state, 'absent');
    return made;
  };
  const key = (name: string, type = 'ed25519') => {
    const file = path.join(folder, name);
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', file]);
    return file;
  };

  describe('behind two others', () => {
    let chain: TestChain;
    let hops: readonly [TestBox, TestBox, TestBox];
    before(async () => {
      chain = await startChain([{ name: 'gate' }, { name: 'hall' }, { name: 'vault' }]);
      boxes.push(chain);
      const [gate, hall, vault] = chain.boxes;
      if (!gate || !hall || !vault) throw new Error('no chain');
      hops = [gate, hall, vault];
    });
    const options = () => ({ sshConfigFile: chain.sshConfigFile });

    it('goes from hop to hop, each forwarding to the next alone', async function () {
      const [gate, hall, vault] = hops;
      await reach(vault, options());
      assert.deepEqual(
        [gate, hall, vault].map((box) => box.connections()),
        [1, 1, 1],
      );
      if (process.getuid?.() !== 0) this.skip();
      assert.deepEqual(whoConnects(gate), [0]);
      assert.deepEqual(whoConnects(hall), [uidOf(gate)]);
      assert.deepEqual(whoConnects(vault), [uidOf(hall)]);
      // The first one lets nobody through to the last.
      const past = gate.clientConfig(() =>
        readFileSync(chain.sshConfigFile, 'utf8').replace('ProxyJump hall', 'ProxyJump gate'),
      );
      assert.match(await refusalOf(reach(vault, { sshConfigFile: past }), 'unreachable'), /jump host cannot reach it/);
    });

    it('checks the key of each hop, and logs in to each with its own', async () => {
      for (const [index, hop] of hops.entries()) {
        const known = readFileSync(hop.knownHostsFile, 'utf8');
        writeFileSync(hop.knownHostsFile, '');
        const said = await refusalOf(reach(hops[2], options()), 'host-key');
        assert.match(said, new RegExp(`host key of ${hop.name} `));
        writeFileSync(hop.knownHostsFile, known);
        const stranger = key(`stranger${index}`);
        const changed = readFileSync(chain.sshConfigFile, 'utf8').replace(hop.clientKeyFile, stranger);
        const refused = await refusalOf(reach(hops[2], { sshConfigFile: hop.clientConfig(() => changed) }), 'auth');
        assert.ok(refused.includes(`${hop.user}@${hop.name} `) && refused.includes(stranger), refused);
      }
    });

    for (const client of MAIN) {
      it(`ends its calls as unreachable when a hop goes, and comes back with it (${client})`, async () => {
        const [, hall, vault] = hops;
        const { transport } = await reach(vault, options(), client);
        const slow = refusalOf(transport.exec({ script: 'exec sleep 35' }), 'unreachable');
        while (!vault.processes().some(({ command }) => command === 'sleep 35'))
          await new Promise((r) => setTimeout(r, 10));
        await hall.stopServer();
        hall.dropConnections();
        await slow;
        await refusalOf(by(client, vault, options()).worker.poll(['a-run']), 'unreachable');
        await hall.startServer();
        await reach(vault, options(), client);
      });
    }

    it('says so where jumps go in a circle', async () => {
      const [gate, , vault] = hops;
      const circle = gate.clientConfig(() => 'Host vault\n  ProxyJump gate\nHost gate\n  ProxyJump vault\n');
      await refusalOf(reach(vault, { sshConfigFile: circle }), 'ssh-config');
    });
  });

  it('takes one connection and four sessions for 64 calls, where a fifth would be refused', async () => {
    const box = await start({ name: 'narrow', sshd: ['MaxSessions 4'] });
    const { transport } = by('ssh2', box);
    const script = 'mkdir -p "$HOME/in" && : >"$HOME/in/$$" && ls "$HOME/in" | wc -l && sleep 0.05; rm "$HOME/in/$$"';
    const answers = await Promise.all(Array.from({ length: 64 }, () => transport.exec({ script })));
    assert.deepEqual(new Set(answers.map(({ code }) => code)), new Set([0]));
    const most = Math.max(...answers.map(({ stdout }) => Number(stdout.toString())));
    assert.ok(most >= 2 && most <= 4, `${most} at a time`);
    assert.equal(box.connections(), 1);
    assert.equal(box.log().match(/Accepted publickey/g)?.length, 1);
    transport.dispose();

    // The same server to a client that does not count.
    const raw = new Client();
    const refused = await new Promise<number>((resolve, reject) => {
      let failures = 0;
      let left = 5;
      raw.on('error', reject);
      raw.on('ready', () => {
        for (let call = 0; call < 5; call += 1) {
          raw.exec('sleep 5', (error) => {
            if (error) failures += 1;
            left -= 1;
            if (left === 0) resolve(failures);
          });
        }
      });
      raw.connect({
        host: '127.0.0.1',
        port: box.port,
        username: box.user,
        privateKey: readFileSync(box.clientKeyFile),
      });
    });
    raw.end();
    assert.equal(refused, 1);
  });

  it('asks about a key once, however often the keys are made anew', async () => {
    const box = await start({ name: 'rekeys', sshd: ['RekeyLimit 1M', 'LogLevel DEBUG1'] });
    writeFileSync(box.knownHostsFile, '');
    const { asked, asker, leave } = person({ trust: true });
    const { transport } = await reach(box, { asker });
    leave();
    const bytes = 6 * 1024 * 1024;
    const { stdout } = await transport.exec({ script: `head -c ${bytes} /dev/zero` });
    assert.equal(stdout.length, bytes);
    const exchanges = box.log().match(/SSH2_MSG_KEXINIT received/g)?.length ?? 0;
    assert.ok(exchanges >= 3, `${exchanges} key exchanges`);
    assert.deepEqual(asked, [fingerprint(blobOf(box.hostKeyFile))]);
  });

  describe('knows its host', () => {
    let box: TestBox;
    let known: string;
    before(async () => {
      box = await start({ name: 'named' });
      known = readFileSync(box.knownHostsFile, 'utf8');
    });
    afterEach(() => {
      writeFileSync(box.knownHostsFile, known);
      rmSync(path.join(box.configFolder, 'known_hosts'), { force: true });
    });

    it('by HostKeyAlias, whatever stands under its address', async () => {
      const other = key('elsewhere');
      const sshConfigFile = box.clientConfig((usual) => `${usual}  HostKeyAlias The-Lab\n`);
      writeFileSync(
        box.knownHostsFile,
        `[127.0.0.1]:${box.port} ${publicKey(other)}\nthe-lab ${publicKey(box.hostKeyFile)}\n`,
      );
      await reach(box, { sshConfigFile });
      await reach(box, { sshConfigFile }, 'system');
      await refusalOf(reach(box), 'host-key');
    });

    it('by its bare name, where its port has no line', async () => {
      writeFileSync(box.knownHostsFile, `127.0.0.1 ${publicKey(box.hostKeyFile)}\n`);
      await reach(box);
      // Another host's key under the bare name accuses nobody: it is unknown, and asked about.
      writeFileSync(box.knownHostsFile, `127.0.0.1 ${publicKey(key('bare'))}\n`);
      assert.match(await refusalOf(reach(box), 'host-key'), /not known yet/);
    });

    it('not by a key of another type, which it asks about in the foreground only', async () => {
      writeFileSync(box.knownHostsFile, `[127.0.0.1]:${box.port} ${publicKey(key('rsa', 'rsa'))}\n`);
      assert.match(await refusalOf(reach(box), 'host-key'), /another type/);
      const away = person({ trust: true });
      away.leave();
      await refusalOf(reach(box, { asker: away.asker }), 'host-key');
      assert.deepEqual(away.asked, []);
      const here = person({ trust: true });
      await reach(box, { asker: here.asker });
      assert.deepEqual(here.asked, [fingerprint(blobOf(box.hostKeyFile))]);
      await reach(box);
    });

    it('as StrictHostKeyChecking says: accept-new takes it without a word, yes never asks', async () => {
      writeFileSync(box.knownHostsFile, '');
      const strict = (word: string) => box.clientConfig((usual) => `${usual}  StrictHostKeyChecking ${word}\n`);
      const { asked, asker } = person({ trust: true });
      for (const client of MAIN) {
        await refusalOf(reach(box, { asker, sshConfigFile: strict('yes') }, client), 'host-key');
        await reach(box, { asker, sshConfigFile: strict('accept-new') }, client);
        rmSync(path.join(box.configFolder, 'known_hosts'));
      }
      // What says no checking at all is taken for a question.
      await refusalOf(reach(box, { sshConfigFile: strict('no') }), 'host-key');
      assert.deepEqual(asked, []);
    });
  });

  for (const shell of FULL ? SHELLS : SHELLS.slice(0, 2)) {
    it(`runs its scripts in an account whose login shell is ${path.basename(shell)} and talks`, async function () {
      const why = existsSync(shell) ? undefined : `${shell} is missing: npm run provision`;
      if (why !== undefined || process.getuid?.() !== 0) {
        console.log(`      skipped: ${why ?? 'an account with a shell of its own needs root'}`);
        this.skip();
      }
      const box = await start({ name: path.basename(shell), shell });
      const noise = 'echo welcome to the lab; echo mind the gap >/dev/stderr\n';
      for (const file of ['.bashrc', '.profile', '.tcshrc']) writeFileSync(path.join(box.home, file), noise);
      execFileSync('mkdir', ['-p', path.join(box.home, '.config/fish')]);
      writeFileSync(path.join(box.home, '.config/fish/config.fish'), noise);
      execFileSync('chown', ['-R', box.user, path.join(box.home, '.config/fish')]);
      for (const client of MAIN) {
        const { transport } = await reach(box, {}, client);
        const said = await transport.exec({
          script: `printf '%s|' "it's" '$HOME' '!x' \\\\; cat; exit 3`,
          input: Buffer.from('in\n'),
        });
        assert.equal(said.code, 3);
        assert.match(said.stdout.toString(), /it's\|\$HOME\|!x\|\\\|in\n$/);
      }
    });
  }

  for (const client of MAIN) {
    describe(`carries (${client})`, () => {
      let box: TestBox;
      before(async () => {
        box = await start({ name: `carries${client}` });
      });

      it('a script of 300 KB, more on stderr than a window holds, and the end by a signal', async () => {
        const { transport } = by(client, box);
        const long = await transport.exec({ script: `: ${'x'.repeat(300_000)}\necho done` });
        assert.equal(long.stdout.toString(), 'done\n');
        const loud = await transport.exec({ script: 'head -c 3000000 /dev/zero | tr "\\0" e >&2; echo after; exit 4' });
        assert.deepEqual([loud.code, loud.stdout.toString()], [4, 'after\n']);
        assert.ok(loud.stderr.length > 0 && loud.stderr.length <= 64 * 1024);
        const killed = await transport.exec({ script: 'sh -c "kill -9 \\$\\$"; exit $?' });
        assert.equal(killed.code, 137);
      });

      it('no more of its input than the box takes', async () => {
        const { transport } = by(client, box);
        const chunk = Buffer.alloc(64 * 1024, 1);
        const total = 512;
        let sent = 0;
        const input = async function* () {
          while (sent < total) {
            sent += 1;
            yield chunk;
          }
        };
        const gate = path.join(box.home, 'gate');
        rmSync(gate, { force: true });
        const counted = transport.exec({
          script: 'touch "$HOME/waits"; while [ ! -e "$HOME/gate" ]; do sleep 0.05; done; wc -c',
          input,
        });
        while (!existsSync(path.join(box.home, 'waits'))) await new Promise((r) => setTimeout(r, 10));
        // Until it stands still: windows and pipes are full.
        for (let before = -1; before !== sent; ) {
          before = sent;
          await new Promise((r) => setTimeout(r, 100));
        }
        assert.ok(sent < total / 2, `${sent} of ${total} pieces went to a box that reads none`);
        writeFileSync(gate, '');
        assert.equal(Number((await counted).stdout.toString()), total * chunk.length);
      });
    });
  }
});
