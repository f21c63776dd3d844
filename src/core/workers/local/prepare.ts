import { createHash } from 'node:crypto';
import * as path from 'node:path';
import { makeLink } from '../../system/index.ts';
import { checkOut, composeTree, type TreeEntry } from './git.ts';
import { layInput } from './inputs.ts';
import { type Job, mustStop, RunEnd, runInJob, stoppedEnd } from './job.ts';
import { inside } from './layout.ts';
import { takeLock } from './lock.ts';
import { filesBelow, matcher } from './patterns.ts';
import { throughLink } from './protect.ts';

const SETUP_SECONDS = 7200;
const LOOK_MS = 200;
const PYTHON_MS = 10_000;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The id of the tree that runs. @throws RunEnd */
export async function treeOf(job: Job): Promise<string> {
  const { parts, layout, run, spec } = job;
  if (spec.trusted === spec.commit || spec.protected.length === 0) return spec.commit;
  const repository = path.join(layout.repos, `${spec.repo}.git`);
  try {
    return await composeTree(parts, repository, spec, matcher(spec.protected), path.join(run.folder, 'compose.index'));
  } catch (error) {
    throw new RunEnd(
      74,
      'checkout-failed',
      `The commit, or the base whose protected files it takes, is not whole: ${messageOf(error)}`,
    );
  }
}

/** The code of the run (`tree`), its inputs and its links, in `folder`. @throws RunEnd */
export async function layOut(job: Job, tree: string, folder: string): Promise<void> {
  const { parts, layout, spec } = job;
  const { files } = parts;
  try {
    await checkOut(parts, path.join(layout.repos, `${spec.repo}.git`), tree, folder);
  } catch (error) {
    throw new RunEnd(74, 'checkout-failed', `The commit could not be checked out: ${messageOf(error)}`);
  }
  for (const input of spec.inputs) {
    if (await throughLink(files, folder, input.path)) {
      const why = `The input ${input.path} cannot be laid out: a name on its way is a link in the commit.`;
      throw new RunEnd(74, 'input-missing', why);
    }
    const target = inside(folder, input.path);
    if (target === undefined || !(await layInput(parts, layout, input.sha256, target))) {
      throw new RunEnd(
        74,
        'input-missing',
        `The input ${input.path} is not on the box, or was changed there by a run. Run it again to ship it anew.`,
      );
    }
  }
  for (const [name, destination] of Object.entries(spec.links)) {
    const link = inside(folder, name);
    if (link === undefined || !(await files.realPath(destination))) {
      throw new RunEnd(
        74,
        'link-missing',
        `links: ${name} points to ${destination}, which does not exist on this machine. Put it there, or change links in research.yaml.`,
      );
    }
    await files.makeFolder(path.dirname(link));
    await makeLink(destination, link);
  }
}

/** Brings what trusted code may see of the run into its checkout: new plain files that Python does not load by itself. */
export async function bringArtifacts(job: Job): Promise<void> {
  const { files } = job.parts;
  const { run, spec } = job;
  const [isArtifact, isProtected] = [matcher(spec.artifacts), matcher(spec.protected)];
  for (const { path: file } of await filesBelow(files, run.code)) {
    if (!isArtifact(file) || isProtected(file) || LOADED.test(file)) continue;
    const target = inside(run.evaluation, file);
    if (target === undefined || (await files.info(target)) || (await throughLink(files, run.evaluation, file)))
      continue;
    await files.copy(path.join(run.code, ...file.split('/')), target);
  }
}

const LOADED = /(^|\/)(sitecustomize\.py|usercustomize\.py|conftest\.py|\.git[^/]*)$/;

/** The folder that `setup` made, built once per content of the command and of `setup_inputs`. @throws RunEnd */
export async function setUp(job: Job, tree: readonly TreeEntry[]): Promise<string | undefined> {
  const { parts, layout, spec } = job;
  const { files } = parts;
  if (spec.setup === undefined) return undefined;
  const isInput = matcher(spec.setupInputs);
  const inputs = tree.filter(({ path: file }) => isInput(file)).map(({ path: file, blob }) => `${blob} ${file}`);
  const python = await pythonVersion(job);
  const content = JSON.stringify([spec.setup, process.platform, process.arch, python, inputs]);
  const home = path.join(layout.envs, createHash('sha256').update(content).digest('hex').slice(0, 32));
  const ready = path.join(home, 'ready');
  const folder = path.join(home, 'env');
  const log = path.join(home, 'setup.log');
  for (;;) {
    // The same file, so that it grows here too; a copy where the disk has no links.
    await showLog();
    if (await files.info(ready)) return folder;
    const stop = await mustStop(job);
    if (stop) throw stoppedEnd(stop, 'setup', SETUP_SECONDS);
    const lock = await takeLock(parts, home, 'lock');
    if (lock) {
      try {
        if (!(await files.info(ready))) await build();
        await showLog();
        return folder;
      } finally {
        await lock.release();
      }
    }
    await parts.clock.sleep(LOOK_MS);
  }

  async function showLog(): Promise<void> {
    if (!(await files.info(log))) return;
    await files.remove(job.run.setupLog);
    if (!(await files.link(log, job.run.setupLog))) await files.copy(log, job.run.setupLog);
  }

  async function build(): Promise<void> {
    await files.remove(folder);
    await files.remove(log);
    await files.write(log, '', 0o600);
    await showLog();
    try {
      const options = { environmentFolder: folder, seconds: SETUP_SECONDS, log };
      const { code } = await runInJob(job, 'setup', spec.setup ?? '', job.run.code, options);
      if (code !== 0) {
        throw new RunEnd(code, 'setup-failed', `setup ended with exit code ${code}; its log shows what it printed.`);
      }
      await files.write(ready, '');
    } catch (error) {
      // Nothing of it stays but its log, in this run's folder.
      await showLog();
      await files.remove(folder);
      await files.remove(log);
      throw error;
    }
  }
}

/** What the Python of this machine says it is: an environment of another one does not fit. */
async function pythonVersion({ parts }: Job): Promise<string> {
  try {
    const result = await parts.spawn.run(parts.windows ? 'python' : 'python3', ['--version'], {
      signal: AbortSignal.timeout(PYTHON_MS),
    });
    return `${result.stdout.toString('utf8')}${result.stderr.toString('utf8')}`.trim();
  } catch {
    return '';
  }
}
