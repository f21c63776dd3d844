import * as assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import {
  fingerprint,
  hostToken,
  judgeHostKey,
  knownHostLine,
  namesHost,
  orderAlgorithms,
  parseKnownHosts,
} from '../../../src/core/workers/ssh/known-hosts.ts';

function key(type: string, body: Buffer = randomBytes(32)): Buffer {
  const name = Buffer.from(type);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(name.length);
  return Buffer.concat([length, name, body]);
}

const line = (hosts: string, blob: Buffer, type = 'ssh-ed25519') => `${hosts} ${type} ${blob.toString('base64')}\n`;
const judge = (text: string, tokens: string[], blob: Buffer) =>
  judgeHostKey(parseKnownHosts(text, 'known_hosts'), tokens, blob);

describe('known_hosts', () => {
  const mine = key('ssh-ed25519');
  const other = key('ssh-ed25519');
  const ecdsa = key('ecdsa-sha2-nistp256');

  it('knows a key by name, by pattern, by hash and by port', () => {
    const salt = randomBytes(20);
    const hashed = `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update('[gpu]:2222').digest('base64')}`;
    assert.equal(judge(line('gpu', mine), ['gpu'], mine).kind, 'ok');
    assert.equal(judge(line('a,gpu,b', mine), ['gpu'], mine).kind, 'ok');
    assert.equal(judge(line('gp*', mine), ['gpu'], mine).kind, 'ok');
    assert.equal(judge(line(hashed, mine), ['[gpu]:2222', 'gpu'], mine).kind, 'ok');
    assert.equal(judge(line('GPU', mine), ['gpu'], mine).kind, 'ok');
  });

  it('lets one negated pattern veto its line', () => {
    assert.equal(namesHost('*.lab,!bad.lab', 'good.lab'), true);
    assert.equal(namesHost('*.lab,!bad.lab', 'bad.lab'), false);
  });

  it('tells a changed key from one of another type, and both from an unknown one', () => {
    const text = `# my boxes\n\n${line('gpu', other)}`;
    const changed = judge(text, ['gpu'], mine);
    assert.ok(changed.kind === 'changed' && changed.entry.line === 3);
    assert.equal(judge(line('gpu', ecdsa, 'ecdsa-sha2-nistp256'), ['gpu'], mine).kind, 'other-type');
    assert.equal(judge(line('gpu', mine), ['gpu2'], mine).kind, 'unknown');
  });

  it('takes the bare name as a witness for another port, never as an accuser', () => {
    assert.equal(judge(line('gpu', mine), ['[gpu]:2222', 'gpu'], mine).kind, 'ok');
    assert.equal(judge(line('gpu', other), ['[gpu]:2222', 'gpu'], mine).kind, 'unknown');
  });

  it('refuses a revoked key even where the same key is known', () => {
    assert.equal(judge(line('gpu', mine) + line('@revoked *', mine), ['gpu'], mine).kind, 'revoked');
    assert.equal(judge(line('gpu', mine) + line('@revoked *', other), ['gpu'], mine).kind, 'ok');
  });

  it('says that it cannot check a certificate authority', () => {
    assert.equal(judge(line('@cert-authority *.lab', mine), ['gpu.lab'], other).kind, 'authority');
  });

  it('passes over markers and lines it does not know', () => {
    const text = `@strange gpu ssh-ed25519 AAAA\ngpu\ngpu ssh-rsa ${mine.toString('base64')}\n${line('gpu', mine)}`;
    assert.equal(parseKnownHosts(text, 'f').length, 1);
  });

  it('never throws, whatever the file holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, token) => {
        judge(text, [token], mine);
      }),
    );
  });

  it('knows again what it wrote', () => {
    fc.assert(
      fc.property(fc.domain(), fc.integer({ min: 1, max: 65535 }), (host, port) => {
        const token = hostToken(host, port);
        assert.equal(judge(knownHostLine(token, mine), [token], mine).kind, 'ok');
        assert.equal(judge(knownHostLine(token, mine), [token], other).kind, 'changed');
      }),
    );
  });

  it('asks a host first for the types that are known of it', () => {
    const entries = parseKnownHosts(line('gpu', key('ssh-rsa'), 'ssh-rsa'), 'f');
    assert.deepEqual(orderAlgorithms(entries, ['gpu']).slice(0, 3), ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa']);
    assert.equal(orderAlgorithms(entries, ['elsewhere'])[0], 'ssh-ed25519');
  });

  it('prints fingerprints as ssh-keygen does', () => {
    const blob = Buffer.from('AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl', 'base64');
    // github.com's published ed25519 fingerprint.
    assert.equal(fingerprint(blob), 'SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU');
  });
});
