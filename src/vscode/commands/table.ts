import { artifactCommands } from './artifacts.ts';
import { boxCommands } from './boxes.ts';
import { callCommands } from './calls.ts';
import type { Command, CommandParts, Commands } from './context.ts';
import { ideaCommands } from './ideas.ts';
import type { CommandName } from './ids.ts';
import { keyCommands } from './keys.ts';
import { logCommands } from './logs.ts';
import { queueCommands } from './queue.ts';
import { resultCommands } from './results.ts';
import { reviewCommands } from './review.ts';
import { runCommands } from './runs.ts';
import { setupCommands } from './setup.ts';

/** The one table of commands: trees, the page, CodeLenses, keys and the palette all call these. */
export function commandTable(parts: CommandParts): Readonly<Record<CommandName, Command>> {
  const table: Commands = {
    ...setupCommands(parts),
    ...ideaCommands(parts),
    ...callCommands(parts),
    ...reviewCommands(parts),
    ...runCommands(parts),
    ...logCommands(parts),
    ...artifactCommands(parts),
    ...queueCommands(parts),
    ...resultCommands(parts),
    ...boxCommands(parts),
    ...keyCommands(parts),
  };
  return table as Readonly<Record<CommandName, Command>>;
}
