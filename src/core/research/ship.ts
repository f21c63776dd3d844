import { createHash } from 'node:crypto';
import * as path from 'node:path';
import picomatch from 'picomatch';
import { type Base, environmentFor, HumanError, messageOf, type Run } from '../domain/index.ts';
import { lineOf } from '../environment/index.ts';
import type { Files } from '../system/index.ts';
import type { Shipment } from '../workers/index.ts';
import { environmentFile, type Parts } from './parts.ts';

const PIECE = 4 * 1024 * 1024;
const LFS_POINTER = 'version https://git-lfs.github.com/spec/v1\n';
const POINTER_BYTES = 1024;

/**
 * Everything a box needs to start a run. The commit is sent without its history: what leaves the machine is the tree,
 * and a later ship sends only what changed against the trees that the box has.
 * @param skewMs how far the clock of the box is ahead: until when a run may begin is said in the box's own time
 * @throws HumanError `missing-secret`, `missing-input`, `lfs-pointer`
 */
export async function makeShipment(parts: Parts, base: Base, run: Run, skewMs = 0): Promise<Shipment> {
  const { repository } = parts;
  const environment = environmentFor(run.purpose, base.environment);
  const commit = await repository.parentless(run.commit ?? base.commit);
  return {
    run: run.id,
    repo: await repository.key(),
    commit,
    trusted: await repository.parentless(base.commit),
    pack: (have, commits) => repository.pack(commits, have),
    purpose: run.purpose,
    environment,
    seed: run.seed,
    inputs: await listInputs(parts.system.files, repository.root, environment.inputs, parts.inputHashes),
    ...(run.startBefore === undefined ? {} : { startBefore: Math.floor((run.startBefore + skewMs) / 1000) }),
    secrets: await readSecrets(parts, environment.secrets),
    gitDir: repository.commonDir,
  };
}

/** A fault of a link with the line of research.yaml on which the link stands now. */
export async function withLineOfLink(parts: Parts, error: unknown): Promise<string> {
  const message = messageOf(error);
  const [, name] = /^links: (.+?) points to /.exec(message) ?? [];
  const text = await parts.system.files.readText(environmentFile(parts.repository));
  const line = name === undefined || text === undefined ? undefined : lineOf(text, ['links', name]);
  return line === undefined ? message : `research.yaml:${line}: ${message}`;
}

async function readSecrets(parts: Parts, names: readonly string[]): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const name of names) {
    const value = (await parts.host.secret(name)) ?? parts.system.env[name];
    if (value === undefined) {
      throw new HumanError(
        `The run needs the secret ${name} (secrets in research.yaml), and it is not set. Set the environment variable ${name}.`,
        { code: 'missing-secret' },
      );
    }
    values[name] = value;
  }
  return values;
}

/** Hashes of input files by path, size and time of change: data of gigabytes is not read again for every run. */
export type InputHashes = Map<string, string>;

/**
 * The untracked files that `inputs` names, with their content's hash.
 * @throws HumanError `missing-input` for a glob that matches nothing, a file that is gone by the time it is read;
 *   `lfs-pointer` for a file whose content Git LFS has not brought here
 */
export async function listInputs(
  files: Files,
  root: string,
  globs: readonly string[],
  known: InputHashes,
): Promise<Shipment['inputs']> {
  const found: { path: string; source: string; sha256: string }[] = [];
  for (const glob of globs) {
    const { base } = picomatch.scan(glob);
    await requireInside(files, root, base);
    const matches = picomatch(glob, { dot: true });
    const paths = await walk(files, root, base);
    const hits = paths.filter((file) => matches(file));
    if (hits.length === 0) {
      throw new HumanError(`No file matches ${glob} (inputs in research.yaml) under ${root}.`, {
        code: 'missing-input',
      });
    }
    for (const file of hits) {
      const source = path.join(root, file);
      const info = await files.info(source);
      if (!info) throw new HumanError(`${source} (inputs in research.yaml) is gone.`, { code: 'missing-input' });
      if (info.size <= POINTER_BYTES && (await isPointer(files, source))) {
        throw new HumanError(
          `${source} (inputs in research.yaml) is a Git LFS pointer here, not its content. Get the content with: git lfs pull --include ${JSON.stringify(file)}`,
          { code: 'lfs-pointer' },
        );
      }
      const key = `${source}\n${info.size}\n${info.modifiedAt}`;
      const sha256 = known.get(key) ?? (await hashOf(files, source));
      known.set(key, sha256);
      found.push({ path: file, source, sha256 });
    }
  }
  return found;
}

/** A link of the repository must not bring along what lies elsewhere: keys, or another project. */
async function requireInside(files: Files, root: string, base: string): Promise<void> {
  const [real, top] = [await files.realPath(path.join(root, base)), await files.realPath(root)];
  if (real === undefined || top === undefined || real === top || real.startsWith(top + path.sep)) return;
  throw new HumanError(
    `${base} (inputs in research.yaml) leads out of ${root}, to ${real}. Name a place on the box in links instead.`,
    { code: 'missing-input' },
  );
}

async function isPointer(files: Files, file: string): Promise<boolean> {
  return (await files.readRange(file, 0, LFS_POINTER.length)).toString('latin1') === LFS_POINTER;
}

/** By pieces: a file of data may be larger than what memory, or one buffer, holds. */
async function hashOf(files: Files, file: string): Promise<string> {
  const hash = createHash('sha256');
  for (let offset = 0; ; ) {
    const bytes = await files.readRange(file, offset, PIECE);
    if (bytes.length === 0) return hash.digest('hex');
    hash.update(bytes);
    offset += bytes.length;
  }
}

async function walk(files: Files, root: string, relative: string): Promise<string[]> {
  const info = await files.info(path.join(root, relative));
  if (info?.kind === 'file') return [relative];
  if (info?.kind !== 'folder') return [];
  const names = (await files.list(path.join(root, relative))).filter((name) => name !== '.git');
  const inner = await Promise.all(
    names.map((name) => walk(files, root, relative === '' || relative === '.' ? name : `${relative}/${name}`)),
  );
  return inner.flat();
}
