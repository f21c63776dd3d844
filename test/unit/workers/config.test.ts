import * as assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { realSystem, type Spawn } from '../../../src/core/system/index.ts';
import { parseJump, resolveTarget } from '../../../src/core/workers/ssh/config.ts';

describe('ssh configuration', () => {
  const real = realSystem();
  let home: string;
  before(() => {
    home = mkdtempSync(path.join(tmpdir(), 'rc-home-'));
  });
  after(() => rmSync(home, { recursive: true, force: true }));
  const noSsh: Spawn = {
    ...real.spawn,
    run: async () => {
      throw Object.assign(new Error('no ssh'), { code: 'ENOENT' });
    },
  };

  it('resolves an alias as ssh would, included files too, with ~ and %h spelled out', async function () {
    const have = await real.spawn.run('ssh', ['-V']).catch(() => undefined);
    if (!have) this.skip();
    const included = path.join(home, 'included');
    writeFileSync(
      included,
      'Host gpu\n  HostName 10.0.0.7\n  Port 2200\n  User me\n  IdentityFile ~/keys/%h\n  IdentitiesOnly yes\n  HostKeyAlias Lab\n  ProxyJump door:22,you@inner:23\n',
    );
    const configFile = path.join(home, 'config');
    writeFileSync(configFile, `Include ${included}\n`);
    const system = { ...real, home, env: { SSH_AUTH_SOCK: '/tmp/agent' } };
    const target = await resolveTarget({ system, configFile }, 'gpu');
    assert.equal(target.hostname, '10.0.0.7');
    assert.equal(target.port, 2200);
    assert.equal(target.user, 'me');
    assert.equal(target.hostKeyAlias?.toLowerCase(), 'lab');
    assert.deepEqual(target.identityFiles, [path.join(home, 'keys/10.0.0.7')]);
    assert.equal(target.identitiesOnly, true);
    assert.equal(target.agent, '/tmp/agent');
    assert.equal(target.jumps.length, 2);
    assert.deepEqual(parseJump(target.jumps[1] ?? ''), { user: 'you', host: 'inner', port: 23 });
  });

  it('falls back to the plain name where there is no ssh program', async () => {
    const system = { ...real, home, spawn: noSsh, env: { USER: 'me' } };
    const target = await resolveTarget({ system }, 'gpu.lab');
    assert.deepEqual([target.hostname, target.port, target.user], ['gpu.lab', 22, 'me']);
    assert.equal(target.knownHostsFiles[0], path.join(home, '.ssh/known_hosts'));
    assert.equal(target.agent, undefined);
  });

  it('never takes an option for a host', async () => {
    await assert.rejects(resolveTarget({ system: { ...real, home } }, '-oProxyCommand=touch /tmp/x'), {
      code: 'ssh-config',
    });
  });

  it('splits jumps', () => {
    assert.deepEqual(parseJump('host'), { user: undefined, host: 'host', port: undefined });
    assert.deepEqual(parseJump('a@[::1]:2222'), { user: 'a', host: '::1', port: 2222 });
  });
});
