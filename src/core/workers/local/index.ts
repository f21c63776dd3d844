import type { BoxOf } from '../../domain/index.ts';
import type { Worker } from '../types.ts';
import { type LocalOptions, LocalWorker } from './worker.ts';

export type { LocalOptions } from './worker.ts';

/** This machine as a box: runs live in detached supervisors and go on when everything of ours is closed. */
export function createLocalWorker(box: BoxOf<'local'>, options: LocalOptions): Worker {
  return new LocalWorker(box, options);
}
