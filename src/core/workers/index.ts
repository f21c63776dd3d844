import type { Box } from '../domain/index.ts';
import type { Worker, WorkerDeps } from './types.ts';

export { type Fetched, fetchArtifacts } from './fetch.ts';
export { Typed } from './typed.ts';
export type * from './types.ts';

/**
 * The worker of a box. Nothing is connected before the first call; what only one kind of box needs is loaded with the first of it.
 * Without `deps.asker` it never asks: an unknown host key or a locked key throws `host-key` or `auth`.
 */
export async function createWorker(box: Box, deps: WorkerDeps): Promise<Worker> {
  switch (box.kind) {
    case 'local': {
      const { createLocalWorker } = await import('./local/index.ts');
      return createLocalWorker(box, deps);
    }
    case 'ssh': {
      const { createSshWorker } = await import('./ssh/worker.ts');
      return createSshWorker(box, deps);
    }
    case 'slurm': {
      const { createSlurmWorker } = await import('./ssh/worker.ts');
      return createSlurmWorker(box, deps);
    }
  }
}
