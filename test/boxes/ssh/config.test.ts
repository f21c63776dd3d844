import * as assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { isHumanError } from '../../../src/core/domain/index.ts';
import { realSystem, type Spawn, type System } from '../../../src/core/system/index.ts';
import { resolveChain } from '../../../src/core/workers/ssh/chain.ts';
import { resolveTarget } from '../../../src/core/workers/ssh/config.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';

/** ~/.ssh/config and the files it includes, by name in ~/.ssh. */
const FILES: Readonly<Record<string, string>> = {
  config: `
# What stands before any Host holds for all.
Include conf.d/*.conf "with blank"
IdentityFile "~/keys/the first"   # a comment
Host plain
  HostName 10.0.0.1
  Port 2200
  User=me
Host tokens
  HostName %h.lab.example
  IdentityFile ~/keys/%h-%r-%p
  IdentityFile \${KEYS}/%n
  CertificateFile ~/certs/%u
  UserKnownHostsFile ~/.ssh/known_%k ~/known2
  HostKeyAlias Lab-Key
Host wild-* !wild-not
  User wild
  Port 23
Host wild-not
  Port 24
Host exact?
  Port 25
Host UPPER
  hostname 10.0.0.2
  HOSTNAME 10.0.0.3
Match originalhost nested user someone
  Port 26
Match host 10.0.0.1
  User too-late
  IdentitiesOnly yes
Match host *.lab.example,other !user me
  ServerAliveInterval 7
Match exec "touch RAN" host plain
  Port 27
Match !host plain,10.0.0.1 originalhost agents*
  IdentityAgent $MY_AGENT
Host agents-none
  IdentityAgent none
Host agents-path
  IdentityAgent "~/agent sock"
Host jumpy
  ProxyJump me@door:2222,inner
  ProxyCommand nc %h %p
Host commanded
  ProxyCommand ssh -W "%h:%p" door
  ProxyJump door
Host unjumped
  ProxyJump none
Host strict-*
  StrictHostKeyChecking accept-new
Host strict-yes
  StrictHostKeyChecking no
Host methods
  PreferredAuthentications password,publickey
  PasswordAuthentication no
Host finals
  HostName finals.lab.example
Match final host *.lab.example
  Port 28
Host conditional
  Include inside
Host *
  User everybody
  GlobalKnownHostsFile /etc/a /etc/b
  GSSAPIAuthentication yes
`,
  'conf.d/10.conf': 'Host nested\n  User someone\n  Include ../deeper/*\n',
  'conf.d/20.conf': 'Host nested\n  User nobody\n  HostName 10.9.9.9\n',
  'conf.d/.hidden.conf': 'Port 99\n',
  'conf.d/not-this': 'Port 98\n',
  'deeper/one': 'HostKeyAlias deep\nHost other-one\n  Port 97\n',
  'with blank': 'Host blank\n  Port 29\n',
  inside: 'Port 30\nHost conditional-not\n  Port 31\nHost *\n  HostKeyAlias from-inside\n',
};
const NAMES = [
  'plain',
  'tokens',
  'wild-a',
  'wild-not',
  'exact1',
  'exact12',
  'exact',
  'UPPER',
  'upper',
  'nested',
  'other-one',
  'blank',
  'agents',
  'agents-none',
  'agents-path',
  'jumpy',
  'commanded',
  'unjumped',
  'strict-a',
  'strict-yes',
  'methods',
  'finals',
  'conditional',
  'conditional-not',
  'not.named.at.all',
];

describe('The ssh configuration, without an ssh to ask', () => {
  let box: TestBox;
  let asked: System;
  let alone: System;

  before(async function () {
    const why = whyNoBox() ?? (process.getuid?.() === 0 ? undefined : 'an account with a home of its own needs root');
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    box = await startBox({ name: 'config' });
    for (const [name, text] of Object.entries(FILES)) {
      const file = path.join(box.home, '.ssh', name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text.replace('RAN', path.join(box.home, 'ran')));
      chmodSync(file, 0o644);
    }
    const real = realSystem();
    const env = {
      PATH: process.env.PATH,
      USER: box.user,
      KEYS: '/keys',
      MY_AGENT: '/run/mine',
      SSH_AUTH_SOCK: '/run/a',
    };
    const spawn = (run: Spawn['run']): Spawn => ({ ...real.spawn, run });
    // Its own ssh finds the home folder in the account database, not in the environment.
    const asUser: Spawn['run'] = (program, args, options) =>
      real.spawn.run('setpriv', [`--reuid=${box.user}`, '--clear-groups', program, ...args], { ...options, env });
    const none: Spawn['run'] = async () => {
      throw Object.assign(new Error('no ssh'), { code: 'ENOENT' });
    };
    asked = { ...real, env, home: box.home, spawn: spawn(asUser) };
    alone = { ...real, env, home: box.home, spawn: spawn(none) };
  });
  after(() => box?.stop());

  for (const name of NAMES) {
    it(`comes to what "ssh -G ${name}" says`, async () => {
      const wanted = await resolveTarget({ system: asked }, name);
      const found = await resolveTarget({ system: alone }, name);
      assert.deepEqual(found, wanted);
    });
  }

  it('takes a jump’s own words before those of the files, and runs no Match exec', async () => {
    const over = { user: 'you', port: 9 };
    rmSync(path.join(box.home, 'ran'), { force: true });
    const found = await resolveTarget({ system: alone }, 'plain', over);
    assert.deepEqual([found.user, found.port], ['you', 9]);
    assert.ok(!readdirSync(box.home).includes('ran'));
    const hosts = (system: System) => resolveChain({ system }, 'jumpy').then((chain) => chain.map((hop) => hop.alias));
    assert.deepEqual(await hosts(alone), ['door', 'inner', 'jumpy']);
    assert.deepEqual(await hosts(alone), await hosts(asked));
  });

  it('ends where files include each other', async () => {
    const file = path.join(box.home, 'round');
    writeFileSync(file, `Include ${file}\n`);
    await assert.rejects(resolveTarget({ system: alone, configFile: file }, 'plain'), isHumanError);
  });
});
