import * as assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { isHumanError } from '../../../src/core/domain/index.ts';
import { loadEnvironment, parseEnvironment } from '../../../src/core/environment/index.ts';
import { readBrief } from '../../../src/core/research/brief.ts';
import type { Parts } from '../../../src/core/research/parts.ts';
import { listInputs } from '../../../src/core/research/ship.ts';
import { type Files, realFiles } from '../../../src/core/system/index.ts';

const YAML = 'name: x\nrun: python3 train.py\nobjective: { metric: a, goal: minimize }\n';

describe('what the files of a repository can do to who opens it', () => {
  let folder: string;
  let root: string;
  /** Bytes that were read of the disk. */
  let read: number;
  const files: Files = {
    ...realFiles,
    readText: () => assert.fail('a whole file is read, however large'),
    read: () => assert.fail('a whole file is read, however large'),
    readRange: async (...asked) => {
      const bytes = await realFiles.readRange(...asked);
      read += bytes.length;
      return bytes;
    },
  };
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'hostile-'));
    root = path.join(folder, 'repo');
    mkdirSync(root);
    writeFileSync(path.join(folder, 'outside.md'), 'what lies outside\n');
    read = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const write = (name: string, text: string) => writeFileSync(path.join(root, name), text);
  const large = (name: string) => {
    write(name, YAML);
    truncateSync(path.join(root, name), 1024 ** 3);
  };
  const problems = (text: string) => {
    const loaded = parseEnvironment(text, 'research.yaml');
    return loaded.ok ? [] : loaded.diagnostics.map(({ line, message }) => `${line}: ${message}`);
  };

  describe('research.yaml', () => {
    it('of a gigabyte is said to be too large, and not read', async () => {
      large('research.yaml');
      const loaded = await loadEnvironment(files, root);
      assert.match(loaded.ok ? '' : (loaded.diagnostics[0]?.message ?? ''), /over 1 MB; it was not read/);
      assert.ok(read < 1_100_000, `${read}`);
    });

    it('that is a pipe or a folder is none, and nobody waits for it', async () => {
      execFileSync('mkfifo', [path.join(root, 'research.yaml')]);
      assert.equal((await loadEnvironment(files, root)).ok, false);
      rmSync(path.join(root, 'research.yaml'));
      mkdirSync(path.join(root, 'research.yaml'));
      assert.equal((await loadEnvironment(files, root)).ok, false);
    });

    it('may be a link to a plain file', async () => {
      writeFileSync(path.join(folder, 'shared.yaml'), YAML);
      symlinkSync('../shared.yaml', path.join(root, 'research.yaml'));
      assert.ok((await loadEnvironment(files, root)).ok);
    });

    it('of aliases upon aliases, or of a hundred thousand of them, is refused with the reason', () => {
      const names = 'abcdefghi';
      const bomb = [...names].map((name, at) => {
        const inner = at === 0 ? Array(9).fill('x') : Array(9).fill(`*${names[at - 1]}`);
        return `${name}: &${name} [${inner.join(', ')}]`;
      });
      assert.match(problems(`${YAML}${bomb.join('\n')}\n`).join(), /[Aa]lias|Unknown|unknown/);
      const many = problems(`${YAML}env: { A: &a x }\nartifacts: [${'*a,'.repeat(100_000)}]\n`);
      assert.match(many.join(), /names 100000 aliases; at most 200 are read/);
      const lost = problems(`${YAML}artifacts: [${'*a,'.repeat(1000)}]\n`);
      assert.ok(lost.length <= 102 && /there is no anchor &a/.test(lost[0] ?? ''), `${lost.length}`);
      assert.deepEqual(problems(`${YAML}env: { A: &a x, B: *a }\n`), []);
    });

    it('of a hundred thousand keys is refused before they are compared', () => {
      const keys = Array.from({ length: 100_000 }, (_, at) => `k${at}: 1`).join('\n');
      const loaded = parseEnvironment(keys, 'research.yaml');
      assert.match(loaded.ok ? '' : (loaded.diagnostics[0]?.message ?? ''), /more than 4000 keys; it was not read/);
    });

    it('takes no glob that would be matched for ever, or that leads out of the repository', () => {
      for (const glob of ['*a*a*a*b', '**/a/**/a/**/b', '+(a|aa)b', 'a'.repeat(501)]) {
        assert.match(problems(`${YAML}protected: ['${glob}']\n`).join(), /^4: .*(two \*|glob)/, glob);
      }
      for (const glob of ['../secrets/*', 'a/../../b', '/etc/passwd', 'C:\\keys']) {
        for (const key of ['inputs', 'artifacts', 'setup_inputs']) {
          assert.match(problems(`${YAML}${key}: ['${glob}']\n`).join(), /inside the repository/, `${key} ${glob}`);
        }
        assert.match(problems(`${YAML}metrics: [{ file: '${glob}' }]\n`).join(), /^4: /, glob);
      }
      assert.deepEqual(problems(`${YAML}inputs: ['data/**/*.bin', 'a*b*.txt', '{a,b}/[cd]?.x', '..data/x']\n`), []);
    });
  });

  describe('the brief', () => {
    const brief = (name: string) => {
      write('research.yaml', `${YAML}brief: ${name}\n`);
      return readBrief({ system: { files }, repository: { root } } as unknown as Parts);
    };

    it('is the file that it names, without what looks like a secret', async () => {
      write('program.md', `Lower the loss.\ntoken = "hf_${'a1B2'.repeat(9)}"\n`);
      assert.equal((await brief('program.md')).text, 'Lower the loss.\ntoken = "[secret]"\n');
    });

    it('is the words that stand there, without what looks like a secret', async () => {
      const words = 'Lower the loss; the password: "hunter2" is for the data';
      assert.equal((await brief(`'${words}'`)).text, words.replace('hunter2', '[secret]'));
      assert.equal((await brief('Lower the loss by a new key')).text, 'Lower the loss by a new key');
    });

    it('is never a file outside, one that holds secrets, a pipe, or more than words', async () => {
      symlinkSync('../outside.md', path.join(root, 'link.md'));
      symlinkSync('..', path.join(root, 'up'));
      execFileSync('mkfifo', [path.join(root, 'pipe.md')]);
      write('.env', 'TOKEN=1\n');
      write('id_rsa', 'x\n');
      write('key.txt', '-----BEGIN OPENSSH PRIVATE KEY-----\nx\n');
      symlinkSync('.env', path.join(root, 'words.md'));
      for (const name of ['link.md', 'up/outside.md', 'pipe.md', '.env', 'id_rsa', 'key.txt', 'words.md', 'none.md']) {
        assert.equal((await brief(name)).text, name, 'the word itself, and no file');
      }
      large('long.md');
      read = 0;
      assert.equal((await brief('long.md')).text, 'long.md', 'no text');
      assert.ok(read < 200_000, `${read}`);
    });
  });

  it('brings no inputs along through a link that leads out of it', async () => {
    mkdirSync(path.join(folder, 'keys'));
    writeFileSync(path.join(folder, 'keys', 'id_rsa'), 'x');
    symlinkSync('..', path.join(root, 'up'));
    for (const glob of ['up/keys/*', 'up/keys/id_rsa', 'up/**']) {
      await assert.rejects(
        listInputs(realFiles, root, [glob], new Map()),
        (error) => isHumanError(error) && error.code === 'missing-input' && /leads out of/.test(error.message),
      );
    }
    mkdirSync(path.join(root, 'data'));
    write('data/a.bin', 'x');
    assert.equal((await listInputs(realFiles, root, ['data/*.bin'], new Map())).length, 1);
  });
});
