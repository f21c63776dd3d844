import { HumanError } from '../../core/domain/index.ts';
import { oneLine, plural } from '../format.ts';
import type { CommandParts, Commands } from './context.ts';
import { choose } from './pick.ts';

/** What was asked of models, to be read. */
export function callCommands({ session, modelCalls }: CommandParts): Commands {
  return {
    async showModelCalls(target) {
      await modelCalls.openList(target.idea);
    },

    async openModelCall(_target, { argument }) {
      if (typeof argument === 'number') return modelCalls.openCall(argument);
      const calls = await (await session.research()).modelCalls();
      if (calls.length === 0) throw new HumanError('No model was asked yet.', { code: 'no-call' });
      const choices = calls.toReversed().map((call) => ({
        label: `Call ${call.id}`,
        description: `${call.purpose}${call.idea === undefined ? '' : ` of #${call.idea}`}, ${call.model}`,
        detail:
          call.error === undefined
            ? `${call.state}, ${plural(call.promptLength, 'character')} asked`
            : oneLine(`${call.state}: ${call.error}`, 120),
        value: call.id,
      }));
      await modelCalls.openCall(await choose('Open Model Call', 'Which prompt and answer?', choices));
    },
  };
}
