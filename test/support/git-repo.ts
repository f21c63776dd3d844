import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';

const ENV = {
  ...process.env,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Test',
  GIT_AUTHOR_EMAIL: 'test@example.com',
  GIT_COMMITTER_NAME: 'Test',
  GIT_COMMITTER_EMAIL: 'test@example.com',
};

/** A small repository made by git itself, and packs of it as a worker's shipment wants them. */
export class GitRepo {
  readonly root: string;
  constructor(root: string) {
    this.root = root;
    mkdirSync(root, { recursive: true });
    this.git('init', '-q', '-b', 'main');
  }

  git(...args: string[]): string {
    return execFileSync('git', args, { cwd: this.root, env: ENV, encoding: 'utf8' }).trim();
  }

  /** Writes files and commits everything. Gives the commit. */
  commit(files: Readonly<Record<string, string | Buffer>>, message = 'change'): string {
    for (const [name, body] of Object.entries(files)) {
      const file = path.join(this.root, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, body);
    }
    this.git('add', '-A');
    this.git('commit', '-q', '--allow-empty', '-m', message);
    return this.git('rev-parse', 'HEAD');
  }

  /** The commit's tree without its history, as it is shipped; always the same one. */
  parentless(commit: string): string {
    return execFileSync('git', ['commit-tree', `${commit}^{tree}`, '-m', 'the tree to run'], {
      cwd: this.root,
      env: { ...ENV, GIT_AUTHOR_DATE: '946684800 +0000', GIT_COMMITTER_DATE: '946684800 +0000' },
      encoding: 'utf8',
    }).trim();
  }

  /** What the commits need beyond `have`. */
  pack(commits: readonly string[], have: readonly string[]): Buffer {
    const known = have.filter((tip) => {
      try {
        this.git('cat-file', '-e', tip);
        return true;
      } catch {
        return false;
      }
    });
    return execFileSync('git', ['pack-objects', '--revs', '--thin', '--shallow', '--stdout', '-q'], {
      cwd: this.root,
      env: ENV,
      maxBuffer: 2 ** 30,
      input: [...commits, ...known.map((tip) => `^${tip}`)].map((line) => `${line}\n`).join(''),
    });
  }
}
