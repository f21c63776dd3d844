import { cpus } from 'node:os';
import { type BoxOf, isRunId } from '../../domain/index.ts';
import { diskOf, diskProblems, gitProblems, gpuProblems } from '../problems.ts';
import type { BoxReport, Disk, Gpu, GpuUser, Problem } from '../types.ts';
import { listApps, listGpus } from './gpus.ts';
import type { Layout } from './layout.ts';
import { noteOfHolder } from './lock.ts';
import type { LocalParts } from './worker.ts';

const TOOLS = ['git', 'python3', 'uv'];
const LIMIT_MS = 10_000;

/** What a program prints; undefined where it cannot be started, fails or takes too long. */
async function ask(
  parts: LocalParts,
  program: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<string | undefined> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  try {
    const result = await parts.spawn.run(program, args, { signal: signal ? AbortSignal.any([signal, limit]) : limit });
    return result.code === 0 ? result.stdout.toString('utf8') : undefined;
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}

async function diskAt(parts: LocalParts, folder: string, signal?: AbortSignal): Promise<Disk | undefined> {
  const linux = parts.platform === 'linux';
  const said = linux ? await ask(parts, 'df', ['-PT', '--', folder], signal) : undefined;
  return diskOf(await parts.files.freeSpace(folder), said?.split('\n')[1]?.split(/\s+/)[1] ?? '');
}

/** The processes that compute on GPUs, with what this machine shows of each. */
async function usersOf(
  parts: LocalParts,
  layout: Layout,
  program: string,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, readonly GpuUser[]>> {
  const { files } = parts;
  const known = async (pid: number): Promise<Omit<GpuUser, 'pid' | 'usedMiB'>> => {
    if (parts.platform !== 'linux') return {};
    const read = (file: string) => files.readText(`/proc/${pid}/${file}`).catch(() => undefined);
    const user = (await ask(parts, 'stat', ['-c', '%U', `/proc/${pid}`], signal))?.trim();
    const name = (await read('comm'))?.trim();
    const mark = (await read('environ'))?.split('\0').find((one) => one.startsWith('RUN_ID='));
    const run = mark?.slice('RUN_ID='.length) ?? '';
    const ours = isRunId(run) && (await files.info(layout.run(run).folder)) !== undefined;
    return { ...(user ? { user } : {}), ...(name ? { program: name } : {}), ...(ours ? { run } : {}) };
  };
  const apps = await listApps(parts.spawn, program, signal);
  const users = await Promise.all(
    apps.map(async ({ uuid, pid, usedMiB }) => ({ uuid, user: { pid, usedMiB, ...(await known(pid)) } })),
  );
  const byGpu = Map.groupBy(users, ({ uuid }) => uuid);
  return new Map([...byGpu].map(([uuid, own]) => [uuid, own.map(({ user }) => user)]));
}

async function gpusOf(parts: LocalParts, layout: Layout, box: BoxOf<'local'>, signal?: AbortSignal) {
  if (box.gpus === 0) return { gpus: [], problems: [] };
  const listed = await listGpus(parts.spawn, { signal });
  const mine = listed.gpus.filter(({ index }) => box.gpus === 'all' || (box.gpus !== 0 && box.gpus.includes(index)));
  const users = listed.program === undefined ? undefined : await usersOf(parts, layout, listed.program, signal);
  const gpus = await Promise.all(
    mine.map(async (gpu): Promise<Gpu> => {
      const note = await noteOfHolder(parts, layout.slots, `gpu-${gpu.uuid}`);
      const lockedBy = note === undefined ? {} : { lockedBy: isRunId(note) ? { run: note } : {} };
      return { ...gpu, users: users?.get(gpu.uuid) ?? [], ...lockedBy };
    }),
  );
  return {
    gpus,
    problems: [...listed.problems, ...(listed.problems.length === 0 ? gpuProblems(box, listed.gpus) : [])],
  };
}

/** What this machine is and has; with `last` only its GPUs and its disk. Nothing it asks takes longer than ten seconds. */
export async function probe(
  parts: LocalParts,
  layout: Layout,
  box: BoxOf<'local'>,
  { signal, last }: { readonly signal?: AbortSignal; readonly last?: BoxReport } = {},
): Promise<BoxReport> {
  await parts.files.makeFolder(layout.root, 0o700);
  if (last) {
    const { gpus } = await gpusOf(parts, layout, box, signal);
    const disk = await diskAt(parts, layout.root, signal);
    return { ...last, gpus, ...(disk ? { disk } : {}), seenAt: parts.clock.now() };
  }
  const found = await Promise.all(
    TOOLS.map(async (tool) => {
      const said = await ask(parts, tool, ['--version'], signal);
      return said === undefined ? [] : [[tool, /\d+(?:\.\d+)+/.exec(said)?.[0] ?? ''] as const];
    }),
  );
  const tools: Readonly<Record<string, string>> = Object.fromEntries(found.flat());
  const listed = await gpusOf(parts, layout, box, signal);
  const disk = await diskAt(parts, layout.root, signal);
  const problems: Problem[] =
    tools.git === undefined
      ? [{ what: 'git is missing', fix: 'Install git; code is handed to runs with it.' }]
      : [...gitProblems(tools.git)];
  problems.push(...listed.problems, ...diskProblems(disk, box));
  const kinds = [...new Set(listed.gpus.map(({ name }) => name))];
  const model = cpus()[0]?.model.trim();
  return {
    box: box.name,
    reachable: true,
    latencyMs: 0,
    gpus: listed.gpus,
    ...(disk ? { disk } : {}),
    tools,
    path: 'plain',
    sandboxes: [],
    sandbox: 'none',
    problems,
    hardware: kinds.length > 0 ? kinds.join(' + ') : `cpu:${model || process.arch}`,
    checkedAt: parts.clock.now(),
  };
}
