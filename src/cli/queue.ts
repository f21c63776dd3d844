import { HumanError } from '../core/domain/index.ts';
import type { Session } from './main.ts';
import { count } from './numbers.ts';
import { chooseRun } from './runs.ts';

/** Stops sending runs to boxes, or goes on. What boxes have goes on either way. */
export async function pauseQueue({ research, terminal }: Session, to: 'pause' | 'resume'): Promise<void> {
  await research.pauseQueue(to === 'pause');
  const { order } = (await research.state()).queue;
  terminal.answer({ paused: to === 'pause', queued: order });
  terminal.say(
    to === 'pause'
      ? `The queue is paused: ${count(order.length, 'run')} ${order.length === 1 ? 'stays' : 'stay'} in it. What boxes have goes on.`
      : 'The queue sends again.',
  );
}

/** Moves runs before or behind all others that no box has yet; a candidate means all of its runs that wait there. */
export async function moveInQueue(
  { research, terminal }: Session,
  names: readonly string[],
  to: 'front' | 'back',
): Promise<void> {
  const { runs, queue } = await research.state();
  const waiting = runs.filter((run) => queue.order.includes(run.id));
  const ids = names.flatMap((name) => {
    const own = waiting.filter((run) => run.candidate !== undefined && run.candidate === name.replace(/^#/, ''));
    return own.length > 0 ? own.map((run) => run.id) : [chooseRun(runs, name).id];
  });
  await research.moveInQueue(ids, to);
  const { order } = (await research.state()).queue;
  terminal.answer({ queued: order });
  terminal.say(`${count(ids.length, 'run')} moved to the ${to} of the queue.`);
}

const SAID = {
  drain: 'is drained: nothing new goes there, what it began goes on, and what waits there goes elsewhere.',
  resume: 'takes runs again.',
  'give-up': 'is given up: what it has is queued again for other boxes. Should it come back, it is told to stop them.',
} as const;
export type BoxOrder = keyof typeof SAID;

/** @throws HumanError `declined` where nobody agrees to give a box up */
export async function setBox(session: Session, name: string, to: BoxOrder): Promise<void> {
  const { research, terminal, signal } = session;
  if (to === 'give-up' && !terminal.yes) {
    const { running = 0, waiting = 0 } = (await research.boxes()).find((box) => box.name === name) ?? {};
    terminal.note(
      `${name} has ${count(running, 'run')} at work and ${waiting} waiting. All of them are queued again for other boxes; should it come back, what it began is stopped there.`,
    );
    if (!/^y(es)?$/i.test((await terminal.ask(`Give ${name} up? [y/N] `, signal)) ?? '')) {
      throw new HumanError(`${name} was not given up. Where nobody can answer, --yes agrees.`, { code: 'declined' });
    }
  }
  await research.setBox(name, to);
  terminal.answer({ box: name, state: to });
  terminal.say(`${name} ${SAID[to]}`);
}
