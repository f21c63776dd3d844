import type { Lease, Request } from '../../store/index.ts';
import type { BoxClass } from '../fleet-queue.ts';
import type { Parts } from '../parts.ts';
import { queueRunsAfterBaseline } from './baselines.ts';
import { mendOnRequest } from './crashes.ts';
import { generateIdeas, nextRound } from './ideas.ts';
import { implementIdea } from './implement.ts';
import { queueBaseline } from './runs.ts';
import { setBox, setPriority, setQueue } from './schedule.ts';
import { runSearch } from './search.ts';
import { smokeOnRequest } from './smoke.ts';

export { endLeftSearches } from './search.ts';

/** What a handler needs to do one request. `lease` gives the newest: it is renewed while long work goes on. */
export interface Job {
  readonly parts: Parts;
  readonly request: Request;
  readonly lease: () => Lease;
  readonly signal: AbortSignal;
  /** No person sees a patch before it runs: a search approves all of them by itself. */
  readonly unattended?: boolean;
  /** As `Fleet.missingModules`. */
  readonly missingModules: (
    base: number,
    modules: readonly string[],
    signal?: AbortSignal,
  ) => Promise<readonly string[] | undefined>;
  /** The classes that runs of so many GPUs would have on boxes that take runs now (`Queue.classes`). */
  readonly classes: (gpus: number, boxes?: readonly string[]) => Promise<readonly BoxClass[]>;
}

/**
 * Does one request and gives its result. A request may be done again from its start when the driver died in the
 * middle: every handler finds what its first try left and goes on from there.
 */
export function handleRequest(job: Job): Promise<unknown> {
  switch (job.request.kind) {
    case 'generate-ideas':
      return generateIdeas(job);
    case 'next-round':
      return nextRound(job);
    case 'implement':
      return implementIdea(job);
    case 'run':
      return queueRunsAfterBaseline(job);
    case 'baseline':
      return queueBaseline(job);
    case 'search':
      return runSearch(job);
    case 'queue':
      return setQueue(job);
    case 'box':
      return setBox(job);
    case 'priority':
      return setPriority(job);
    case 'mend':
      return mendOnRequest(job);
    case 'smoke':
      return smokeOnRequest(job);
  }
}
