import type { Spawn } from '../../system/index.ts';
import {
  APP_QUERY,
  type BareGpu,
  GPU_QUERIES,
  isUnknownField,
  readApps,
  readGpus,
  SMI_FORMAT,
  type SmiAnswer,
  WSL_SMI,
} from '../nvidia-smi.ts';
import type { Problem } from '../types.ts';

const LIMIT_MS = 10_000;

interface Limits {
  readonly signal?: AbortSignal;
  /** Milliseconds for each question; default 10 s. */
  readonly limitMs?: number;
}

/** What nvidia-smi says within the limit; undefined where there is no such program. It is left behind where it hangs. */
async function ask(spawn: Spawn, program: string, query: string, limits: Limits): Promise<SmiAnswer | undefined> {
  const { signal, limitMs = LIMIT_MS } = limits;
  const limit = AbortSignal.timeout(limitMs);
  const either = signal ? AbortSignal.any([signal, limit]) : limit;
  const stopped = Promise.withResolvers<never>();
  const onAbort = () => stopped.reject(either.reason);
  either.addEventListener('abort', onAbort, { once: true });
  try {
    // A process of a stuck driver does not end when it is told to: the abort itself ends the waiting.
    const run = spawn.run(program, [query, SMI_FORMAT], { signal: either });
    const { code, stdout, stderr } = await Promise.race([run, stopped.promise]);
    return { code, text: `${stdout.toString('utf8')}${stderr.toString('utf8')}`, query: query.replace(/^.*?=/, '') };
  } catch (error) {
    signal?.throwIfAborted();
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    return { code: limit.aborted ? 124 : 126, text: error instanceof Error ? error.message : '', query };
  } finally {
    either.removeEventListener('abort', onAbort);
  }
}

/** The GPUs that nvidia-smi lists, and why it lists none; `program` undefined: there is no nvidia-smi. */
export async function listGpus(
  spawn: Spawn,
  limits: Limits = {},
): Promise<{ readonly program?: string; readonly gpus: readonly BareGpu[]; readonly problems: readonly Problem[] }> {
  for (const program of ['nvidia-smi', ...(process.platform === 'linux' ? [WSL_SMI] : [])]) {
    for (const query of GPU_QUERIES) {
      const answer = await ask(spawn, program, `--query-gpu=${query}`, limits);
      if (!answer) break;
      if (isUnknownField(answer) && query !== GPU_QUERIES.at(-1)) continue;
      return { program, ...readGpus(answer) };
    }
  }
  return {
    gpus: [],
    problems: [{ what: 'nvidia-smi is missing', fix: 'Install the NVIDIA driver, or set gpus: 0 for this box.' }],
  };
}

/** The processes that compute, by GPU. */
export async function listApps(
  spawn: Spawn,
  program: string,
  signal?: AbortSignal,
): Promise<ReturnType<typeof readApps>> {
  const answer = await ask(spawn, program, `--query-compute-apps=${APP_QUERY}`, { signal });
  return answer?.code === 0 ? readApps(answer.text) : [];
}
