import { HumanError } from '../domain/index.ts';
import type { SpawnResult, System } from '../system/index.ts';

/** What the room needs of the outside. `System` has it all. */
export type GitTools = Pick<System, 'spawn' | 'files' | 'random' | 'env' | 'clock'>;

export interface GitOptions {
  readonly input?: Uint8Array | string;
  /** Variables on top of the clean environment, such as GIT_INDEX_FILE. */
  readonly env?: Readonly<Record<string, string>>;
  readonly maxBytes?: number;
}

/** Git ended with a status that the caller did not expect: a bug of ours, or something odd in the repository. */
export class GitFailed extends Error {
  readonly status: number;
  readonly stderr: string;

  constructor(args: readonly string[], result: SpawnResult) {
    const stderr = result.stderr.toString('utf8').trim();
    super(`git ${args.join(' ')} ended with ${result.code}: ${stderr}`);
    this.name = 'GitFailed';
    this.status = result.code;
    this.stderr = stderr;
  }
}

/** Nothing of the repository may run, hide or rewrite anything while we read and write objects. */
const FIXED = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.quotePath=false',
  'core.splitIndex=false',
  'core.untrackedCache=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'i18n.commitEncoding=utf-8',
  'diff.suppressBlankEmpty=false',
  'diff.orderFile=/dev/null',
].flatMap((setting) => ['-c', setting]);

const IDENTITY = {
  GIT_AUTHOR_NAME: 'Research Copilot',
  GIT_AUTHOR_EMAIL: 'research-copilot@localhost',
  GIT_COMMITTER_NAME: 'Research Copilot',
  GIT_COMMITTER_EMAIL: 'research-copilot@localhost',
};

function cleanEnvironment(env: GitTools['env']): Record<string, string | undefined> {
  const kept = Object.entries(env).filter(([name]) => !name.toUpperCase().startsWith('GIT_'));
  return { ...Object.fromEntries(kept), GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C', LANGUAGE: '' };
}

/** Runs git in one folder, by bytes. Pathspecs are literal; nothing is ever spliced into a shell. */
export class Git {
  readonly tools: GitTools;
  readonly folder: string;
  readonly #env: Record<string, string | undefined>;

  constructor(tools: GitTools, folder: string) {
    this.tools = tools;
    this.folder = folder;
    this.#env = cleanEnvironment(tools.env);
  }

  in(folder: string): Git {
    return new Git(this.tools, folder);
  }

  /** The result whatever the status. @throws HumanError `no-git` when there is no git */
  async attempt(args: readonly string[], options: GitOptions = {}): Promise<SpawnResult> {
    try {
      return await this.tools.spawn.run('git', ['--literal-pathspecs', ...FIXED, ...args], {
        cwd: this.folder,
        env: { ...this.#env, ...options.env },
        ...(options.input === undefined ? {} : { input: options.input }),
        ...(options.maxBytes === undefined ? {} : { maxBytes: options.maxBytes }),
      });
    } catch (error) {
      const folderThere = await this.tools.files.info(this.folder);
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' && folderThere) {
        throw new HumanError('There is no git on the PATH. Install git 2.30 or newer, then reload the window.', {
          code: 'no-git',
          cause: error,
        });
      }
      throw error;
    }
  }

  /** Stdout. @throws GitFailed on any other status than 0 */
  async run(args: readonly string[], options: GitOptions = {}): Promise<Buffer> {
    const result = await this.attempt(args, options);
    if (result.code !== 0) throw new GitFailed(args, result);
    return result.stdout;
  }

  /** Stdout as text without its last line end. */
  async text(args: readonly string[], options: GitOptions = {}): Promise<string> {
    return (await this.run(args, options)).toString('utf8').replace(/\r?\n$/, '');
  }

  /** Like `text`, but a failure is "there is none". */
  async maybe(args: readonly string[], options: GitOptions = {}): Promise<string | undefined> {
    const result = await this.attempt(args, options);
    return result.code === 0 ? result.stdout.toString('utf8').replace(/\r?\n$/, '') : undefined;
  }

  /**
   * A commit object. Author and committer are the copilot's own.
   * @param date `<seconds since 1970> +0000` for a commit that must come out the same each time; default now
   */
  async commitTree(tree: string, parents: readonly string[], message: string, date?: string): Promise<string> {
    return await this.text(['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent]), '-F', '-'], {
      input: message.endsWith('\n') ? message : `${message}\n`,
      env: date === undefined ? IDENTITY : { ...IDENTITY, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
    });
  }

  async writeBlob(bytes: Uint8Array): Promise<string> {
    return await this.text(['hash-object', '-w', '--stdin', '--no-filters'], { input: bytes });
  }

  /** Runs work with an index of its own, which is gone afterwards. */
  async withIndex<T>(work: (env: { readonly GIT_INDEX_FILE: string }, file: string) => Promise<T>): Promise<T> {
    const { files } = this.tools;
    const folder = await files.temporaryFolder('research-index-');
    const file = `${folder}/index`;
    try {
      return await work({ GIT_INDEX_FILE: file }, file);
    } finally {
      await files.remove(folder);
    }
  }
}

/** The fields of NUL-separated output. */
export function splitNul(bytes: Buffer): string[] {
  const fields = bytes.toString('utf8').split('\0');
  if (fields.at(-1) === '') fields.pop();
  return fields;
}
