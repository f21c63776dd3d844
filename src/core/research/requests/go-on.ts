import type { CallHead, Idea, Millis } from '../../domain/index.ts';
import type { Request } from '../../store/index.ts';
import { isAway } from './outwait.ts';
import { ideasPayload } from './payloads.ts';

/** The request whose question is asked: this one, or an earlier one that broke off. */
export type Origin = Pick<Request, 'id' | 'createdAt'>;

/**
 * Where to begin: at the same wish that broke off just before because the model was away, or at this one. What came of
 * the other stands, and what was answered then is not paid again.
 * @param all requests of every kind, in the order they were made
 * @param since nothing older is gone on with: it was asked of another base
 */
export function originOf(request: Request, all: readonly Request[], since: Millis): Origin {
  const count = countOf(request);
  let origin = request;
  for (const earlier of all.toReversed()) {
    if (earlier.id >= request.id || !ASKS_IDEAS.has(earlier.kind)) continue;
    const broke = earlier.kind === request.kind && earlier.state === 'failed' && isAway(earlier.error?.code);
    if (!broke || countOf(earlier) !== count || earlier.createdAt < since) break;
    origin = earlier;
  }
  return origin;
}

const ASKS_IDEAS: ReadonlySet<Request['kind']> = new Set(['generate-ideas', 'next-round', 'search']);

function countOf({ payload }: Request): number | undefined {
  return ideasPayload.safeParse(payload).data?.count;
}

/** One question for a batch of ideas, and when it was first asked. */
export interface Stage {
  readonly key: string;
  readonly since: Millis;
}

/**
 * Which question a batch that broke off goes on with. One that was answered is replayed. One whose answer broke off
 * after some ideas is over: those stand, and a new question asks for the rest only.
 * @param first the question that the batch began with
 * @param calls those of the base since then
 * @param standing when each idea came that stands of the batch
 */
export function stageOf(
  first: Stage,
  calls: readonly Pick<CallHead, 'key' | 'state' | 'createdAt'>[],
  standing: readonly Pick<Idea, 'createdAt'>[],
  now: Millis,
): Stage {
  const own = calls.flatMap((call) => {
    const key = keyOf(first.key, call.key);
    return key === undefined ? [] : [{ ...call, stage: key }];
  });
  const key = own.at(-1)?.stage;
  if (key === undefined) return first;
  const same = own.filter((call) => call.stage === key);
  const since = key === first.key ? first.since : (same[0]?.createdAt ?? first.since);
  const answered = same.some((call) => call.state === 'answered');
  if (answered || !standing.some((idea) => idea.createdAt >= since)) return { key, since };
  return { key: `${first.key}/rest-${standing.length}`, since: now };
}

/** The question that a call's key belongs to, if it is one of this batch. */
function keyOf(first: string, call: string): string | undefined {
  if (!call.startsWith(`${first}/`)) return undefined;
  const rest = /^\/rest-\d+(?=\/)/.exec(call.slice(first.length))?.[0];
  return first + (rest ?? '');
}
