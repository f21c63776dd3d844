import type { Question, ResearchHost } from '../core/research.ts';
import type { Terminal } from './terminal.ts';

/**
 * The terminal as the core's host: questions go to the person at the keyboard; with nobody there, `--yes` answers, and
 * without it the answer is no. `agreed` names the questions that the command line itself has answered.
 */
export function terminalHost(
  terminal: Terminal,
  env: NodeJS.ProcessEnv,
  agreed: readonly Question['kind'][] = [],
): ResearchHost {
  return {
    secret: async (name) => env[name],
    apiKey: async () => undefined,
    modelSettings: () => ({}),
    async confirm(question) {
      terminal.note(question.message);
      terminal.note(question.detail);
      if (terminal.yes || agreed.includes(question.kind)) return true;
      const answer = await terminal.ask(`${question.yes}? [y/N] `);
      if (answer === undefined) terminal.note('Nobody can answer here. Pass --yes to agree.');
      return /^y(es)?$/i.test(answer ?? '');
    },
    ...(terminal.interactive
      ? {
          asker: {
            async trustHostKey({ host, keyType, fingerprint }) {
              terminal.note(`The host ${host} is not known. Its ${keyType} key is ${fingerprint}.`);
              return /^y(es)?$/i.test((await terminal.ask('Trust it from now on? [y/N] ')) ?? '');
            },
            secret: ({ prompt }) => terminal.ask(`${prompt} `),
          },
        }
      : {}),
    log: (level, text) => {
      if (level !== 'info') terminal.note(`${level}: ${text}`);
    },
  };
}
