import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { isHumanError } from '../../../src/core/domain/index.ts';
import { openRepository, type Repository } from '../../../src/core/git/index.ts';
import { realSystem } from '../../../src/core/system/index.ts';

/** A repository of a person, in a folder of its own. */
export class Scratch {
  readonly folder: string;

  constructor(files: Readonly<Record<string, string | Buffer>> = { 'train.py': 'lr = 3e-4\nsteps = 100\n' }) {
    this.folder = fs.realpathSync(fs.mkdtempSync(path.join(tmpdir(), 'research git-')));
    this.git('init', '--quiet', '-b', 'main');
    this.git('config', 'user.name', 'A Person');
    this.git('config', 'user.email', 'person@example.org');
    if (Object.keys(files).length > 0) this.commit(files);
  }

  git(...args: string[]): string {
    return this.gitBytes(...args)
      .toString('utf8')
      .trimEnd();
  }

  gitBytes(...args: string[]): Buffer {
    return execFileSync('git', args, { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  write(name: string, data: string | Buffer): void {
    const file = path.join(this.folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, data);
  }

  commit(files: Readonly<Record<string, string | Buffer>>): string {
    for (const [name, data] of Object.entries(files)) this.write(name, data);
    this.git('add', '-A');
    this.git('commit', '--quiet', '-m', 'work');
    return this.git('rev-parse', 'HEAD');
  }

  open(): Promise<Repository> {
    return openRepository(this.folder, realSystem());
  }

  /** Everything of the person's that we promise not to touch, as one comparable value. */
  fingerprint(): Record<string, string> {
    const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    const result: Record<string, string> = {
      branches: this.git('for-each-ref', 'refs/heads', 'refs/tags', 'refs/stash', '--format=%(refname) %(objectname)')
        .split('\n')
        .filter((line) => !line.startsWith('refs/heads/research/'))
        .join('\n'),
      head: fs.readFileSync(path.join(this.folder, '.git/HEAD'), 'utf8'),
      config: hash(fs.readFileSync(path.join(this.folder, '.git/config'))),
      index: hash(fs.readFileSync(path.join(this.folder, '.git/index'))),
      stash: this.git('stash', 'list'),
    };
    for (const entry of fs.readdirSync(this.folder, { recursive: true, withFileTypes: true })) {
      const file = path.join(entry.parentPath, entry.name);
      const relative = path.relative(this.folder, file);
      if (/^\.(git|research)(\/|$)/.test(relative) || !entry.isFile()) continue;
      result[relative] = `${hash(fs.readFileSync(file))} ${fs.statSync(file).mode} ${fs.statSync(file).mtimeMs}`;
    }
    return result;
  }

  remove(): void {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Runs a test with a scratch repository that is gone afterwards. */
export async function withScratch(
  files: Readonly<Record<string, string | Buffer>> | undefined,
  work: (scratch: Scratch, repository: Repository) => Promise<void>,
): Promise<void> {
  const scratch = new Scratch(files);
  try {
    await work(scratch, await scratch.open());
  } finally {
    scratch.remove();
  }
}

export function changes(
  files: Readonly<Record<string, string | Buffer | null>>,
): Map<string, { bytes: Buffer } | null> {
  return new Map(
    Object.entries(files).map(([name, data]) => [name, data === null ? null : { bytes: Buffer.from(data) }]),
  );
}

export async function refused(work: Promise<unknown>, code: string): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (!isHumanError(error)) throw error;
    assert.equal(error.code, code, error.message);
    return error.message;
  }
  assert.fail(`expected a refusal with the code ${code}`);
}
