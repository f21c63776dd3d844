import * as path from 'node:path';
import { HumanError } from '../../domain/index.ts';
import type { Clock, Files } from '../../system/index.ts';
import { hashOf } from '../hash.ts';
import type { Artifact, Piece, RunFile } from '../types.ts';
import { inside, type RunFolder, type RunSpec } from './layout.ts';
import { filesBelow, matcher } from './patterns.ts';

/** Between two walks for new metric files of a live run; the ones known are looked at each time. */
const WALK_MS = 1000;
/** A folder hint may be lost: a followed log is looked at this often all the same. */
const LOOK_MS = 250;
const CHUNK = 256 * 1024;
const MOST_FILES = 64;
const DEEPEST = 12;
const NEVER = new Set(['.git', 'node_modules', 'site-packages']);

type File = { readonly path: string; readonly size: number };

/** What is read of the run folders of this machine: the same answers as the scripts of a box give. */
export class Watching {
  readonly #files: Files;
  readonly #clock: Clock;
  readonly #specs = new Map<string, RunSpec>();
  readonly #walked = new Map<string, { readonly at: number; readonly found: readonly string[] }>();

  constructor({ files, clock }: { readonly files: Files; readonly clock: Clock }) {
    this.#files = files;
    this.#clock = clock;
  }

  /** The metric files of a run with their sizes, in the order of their paths, at most 64. */
  async files(run: RunFolder): Promise<readonly File[]> {
    const spec = await this.#spec(run);
    const roots = spec?.metricRoots ?? [];
    if (!spec || roots.length === 0) return [];
    const walked = this.#walked.get(run.id);
    const now = this.#clock.monotonic();
    const ended = (await this.#files.info(run.exit)) !== undefined;
    if (walked && !ended && now - walked.at < WALK_MS) {
      const sizes = await Promise.all(walked.found.map((file) => this.#plain(run.code, file)));
      return sizes.flatMap((file) => file ?? []);
    }
    const isMetricFile = matcher(spec.metricFiles ?? []);
    const all = (await Promise.all(roots.map((root) => this.#below(run.code, root === '.' ? '' : root, 0)))).flat();
    const found = all.filter(({ path: file }) => isMetricFile(file)).sort((a, b) => (a.path < b.path ? -1 : 1));
    const kept = found.slice(0, MOST_FILES);
    if (ended) {
      this.#walked.delete(run.id);
      this.#specs.delete(run.id);
    } else this.#walked.set(run.id, { at: now, found: kept.map((file) => file.path) });
    return kept;
  }

  async read(run: RunFolder, file: RunFile, offset: number, limit: number): Promise<Piece> {
    const name = await this.#nameOf(run, file);
    const info = name === undefined ? undefined : await this.#files.info(name);
    if (name === undefined || info?.kind !== 'file') return { size: -1, bytes: Buffer.alloc(0) };
    const wanted = Math.max(0, Math.min(limit, info.size - offset));
    const bytes = wanted === 0 ? Buffer.alloc(0) : await this.#files.readRange(name, offset, wanted);
    return { size: info.size, bytes };
  }

  /** @param over whether the run has ended, so that its log grows no more */
  async follow(
    run: RunFolder,
    from: number,
    onBytes: (bytes: Buffer) => void,
    over: () => Promise<boolean>,
    signal: AbortSignal,
  ): Promise<void> {
    let offset = from;
    let wake = Promise.withResolvers<void>();
    const hint = this.#files.watch(run.folder, () => wake.resolve());
    try {
      for (;;) {
        signal.throwIfAborted();
        wake = Promise.withResolvers<void>();
        // Before the look: what is written after an end was seen is seen by the look.
        const last = await over();
        for (let more = true; more; ) {
          const { size, bytes } = await this.read(run, 'log', offset, CHUNK);
          // No log yet is an empty one.
          if (Math.max(0, size) < offset)
            throw new HumanError(`The log of ${run.id} was truncated.`, { code: 'log-truncated' });
          if (bytes.length > 0) onBytes(bytes);
          offset += bytes.length;
          more = bytes.length > 0;
        }
        if (last) return;
        const nap = new AbortController();
        const slept = this.#clock.sleep(LOOK_MS, AbortSignal.any([signal, nap.signal])).catch(() => {});
        await Promise.race([wake.promise, slept]);
        nap.abort();
      }
    } finally {
      hint.dispose();
    }
  }

  /** The files that `artifacts` names. */
  async artifacts(run: RunFolder): Promise<readonly Artifact[]> {
    const spec = await this.#spec(run);
    if (!spec) return [];
    const isArtifact = matcher(spec.artifacts);
    return (await filesBelow(this.#files, run.code)).filter(({ path: file }) => isArtifact(file));
  }

  async sums(run: RunFolder, paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const sums = new Map<string, string>();
    for (const file of paths) {
      const name = await this.#nameOf(run, `code/${file}`);
      const sum = name && (await hashOf(this.#files, name));
      if (sum) sums.set(file, sum);
    }
    return sums;
  }

  async #spec(run: RunFolder): Promise<RunSpec | undefined> {
    const known = this.#specs.get(run.id);
    if (known) return known;
    const text = await this.#files.readText(run.spec);
    if (text === undefined) return undefined;
    const spec: RunSpec = JSON.parse(text);
    this.#specs.set(run.id, spec);
    return spec;
  }

  async #nameOf(run: RunFolder, file: RunFile): Promise<string | undefined> {
    if (file === 'log') return run.log;
    if (file === 'supervisor') return run.supervisorLog;
    if (file === 'setup') return path.join(run.folder, 'setup.log');
    const name = inside(run.code, file.slice('code/'.length));
    if (name === undefined) return undefined;
    // No link on the way leads out of the run's own folder.
    const [real, code] = await Promise.all([this.#files.realPath(path.dirname(name)), this.#files.realPath(run.code)]);
    const stays = real !== undefined && code !== undefined && (real === code || real.startsWith(code + path.sep));
    return stays ? name : undefined;
  }

  async #plain(code: string, file: string): Promise<File | undefined> {
    const info = await this.#files.info(path.join(code, ...file.split('/')));
    return info?.kind === 'file' ? { path: file, size: info.size } : undefined;
  }

  async #below(code: string, relative: string, depth: number): Promise<File[]> {
    const info = await this.#files.info(path.join(code, ...relative.split('/').filter(Boolean)));
    if (info?.kind === 'file') return [{ path: relative, size: info.size }];
    if (info?.kind !== 'folder' || depth > DEEPEST) return [];
    const names = await this.#files.list(path.join(code, ...relative.split('/').filter(Boolean)));
    const inner = await Promise.all(
      names
        .filter((name) => !NEVER.has(name) && !/[\n\t]/.test(name))
        .map((name) => this.#below(code, relative === '' ? name : `${relative}/${name}`, depth + 1)),
    );
    return inner.flat();
  }
}
