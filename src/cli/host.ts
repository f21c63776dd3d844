import type { Question, ResearchHost } from '../core/research.ts';
import { printable } from './columns.ts';
import type { Terminal } from './terminal.ts';

/**
 * The terminal as the core's host: questions go to the person at the keyboard; with nobody there, `--yes` answers, and
 * without it the answer is no. `agreed` names the questions that the command line itself has answered.
 */
export function terminalHost(
  terminal: Terminal,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  agreed: readonly Question['kind'][] = [],
): ResearchHost {
  return {
    secret: async (name) => env[name],
    apiKey: async () => undefined,
    modelSettings: () => ({}),
    async confirm(question) {
      // A budget is not agreed to in advance: --yes would make it none.
      const already =
        question.kind === 'model-budget'
          ? undefined
          : terminal.yes
            ? '--yes'
            : agreed.includes(question.kind)
              ? 'this command'
              : undefined;
      terminal.note(question.message);
      terminal.note(printableLines(question.detail));
      if (already !== undefined) {
        terminal.note(`Yes: ${already} agrees to it.`);
        return true;
      }
      const answer = await terminal.ask(`${question.yes}? [y/N] `, signal);
      if (!terminal.interactive) {
        const yes = question.kind === 'model-budget' ? '' : ' Pass --yes to agree.';
        terminal.note(`Nobody can answer here.${yes}`);
      }
      return /^y(es)?$/i.test(answer ?? '');
    },
    ...(terminal.interactive
      ? {
          asker: {
            async trustHostKey({ host, keyType, fingerprint }) {
              terminal.note(`The host ${host} is not known. Its ${keyType} key is ${fingerprint}.`);
              return /^y(es)?$/i.test((await terminal.ask('Trust it from now on? [y/N] ', signal)) ?? '');
            },
            secret: ({ prompt }) => terminal.askSecret(`${prompt} `, signal),
          },
        }
      : {}),
    log: (level, text) => {
      // What breaks because a person stopped it is no news to them.
      if (level !== 'info' && !signal.aborted) terminal.note(`${level}: ${text}`);
    },
  };
}

/** Names of files and commands come from the repository: only their line ends may move the cursor. */
function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
