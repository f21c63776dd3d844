import * as vscode from 'vscode';
import { HumanError } from '../../core/domain/index.ts';
import type { BoxNode } from '../../core/research/index.ts';
import { plural } from '../format.ts';
import type { Call, CommandParts, Commands } from './context.ts';
import { confirm, pickBoxName } from './pick.ts';
import { pickRuns } from './runs.ts';
import type { Target } from './target.ts';

/** The queue and who takes part in it: order, pause, drained and given-up boxes. */
export function queueCommands({ session }: CommandParts): Commands {
  const move = async (to: 'front' | 'back', call: Call) => {
    const research = await session.research();
    const title = to === 'front' ? 'Move to Front of Queue' : 'Move to Back of Queue';
    const none = 'No run waits in the queue: what a box has already is served in its order there.';
    const runs = await pickRuns(title, await research.state(), call, (run) => run.state === 'queued', none);
    await research.moveInQueue(
      runs.map((run) => run.id),
      to,
    );
    await session.refresh();
  };

  const pause = async (paused: boolean) => {
    const research = await session.research();
    await research.pauseQueue(paused);
    await session.refresh();
    const words = paused
      ? '$(debug-pause) The queue is paused: nothing new is sent'
      : '$(play) The queue sends runs again';
    void vscode.window.setStatusBarMessage(words, 5000);
  };

  const boxOf = async (title: string, target: Target, fits: (box: BoxNode) => boolean, none: string) => {
    const { boxes } = await session.now();
    const named = boxes.find((box) => box.name === target.box);
    if (named) return named;
    const fitting = boxes.filter(fits);
    if (fitting.length === 0) throw new HumanError(none, { code: 'no-box' });
    const name = await pickBoxName(title, fitting);
    const picked = fitting.find((box) => box.name === name);
    if (!picked) throw new HumanError(none, { code: 'no-box' });
    return picked;
  };

  const set = async (box: BoxNode, to: 'drain' | 'resume' | 'give-up', words: string) => {
    await (await session.research()).setBox(box.name, to);
    await session.refresh();
    void vscode.window.setStatusBarMessage(words, 5000);
  };

  return {
    moveToFront: (_target, call) => move('front', call),
    moveToBack: (_target, call) => move('back', call),
    pauseQueue: () => pause(true),
    resumeQueue: () => pause(false),

    async drainBox(target) {
      const none = 'Every box is drained already.';
      const box = await boxOf('Drain Box', target, (one) => !one.drained && !one.givenUp, none);
      await set(box, 'drain', `$(circle-slash) ${box.name} is drained: what it began goes on`);
    },

    async resumeBox(target) {
      const none = 'No box is drained or given up.';
      const box = await boxOf('Resume Box', target, (one) => one.drained === true || one.givenUp === true, none);
      await set(box, 'resume', `$(play) ${box.name} takes runs again`);
    },

    async giveUpBox(target) {
      const box = await boxOf('Give Up Box', target, (one) => !one.givenUp, 'Every box is given up already.');
      const onIt = box.running + box.waiting;
      await confirm(
        `Give ${box.name} up?`,
        `${onIt === 0 ? 'It has no runs now.' : `The ${plural(onIt, 'run')} it has ${onIt === 1 ? 'is' : 'are'} queued again for other boxes, without waiting for its word.`} Should it come back, it is told to stop them; of two copies that finish, one counts. Drain Box is for a box that answers.`,
        'Give It Up',
      );
      await set(box, 'give-up', `$(circle-slash) ${box.name} is given up`);
    },
  };
}
