import { HumanError } from '../../domain/index.ts';
import { loadedBoxes } from '../parts.ts';
import type { Job } from './index.ts';
import { boxPayload, priorityPayload, queuePayload } from './payloads.ts';

/** Pauses our queue, or lets it send again. What boxes have goes on either way. */
export async function setQueue({ parts, request, lease }: Job): Promise<void> {
  await parts.store.setQueuePaused(lease(), queuePayload.parse(request.payload).paused);
}

/**
 * What a person says about a box. `drain`: nothing new goes to it and its waiting runs go elsewhere; `give-up`: the same,
 * and what it has may run elsewhere without its word; `resume`: it takes runs again.
 * @throws HumanError `no-such-box`
 */
export async function setBox({ parts, request, lease }: Job): Promise<void> {
  const { name, to } = boxPayload.parse(request.payload);
  const { boxes } = await loadedBoxes(parts);
  const said = (await parts.store.schedule()).boxes;
  if (!boxes.some((box) => box.name === name) && !said.some((box) => box.name === name)) {
    const names = boxes.map((box) => box.name).join(', ') || 'none';
    throw new HumanError(`There is no box named ${name} in boxes.yaml. The boxes there: ${names}.`, {
      code: 'no-such-box',
    });
  }
  await parts.store.setBoxState(lease(), name, { drained: to === 'drain', givenUp: to === 'give-up' });
}

/**
 * Moves runs to the front or the back of our queue. Gives how many moved.
 * @throws HumanError `not-queued` where none of them waits there
 */
export async function setPriority({ parts, request, lease }: Job): Promise<number> {
  const { runs, to } = priorityPayload.parse(request.payload);
  const moved = await parts.store.setPriority(lease(), runs, to);
  if (moved > 0) return moved;
  throw new HumanError(
    `${runs.length === 1 ? `Run ${runs[0]} does` : 'These runs do'} not wait in the queue any more: only what no box has yet can be put before or behind others.`,
    { code: 'not-queued' },
  );
}
