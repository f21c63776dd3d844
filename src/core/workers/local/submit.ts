import * as path from 'node:path';
import { type BoxOf, HumanError, parseDuration, parseSize } from '../../domain/index.ts';
import { globRoots, metricGlobs } from '../box/glob.ts';
import { commandOf, variables } from '../box/spec.ts';
import { linkMissing } from '../links.ts';
import type { Shipment, SubmitOptions, SubmitOutcome } from '../types.ts';
import { ownEnvironment } from './environment.ts';
import { ensureRepository, hasCommit, takePack } from './git.ts';
import { readLife } from './holder.ts';
import { keepInputs } from './inputs.ts';
import { inside, type Layout, type RunFolder, type RunSpec } from './layout.ts';
import { takeLock } from './lock.ts';
import { expressions } from './patterns.ts';
import type { LocalParts } from './worker.ts';

const RESERVE_BYTES = 32 * 1024;
const LOOK_MS = 10;
/** How long a supervisor may take until it has written that it lives. */
const START_MS = 15_000;
export const CLAIM = 'claim';

function specOf(box: BoxOf<'local'>, shipment: Shipment, parts: LocalParts): RunSpec {
  const { environment, purpose } = shipment;
  const judged = purpose === 'baseline' || purpose === 'trial';
  for (const { path: file } of shipment.inputs) checkPath(file, 'inputs');
  for (const file of Object.keys(environment.links)) checkPath(file, 'links');
  return {
    commit: shipment.commit,
    trusted: shipment.trusted,
    repo: shipment.repo,
    run: commandOf(shipment),
    evaluate: judged ? environment.evaluate : undefined,
    setup: environment.setup,
    setupInputs: expressions(environment.setup_inputs),
    protected: expressions(environment.protected),
    artifacts: expressions(environment.artifacts),
    metricFiles: expressions(metricGlobs(environment.metrics)),
    metricRoots: globRoots(metricGlobs(environment.metrics)),
    timeoutSeconds: parseDuration(environment.resources.timeout) ?? 3600,
    maxLogBytes: parseSize(box.max_log) ?? 1e9,
    maxDiskBytes: parseSize(box.max_disk) ?? 1e11,
    gpus: environment.resources.gpus,
    gpuList: box.gpus === 0 ? [] : box.gpus,
    cpuSlots: box.slots,
    startBefore: shipment.startBefore,
    inputs: shipment.inputs.map(({ path: file, sha256 }) => ({ path: file, sha256 })),
    links: environment.links,
    variables: variables(shipment),
    secretNames: Object.keys(shipment.secrets),
    graceMs: parts.graceMs,
    lingerMs: parts.lingerMs,
    measureMs: parts.measureMs,
  };
}

function checkPath(file: string, what: string): void {
  if (inside('/', file) !== undefined) return;
  throw new HumanError(`${what}: ${JSON.stringify(file)} leads out of the repository. Use a path inside it.`, {
    code: 'bad-path',
  });
}

/** What there is of a run already; undefined where nobody has started it. */
async function known(parts: LocalParts, run: RunFolder): Promise<SubmitOutcome | undefined> {
  if (await parts.files.info(run.exit)) return 'done';
  const life = await readLife(run.pid, parts);
  if (life === undefined) return undefined;
  if (life === 'alive') return 'already';
  return (await parts.files.info(run.exit)) ? 'done' : 'lost';
}

function diskFull(layout: Layout, box: BoxOf<'local'>, cause?: unknown): HumanError {
  return new HumanError(
    `The disk of ${layout.root} is full. Free space there, or set root of the box ${box.name} to another folder.`,
    { code: 'box-disk-full', cause },
  );
}

async function launch(
  parts: LocalParts,
  layout: Layout,
  box: BoxOf<'local'>,
  run: RunFolder,
  shipment: Shipment,
): Promise<SubmitOutcome> {
  const { clock, processes } = parts;
  const child = await processes.startIntoFile(parts.node, [parts.supervisor, layout.root, run.id], {
    cwd: layout.root,
    // Without our keys: a run could read its supervisor's environment. In VS Code the program is Electron, which
    // must be told to be Node.
    env: { ...ownEnvironment(parts.env), ELECTRON_RUN_AS_NODE: '1' },
    file: run.supervisorLog,
    input: JSON.stringify(shipment.secrets),
    leave: true,
  });
  let code: number | undefined;
  void child.ended.then((end) => {
    code = end.code;
  });
  const deadline = clock.monotonic() + START_MS;
  while (!(await parts.files.readText(run.pid))) {
    if (code !== undefined || clock.monotonic() > deadline) {
      if ((await parts.files.freeSpace(layout.root)) < RESERVE_BYTES) throw diskFull(layout, box);
      const said = ((await parts.files.readText(run.supervisorLog)) ?? '').trim().slice(-500);
      throw new HumanError(`The run could not be started on this machine (${parts.node}): ${said || 'no answer'}`, {
        code: 'box-failed',
      });
    }
    await clock.sleep(LOOK_MS);
  }
  return 'started';
}

/** Hands a run over and starts its supervisor, once however often and by however many it is asked. */
export async function submit(
  parts: LocalParts,
  layout: Layout,
  box: BoxOf<'local'>,
  shipment: Shipment,
  options: SubmitOptions = {},
): Promise<SubmitOutcome> {
  const { files } = parts;
  const run = layout.run(shipment.run);
  const before = await known(parts, run);
  if (before) return before;
  const spec = specOf(box, shipment, parts);
  for (const [name, target] of Object.entries(shipment.environment.links)) {
    const there = await files.realPath(target);
    if (there === undefined) throw linkMissing(name, target, 'this machine', false);
    if (!(await files.readable(there))) throw linkMissing(name, target, 'this machine', true);
  }
  try {
    await files.makeFolder(run.folder, 0o700);
    await files.makeFolder(layout.inputs, 0o700);
    const claim = await takeLock(parts, run.folder, CLAIM);
    if (!claim) return 'already';
    try {
      const meanwhile = await known(parts, run);
      if (meanwhile) return meanwhile;
      const repository = path.join(layout.repos, `${shipment.repo}.git`);
      await ensureRepository(parts, repository, shipment.gitDir);
      const missing: string[] = [];
      for (const commit of new Set([shipment.commit, shipment.trusted])) {
        if (!(await hasCommit(parts, repository, commit))) missing.push(commit);
      }
      if (missing.length > 0) await takePack(parts, repository, await shipment.pack([], missing));
      await keepInputs(parts, layout, shipment, options);
      await files.write(run.spec, JSON.stringify(spec, undefined, 1), 0o600);
      await files.write(run.reserve, Buffer.alloc(RESERVE_BYTES));
      await files.append(run.log, '');
      return await launch(parts, layout, box, run, shipment);
    } finally {
      await claim.release();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    throw diskFull(layout, box, error);
  }
}
