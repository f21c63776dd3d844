import * as assert from 'node:assert/strict';
import type { SshTarget } from '../../../src/core/workers/ssh/config.ts';
import { splitArguments } from '../../../src/core/workers/ssh/config-file.ts';
import { shouldBeSystem } from '../../../src/core/workers/ssh/needs-system.ts';
import { readSshFault } from '../../../src/core/workers/ssh/system-errors.ts';

describe('What ssh says', () => {
  // As OpenSSH 9.2 prints it with LogLevel ERROR.
  const cases: readonly (readonly [string, string, object])[] = [
    [
      'a changed key',
      `@@@@@@@@@@@\r
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r
@@@@@@@@@@@\r
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\r
The fingerprint for the ED25519 key sent by the remote host is\r
SHA256:abc/def+0.\r
Please contact your system administrator.\r
Add correct host key in /home/me/.ssh/known hosts to get rid of this message.\r
Offending ED25519 key in /home/me/.ssh/known hosts:12\r
Host key for [10.0.0.1]:2222 has changed and you have requested strict checking.\r
Host key verification failed.\r
`,
      { kind: 'changed-key', file: '/home/me/.ssh/known hosts', line: 12, shown: 'SHA256:abc/def+0' },
    ],
    [
      'an unknown key',
      'No ED25519 host key is known for [10.0.0.1]:2222 and you have requested strict checking.\r\nHost key verification failed.\r\n',
      { kind: 'unknown-key', token: '[10.0.0.1]:2222' },
    ],
    [
      'an unknown key of a jump, and what the target makes of it',
      'No RSA host key is known for door and you have requested strict checking.\nHost key verification failed.\nConnection closed by UNKNOWN port 65535\n',
      { kind: 'unknown-key', token: 'door' },
    ],
    [
      'a login that was refused',
      'me@10.0.0.1: Permission denied (publickey,password).\n',
      { kind: 'auth', said: 'me@10.0.0.1: Permission denied (publickey,password).' },
    ],
    [
      'too many keys',
      'Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures\nDisconnected from 10.0.0.1 port 22\n',
      { kind: 'auth', said: 'Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures' },
    ],
    [
      'a refused connection',
      'ssh: connect to host 10.0.0.1 port 22: Connection refused\n',
      { kind: 'unreachable', said: 'ssh: connect to host 10.0.0.1 port 22: Connection refused' },
    ],
    ['nothing', '', { kind: 'unreachable', said: 'ssh ended without a word' }],
    [
      'no room',
      'mux_client_request_session: session request failed: Session open refused by peer\nControlSocket /tmp/s already exists, disabling multiplexing\n',
      { kind: 'sessions', said: 'mux_client_request_session: session request failed: Session open refused by peer' },
    ],
    [
      'a slip in the configuration',
      '/home/me/.ssh/config: line 3: Bad configuration option: prot\n/home/me/.ssh/config: terminating, 1 bad configuration options\n',
      { kind: 'config', said: '/home/me/.ssh/config: line 3: Bad configuration option: prot' },
    ],
  ];
  for (const [name, stderr, fault] of cases)
    it(`is read: ${name}`, () => assert.deepEqual(readSshFault(stderr), fault));
});

describe('The words of a line of ssh_config', () => {
  it('are grouped by quotes, and end at a comment', () => {
    assert.deepEqual(splitArguments('a "b c" \'d "e"\' f\\ g h\\"i # j'), ['a', 'b c', 'd "e"', 'f g', 'h"i']);
    assert.deepEqual(splitArguments('a#b "" C:\\keys\\mine'), ['a#b', '', 'C:\\keys\\mine']);
    assert.deepEqual(splitArguments('  '), []);
  });
});

describe('The system’s ssh is asked for', () => {
  const target = (part: Partial<SshTarget>) => [{ beyond: [], identityFiles: [], ...part } as unknown as SshTarget];
  const files = (texts: Readonly<Record<string, string>>) => ({
    info: async (name: string) => (name in texts ? ({ kind: 'file' } as never) : undefined),
    readText: async (name: string) => texts[name],
  });

  it('where a key is on a security token or has a certificate, and not for plain keys', async () => {
    const keys = { identityFiles: ['/k/a', '/k/b'] };
    assert.equal(await shouldBeSystem(target(keys), files({ '/k/a.pub': 'ssh-ed25519 AAAA' })), undefined);
    const token = files({ '/k/b.pub': 'sk-ssh-ed25519@openssh.com AAAA' });
    assert.match((await shouldBeSystem(target(keys), token)) ?? '', /security token \(\/k\/b\)/);
    assert.match((await shouldBeSystem(target(keys), files({ '/k/b-cert.pub': 'x' }))) ?? '', /certificate/);
    assert.equal(await shouldBeSystem(target({ beyond: ['RevokedHostKeys'] }), files({})), 'RevokedHostKeys');
  });
});
