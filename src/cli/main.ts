import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import colors from 'picocolors';
import { HumanError, isHumanError, messageOf } from '../core/domain/index.ts';
import type { Research } from '../core/research/types.ts';
import type { Question } from '../core/research.ts';
import * as commands from './commands.ts';
import { terminalHost } from './host.ts';
import { Terminal } from './terminal.ts';

/** The exit codes, as docs/terminal.md states them. */
export const EXIT = { done: 0, failed: 1, usage: 2, bug: 70, interrupted: 130 } as const;

interface GlobalOptions {
  readonly repo: string;
  readonly json: boolean;
  readonly yes: boolean;
}

/** What every command is given: the open research, where to write, and a signal that Ctrl+C aborts. */
export interface Session {
  readonly research: Research;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number of at least 1.');
  return value;
}

function amount(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}

function ideaNumber(text: string): number {
  const value = /^#?(\d+)$/.exec(text)?.[1];
  if (value === undefined) throw new InvalidArgumentError('It must be an idea’s number, such as 12.');
  return Number(value);
}

function candidateName(text: string): string {
  const value = /^#?(\d+\.\d+)$/.exec(text)?.[1];
  if (value === undefined) throw new InvalidArgumentError('It must be a candidate, such as 12.1.');
  return value;
}

/** Runs one command line. Gives the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const controller = new AbortController();
  let interrupts = 0;
  const onInterrupt = () => {
    interrupts += 1;
    if (interrupts > 1) process.exit(EXIT.interrupted);
    process.stderr.write('\nStopping. Runs on boxes go on; press Ctrl+C again to leave at once.\n');
    controller.abort(new HumanError('Interrupted.', { code: 'interrupted' }));
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  try {
    await buildProgram(controller.signal).parseAsync([...argv]);
    return EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (controller.signal.aborted) return EXIT.interrupted;
    return reportError(error, argv.includes('--json'));
  } finally {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
}

function reportError(error: unknown, json: boolean): number {
  const human = isHumanError(error);
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ error: { code: human ? error.code : 'bug', message: messageOf(error) } })}\n`,
    );
  }
  if (human) {
    process.stderr.write(`${colors.red('error')}: ${error.message}\n`);
    return EXIT.failed;
  }
  process.stderr.write('This is a bug of Research Copilot. Please report it with these lines:\n');
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return EXIT.bug;
}

function buildProgram(signal: AbortSignal): Command {
  const program = new Command('research-copilot');
  program
    .description('An execution-grounded research loop over the training repo in a folder.')
    .option('-C, --repo <folder>', 'the repository to work on', '.')
    .option('--json', 'print one JSON value on stdout, and nothing else there', false)
    .option(
      '-y, --yes',
      'answer yes to questions: run the commands of research.yaml, send files to the model server',
      false,
    )
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed (the message says why), 2 wrong usage, 70 a bug, 130 interrupted.',
    )
    .exitOverride()
    .showHelpAfterError('(--help shows what the command takes)');

  /** Opens the research, does the command, closes it again whatever came of it. */
  const act =
    <A extends unknown[]>(
      work: (session: Session, ...args: A) => Promise<void>,
      agreed: (...args: A) => readonly Question['kind'][] = () => [],
    ) =>
    async (...args: unknown[]): Promise<void> => {
      const { repo, json, yes } = program.opts<GlobalOptions>();
      const terminal = new Terminal({ json, yes });
      const own = args.slice(0, -1) as A;
      const { openResearch } = await import('../core/research.ts');
      const host = terminalHost(terminal, process.env, agreed(...own));
      const research = await openResearch({ folder: repo, host, holder: 'terminal' });
      try {
        await work({ research, terminal, signal }, ...own);
      } finally {
        await research.close();
      }
    };

  const command = (name: string, description: string) => program.command(name).description(description).exitOverride();
  const box = new Option('--box <name>', 'the box to run on; default: whichever is free');

  command('init', 'read the repository and propose a research.yaml, with the reason for every line')
    .option('--dry-run', 'print the proposal and write nothing', false)
    .action(act(commands.init));
  command('baseline', 'run the base unchanged, with several seeds: what ideas are compared to')
    .addOption(box)
    .option('--seeds <n>', 'how many seeds', positive, 3)
    .option('--detach', 'do not wait for the runs', false)
    .action(act(commands.baseline));
  command('ideas', 'propose ideas in the current round')
    .option('--count <n>', 'how many', positive, 6)
    .option('--next-round', 'begin the next round: build on the results so far', false)
    .option('--list', 'only list the ideas there are', false)
    .action(act(commands.ideas));
  command('implement', 'turn an idea into a patch')
    .argument('<idea>', 'the idea’s number', ideaNumber)
    .action(act(commands.implement));
  command('review', 'look at an idea’s patch hunk by hunk and accept or reject each; implements it first where needed')
    .argument('<idea>', 'the idea’s number', ideaNumber)
    .option('--patch', 'only print the patch', false)
    .action(act(commands.review));
  command('approve', 'approve a candidate: only approved patches run')
    .argument('<candidate>', 'such as 12.1', candidateName)
    .option('--all', 'accept every hunk as proposed, whatever was decided in a review', false)
    .action(act(commands.approve));
  command('reject', 'reject a candidate, with a reason that the ideator is told')
    .argument('<candidate>', 'such as 12.1', candidateName)
    .requiredOption('--reason <text>', 'why')
    .action(act(commands.reject));
  command('run', 'run an approved candidate on a box')
    .argument('<candidate>', 'such as 12.1', candidateName)
    .addOption(box)
    .option('--seeds <n>', 'how many seeds', positive, 1)
    .option('--detach', 'do not wait for the runs', false)
    .action(act(commands.run));
  command('search', 'baseline, then round after round: ideas, patches, runs, and ideas that build on the results')
    .addOption(
      new Option(
        '--approve <policy>',
        'who approves patches: ask waits for you, policy approves hyperparameter changes, all approves everything',
      )
        .choices(['ask', 'policy', 'all'])
        .makeOptionMandatory(),
    )
    .option('--rounds <n>', 'how many rounds', positive, 2)
    .option('--ideas <n>', 'ideas per round', positive, 6)
    .option('--seeds <n>', 'seeds per idea', positive, 1)
    .option('--baseline-seeds <n>', 'seeds of the baseline', positive, 3)
    .addOption(box)
    .option('--max-runs <n>', 'stop after so many runs', positive)
    .option('--max-gpu-hours <h>', 'stop after so many GPU-hours', amount)
    .option('--max-money <x>', 'stop after so much money', amount)
    .option('--max-hours <h>', 'stop after so many hours', amount)
    .action(act(commands.search, (options) => (options.approve === 'all' ? ['run-commands'] : [])));
  command('cancel', 'stop a run and every process of it')
    .argument('<run>', 'the run’s id')
    .action(act(commands.cancel));
  command('status', 'what is going on: base, rounds, runs, boxes, who drives').action(act(commands.status));
  command('logs', 'print a run’s log')
    .argument('<run>', 'the run’s id')
    .option('-f, --follow', 'go on until the run ends', false)
    .action(act(commands.logs));
  command('leaderboard', 'what was tried and what came of it, best first').action(act(commands.leaderboard));
  command('apply', 'bring an approved candidate to you as a branch')
    .argument('<candidate>', 'such as 12.1', candidateName)
    .option('--branch <name>', 'the branch’s name; default research/<idea>-<title>')
    .option('--merge', 'also merge it into your branch; your tree must be clean', false)
    .action(act(commands.apply));
  command('export', 'print the leaderboard for another program')
    .addOption(new Option('--format <format>', 'the format').choices(['json', 'csv', 'markdown']).default('csv'))
    .action(act(commands.exportBoard));
  command('boxes', 'list the boxes, and how they are')
    .option('--check', 'ask each of them now', false)
    .action(act(commands.boxes));
  return program;
}
