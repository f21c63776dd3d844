import type { Lease, Request } from '../../store/index.ts';
import type { Parts } from '../parts.ts';
import { generateIdeas, nextRound } from './ideas.ts';
import { implementIdea } from './implement.ts';
import { queueBaseline, queueRuns } from './runs.ts';
import { runSearch } from './search.ts';

export { endLeftSearches } from './search.ts';

/** What a handler needs to do one request. `lease` gives the newest: it is renewed while long work goes on. */
export interface Job {
  readonly parts: Parts;
  readonly request: Request;
  readonly lease: () => Lease;
  readonly signal: AbortSignal;
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
      return queueRuns(job);
    case 'baseline':
      return queueBaseline(job);
    case 'search':
      return runSearch(job);
  }
}
