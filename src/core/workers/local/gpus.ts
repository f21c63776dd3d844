import type { Spawn } from '../../system/index.ts';
import { parseGpu } from '../box/answers.ts';
import type { Gpu } from '../types.ts';

const QUERY = 'index,uuid,name,memory.total,memory.used,utilization.gpu';
const LIMIT_MS = 10_000;

/** The GPUs that nvidia-smi lists, or why it does not. */
export async function listGpus(spawn: Spawn): Promise<{ readonly gpus: readonly Gpu[]; readonly problem?: string }> {
  try {
    const result = await spawn.run('nvidia-smi', [`--query-gpu=${QUERY}`, '--format=csv,noheader,nounits'], {
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    const text = result.stdout.toString('utf8');
    if (result.code !== 0) return { gpus: [], problem: `nvidia-smi fails: ${text.trim().split('\n')[0] ?? ''}` };
    return { gpus: text.split('\n').flatMap((line) => parseGpu(line) ?? []) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { gpus: [], problem: 'nvidia-smi is missing' };
    return { gpus: [], problem: 'nvidia-smi hangs' };
  }
}
