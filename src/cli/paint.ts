import { createColors } from 'picocolors';

/** Whether to colour: a terminal that can, unless the person said no (https://no-color.org, https://force-color.org). */
export function wantsColour(env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return isTerminal && env.TERM !== 'dumb';
}

/** Colours for stdout: none in a pipe, not even where a CI server would be given some. */
export const paint = createColors(wantsColour(process.env, process.stdout.isTTY === true));

/** Colours for stderr, which may be a terminal when stdout is not. */
export const paintNotes = createColors(wantsColour(process.env, process.stderr.isTTY === true));
