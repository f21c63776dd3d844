import { createHash } from 'node:crypto';
import * as path from 'node:path';
import { makeLink } from '../../system/index.ts';
import { checkOut, type TreeEntry } from './git.ts';
import { layInput } from './inputs.ts';
import { type Job, mustStop, RunEnd, runInJob, stoppedEnd } from './job.ts';
import { inside } from './layout.ts';
import { takeLock } from './lock.ts';
import { matcher } from './patterns.ts';

const SETUP_SECONDS = 7200;
const LOOK_MS = 200;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The code of the run, its inputs and its links, in `folder`. @throws RunEnd */
export async function layOut(job: Job, folder: string): Promise<void> {
  const { parts, layout, spec } = job;
  const { files } = parts;
  try {
    await checkOut(parts, path.join(layout.repos, `${spec.repo}.git`), spec.commit, folder);
  } catch (error) {
    throw new RunEnd(74, 'checkout-failed', `The commit could not be checked out: ${messageOf(error)}`);
  }
  for (const input of spec.inputs) {
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

/** The folder that `setup` made, built once per content of the command and of `setup_inputs`. @throws RunEnd */
export async function setUp(job: Job, tree: readonly TreeEntry[]): Promise<string | undefined> {
  const { parts, layout, spec } = job;
  const { files } = parts;
  if (spec.setup === undefined) return undefined;
  const isInput = matcher(spec.setupInputs);
  const inputs = tree.filter(({ path: file }) => isInput(file)).map(({ path: file, blob }) => `${blob} ${file}`);
  const content = JSON.stringify([spec.setup, process.platform, process.arch, inputs]);
  const home = path.join(layout.envs, createHash('sha256').update(content).digest('hex').slice(0, 32));
  const ready = path.join(home, 'ready');
  const folder = path.join(home, 'env');
  for (;;) {
    if (await files.info(ready)) return folder;
    const stop = await mustStop(job);
    if (stop) throw stoppedEnd(stop, 'setup', SETUP_SECONDS);
    const lock = await takeLock(parts, home, 'lock');
    if (lock) {
      try {
        if (!(await files.info(ready))) await build();
        return folder;
      } finally {
        await lock.release();
      }
    }
    await parts.clock.sleep(LOOK_MS);
  }

  async function build(): Promise<void> {
    await files.remove(folder);
    const options = { environmentFolder: folder, seconds: SETUP_SECONDS };
    const { code } = await runInJob(job, 'setup', spec.setup ?? '', job.run.code, options);
    if (code !== 0) {
      throw new RunEnd(code, 'setup-failed', `setup ended with exit code ${code}; the log shows what it printed.`);
    }
    await files.write(ready, '');
  }
}
