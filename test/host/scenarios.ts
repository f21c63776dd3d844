import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';

/** What a window of VS Code has open while its tests run. */
export interface Scenario {
  readonly name: string;
  /** Its tests are in test/host/<folder>/; the first scenario has those right in test/host/. */
  readonly folder: string;
  /** Fills the work folder and tells what to open; undefined opens an empty window. */
  readonly prepare: (work: string) => Promise<string | undefined>;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env?: (scratch: string) => Promise<Readonly<Record<string, string>>>;
  /** More extensions beside ours, as folders of this checkout. */
  readonly extensions?: readonly string[];
  /** Whether VS Code asks before it trusts the folder; else everything is trusted. */
  readonly trust?: 'ask';
}

function git(folder: string, ...args: readonly string[]): void {
  execFileSync('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.invalid', ...args], { cwd: folder });
}

/** A fresh copy of examples/quickstart, not yet a repository. */
async function quickstart(work: string): Promise<string> {
  const example = path.join(process.cwd(), 'examples/quickstart');
  await fs.mkdir(work, { recursive: true });
  if (existsSync(example)) await fs.cp(example, work, { recursive: true });
  else await fs.writeFile(path.join(work, 'train.py'), 'print("val_loss: 1.0")\n');
  return work;
}

async function repository(work: string): Promise<string> {
  await quickstart(work);
  git(work, 'init', '-q', '-b', 'main');
  git(work, 'add', '-A');
  git(work, 'commit', '-q', '-m', 'The quickstart');
  return work;
}

export const SCENARIOS: readonly Scenario[] = [
  {
    ...{ name: 'a repository', folder: '', prepare: repository },
    extensions: ['test/fixtures/language-models'],
  },
  { name: 'an empty window', folder: 'empty-window', prepare: async () => undefined },
  { name: 'a folder that is no repository', folder: 'plain-folder', prepare: quickstart },
  {
    name: 'a repository without commits',
    folder: 'no-commits',
    async prepare(work) {
      await quickstart(work);
      git(work, 'init', '-q', '-b', 'main');
      return work;
    },
  },
  { name: 'a folder that is not trusted', folder: 'untrusted', prepare: repository, trust: 'ask' },
  {
    name: 'a machine without git',
    folder: 'no-git',
    prepare: repository,
    async env(scratch) {
      const bin = path.join(scratch, 'bin');
      await fs.mkdir(bin, { recursive: true });
      // Everything the window itself needs, only no git.
      for (const folder of ['/usr/local/bin', '/usr/bin', '/bin']) {
        for (const name of await fs.readdir(folder).catch(() => [])) {
          const link = path.join(bin, name);
          if (!name.startsWith('git') && !existsSync(link))
            await fs.symlink(path.join(folder, name), link).catch(() => {});
        }
      }
      await fs.rm(path.join(bin, 'node'), { force: true });
      await fs.symlink(process.execPath, path.join(bin, 'node'));
      // VS Code asks a login shell for the PATH; this one has no opinion of its own.
      const shell = path.join(scratch, 'shell');
      await fs.writeFile(shell, '#!/bin/sh\nfor last; do :; done\nexec /bin/sh -c "$last"\n', { mode: 0o755 });
      return { PATH: bin, SHELL: shell };
    },
  },
];
