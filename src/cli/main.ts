import * as path from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { version } from '../../package.json';
import { HumanError, isHumanError, messageOf } from '../core/domain/index.ts';
import type { Research } from '../core/research/types.ts';
import type { Question } from '../core/research.ts';
import { artifacts } from './artifacts.ts';
import { boxes } from './boxes.ts';
import { calls } from './calls.ts';
import { screenText } from './columns.ts';
import * as commands from './commands.ts';
import { EXIT } from './exit.ts';
import { funnel } from './funnel.ts';
import { withHint } from './hints.ts';
import { terminalHost } from './host.ts';
import * as ideas from './ideas.ts';
import { paintNotes } from './paint.ts';
import { type BoxOrder, moveInQueue, pauseQueue, setBox } from './queue.ts';
import { Terminal } from './terminal.ts';

interface GlobalOptions {
  readonly repo: string;
  readonly json?: boolean;
  readonly yes?: boolean;
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

function whole(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
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

const RUN = 'a run’s id or the beginning of it, a candidate such as 12.1 (its newest run), or baseline';

function runName(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It must not be empty.');
  return text.trim();
}

/** Runs one command line. Gives the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const controller = new AbortController();
  let interrupts = 0;
  let open: Terminal | undefined;
  const onInterrupt = () => {
    interrupts += 1;
    if (interrupts > 1) {
      open?.restore();
      process.exit(EXIT.interrupted);
    }
    process.stderr.write('\n');
    const words = 'Stopping. Runs on boxes go on; Ctrl+C again leaves at once.';
    if (open) open.note(words);
    else process.stderr.write(`${words}\n`);
    controller.abort(new HumanError('Interrupted.', { code: 'interrupted' }));
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  // `research-copilot logs … | head`: whoever read has enough. What runs on boxes is not concerned.
  process.stdout.on('error', onPipeError);
  process.stderr.on('error', onPipeError);
  const json = argv.includes('--json');
  try {
    let code: number = EXIT.done;
    const opened = (terminal: Terminal) => {
      open = terminal;
    };
    const ended = (own: number) => {
      code = own;
    };
    await buildProgram(controller.signal, opened, ended).parseAsync([...argv]);
    return controller.signal.aborted ? EXIT.interrupted : code;
  } catch (error) {
    if (error instanceof CommanderError) return usage(error, json);
    if (controller.signal.aborted) return EXIT.interrupted;
    return reportError(error, json);
  } finally {
    open?.restore();
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
}

/** @throws what is no closed pipe */
function onPipeError(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.done);
}

/** Commander has told a person what is wrong; a program reads it on stdout. */
function usage(error: CommanderError, json: boolean): number {
  if (error.exitCode === 0) return EXIT.done;
  if (json) printError('usage', error.message.replace(/^error: /, ''));
  return EXIT.usage;
}

function printError(code: string, message: string): void {
  process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
}

function reportError(error: unknown, json: boolean): number {
  if (isHumanError(error)) {
    const message = withHint(error.message, error.code);
    if (json) printError(error.code, message);
    process.stderr.write(`${paintNotes.red('error')}: ${screenText(message)}\n`);
    return EXIT.failed;
  }
  if (json) printError('bug', messageOf(error));
  process.stderr.write('This is a bug of Research Copilot. Please report it with these lines:\n');
  process.stderr.write(`${screenText(String(error instanceof Error ? error.stack : error))}\n`);
  return EXIT.bug;
}

const START = `
Begin with:
  research-copilot init                          propose a research.yaml
  research-copilot search --approve all          two rounds on their own
or one step at a time:
  research-copilot ideas                         ideas, numbered 1, 2, 3, …
  research-copilot review 3                      make the patch of idea 3, read it hunk by hunk, approve it
  research-copilot baseline                      what ideas are compared to
  research-copilot run 3.1                       run the first candidate of idea 3
  research-copilot leaderboard                   what came of it

Exit codes: 0 done, 1 failed (the message says why), 2 wrong usage, 3 a box did not answer (boxes --check),
70 a bug, 130 interrupted.`;

/**
 * The commands. `opened` is told of the terminal of the one that runs, as soon as it has one; `ended` of its exit code,
 * where that is not 0.
 */
export function buildProgram(
  signal: AbortSignal,
  opened: (terminal: Terminal) => void = () => undefined,
  ended: (code: number) => void = () => undefined,
): Command {
  const program = new Command('research-copilot');
  program
    .description('An execution-grounded research loop over the training repo in a folder.')
    .option('-C, --repo <folder>', 'the repository to work on', '.')
    .option('--json', 'print one JSON value on stdout, and nothing else there')
    .option('-y, --yes', 'answer yes to questions: run the commands of research.yaml, send files to the model server')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', START)
    .exitOverride()
    .showHelpAfterError('"research-copilot COMMAND --help" shows what a command takes.');

  /** Opens the research, does the command, closes it again whatever came of it. */
  const act =
    <A extends unknown[]>(
      work: (session: Session, ...args: A) => Promise<unknown>,
      agreed: (...args: A) => readonly Question['kind'][] = () => [],
    ) =>
    async (...args: unknown[]): Promise<void> => {
      const { repo, json, yes } = program.opts<GlobalOptions>();
      const terminal = new Terminal({ json: json ?? false, yes: yes ?? false });
      opened(terminal);
      const own = args.slice(0, -1) as A;
      const { openResearch } = await import('../core/research.ts');
      const host = terminalHost(terminal, process.env, signal, agreed(...own));
      const research = await openResearch({ folder: path.resolve(repo), host, holder: 'terminal' });
      try {
        const code = await work({ research, terminal, signal }, ...own);
        if (typeof code === 'number') ended(code);
      } finally {
        terminal.restore();
        await research.close();
      }
    };

  const command = (name: string, description: string) => program.command(name).description(description);
  const box = new Option('--box <name>', 'the box to run on; default: whichever is free');

  command('init', 'read the repository and propose a research.yaml, with the reason for every line')
    .option('--dry-run', 'print the proposal and write nothing')
    .option('--ask-model', 'ask the configured model for what stays open; you agree first to what is sent')
    .action(act(commands.init));
  command('baseline', 'run the base unchanged, with several seeds: what ideas are compared to')
    .addOption(box)
    .option('--seeds <n>', 'how many seeds', positive, 3)
    .option('--detach', 'do not wait for the runs')
    .action(act(commands.baseline));
  const ideasCommand = command('ideas', 'propose ideas in the current round; or add, edit, pin or reject one')
    .option('--count <n>', 'how many', positive, 6)
    .option('--next-round', 'begin the next round: build on the results so far')
    .option('--list', 'only list the ideas there are')
    .action(act(commands.ideas));
  const words = (own: Command) =>
    own
      .option('--hypothesis <text>', 'why it should help')
      .option('--details <text>', 'what to change, for whoever implements it')
      .option('--expected <text>', 'the effect on the objective that you expect')
      .option('--risk <text>', 'what could go wrong or mislead');
  for (const parent of [program, ideasCommand]) {
    words(parent.command('add').description('add an idea of your own to the current round'))
      .argument('<title>', 'the idea in a few words')
      .action(act(ideas.addIdea));
  }
  const oneIdea = (name: string, description: string) =>
    ideasCommand.command(name).description(description).argument('<idea>', 'the idea’s number', ideaNumber);
  words(oneIdea('edit', 'change the words of an idea').option('--title <text>', 'the idea in a few words')).action(
    act(ideas.editIdea),
  );
  oneIdea('pin', 'have an idea tried and built on first, and kept by a clean-up')
    .option('--undo', 'no longer')
    .action(act(ideas.pinIdea));
  oneIdea('reject', 'drop an idea and its undecided patch, with a reason that the ideator is told')
    .requiredOption('--reason <text>', 'why')
    .action(act(ideas.rejectIdea));
  oneIdea('restore', 'take back that an idea was rejected or dropped').action(act(ideas.restoreIdea));
  ideasCommand
    .command('brief')
    .description('print what the ideas aim for, and where to edit it')
    .action(act(ideas.brief));
  command('implement', 'turn an idea into a patch')
    .argument('<idea>', 'the idea’s number', ideaNumber)
    .action(act(commands.implement));
  command('attempts', 'show every answer that was given for a candidate, and what came of it')
    .argument('<candidate>', 'such as 12.1', candidateName)
    .action(act(ideas.attempts));
  command('calls', 'list what was asked of models and what it cost; or show one prompt and its answer')
    .argument('[call]', 'its number in the list', positive)
    .option('--idea <idea>', 'only those of this idea', ideaNumber)
    .action(act(calls));
  command('continue', 'write the patch of a failed or rejected candidate yourself; it stays the same idea')
    .argument('<candidate>', 'such as 12.1', candidateName)
    .action(act(ideas.continueByHand));
  command('finish', 'take what you wrote as the candidate’s patch, through every gate')
    .argument('<candidate>', 'such as 12.2', candidateName)
    .action(act(ideas.finishByHand));
  command('review', 'look at an idea’s patch hunk by hunk and accept or reject each; implements it first where needed')
    .argument('<idea>', 'the idea’s number', ideaNumber)
    .option('--patch', 'only print the patch')
    .action(act(commands.review));
  command('approve', 'approve a candidate: only approved patches run')
    .argument('<candidate>', 'such as 12.1', candidateName)
    .option('--all', 'accept every hunk as proposed, whatever was decided in a review')
    .action(act(commands.approve));
  command('reject', 'reject a candidate, with a reason that the ideator is told')
    .argument('<candidate>', 'such as 12.1', candidateName)
    .requiredOption('--reason <text>', 'why')
    .action(act(commands.reject));
  command('run', 'run an approved candidate on a box')
    .argument('<candidate>', 'such as 12.1', candidateName)
    .addOption(box)
    .option('--seeds <n>', 'how many seeds', positive, 1)
    .option('--detach', 'do not wait for the runs')
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
  command('cancel', 'stop a run and every process of it, or the search that goes on')
    .argument('<run>', `${RUN}; or search`, runName)
    .action(act(commands.cancel));
  command('confirm', 'vouch for a result that is flagged, so that it is ranked')
    .argument('<run>', RUN, runName)
    .option('--undo', 'take it back')
    .action(act(commands.confirm));
  command('status', 'what is going on: base, rounds, runs, boxes, who drives').action(act(commands.status));
  command('logs', 'print a run’s log')
    .argument('<run>', RUN, runName)
    .option('-f, --follow', 'go on until the run ends')
    .action(act(commands.logs));
  command('artifacts', 'fetch the files that artifacts of research.yaml names, as a run wrote them')
    .argument('<run>', RUN, runName)
    .option('--to <folder>', 'where to; default .research/artifacts/RUN, which git does not see')
    .option('--max <size>', 'at most so much, such as 500MB; default 1 GiB')
    .action(act(artifacts));
  command('leaderboard', 'what was tried and what came of it, best first').action(act(commands.leaderboard));
  command('funnel', 'how far ideas came, and why each of the others did not')
    .option('--round <n>', 'of this round only', whole)
    .action(act(funnel));
  command('apply', 'bring an approved candidate to you as a branch')
    .argument('<candidate>', 'such as 12.1', candidateName)
    .option('--branch <name>', 'the branch’s name; default research/<idea>-<title>')
    .option('--merge', 'also merge it into your branch; your tree must be clean')
    .action(act(commands.apply));
  command('export', 'print the leaderboard for another program')
    .addOption(
      new Option('--format <format>', 'csv, or json under --json, unless you say').choices(['csv', 'json', 'markdown']),
    )
    .action(act(commands.exportBoard));
  const boxesCommand = command('boxes', 'list the boxes, and how they are; or say what to do with one')
    .option('--check', 'ask each of them now; exit code 3 where one does not answer')
    .action(act(boxes));
  const boxOrder = (to: BoxOrder, description: string) =>
    boxesCommand
      .command(to)
      .description(description)
      .argument('<box>', 'its name in boxes.yaml')
      .action(act((session, name: string) => setBox(session, name, to)));
  boxOrder('drain', 'send nothing new to a box and take back what waits there; what it began goes on');
  boxOrder('resume', 'let a box that was drained or given up take runs again');
  boxOrder('give-up', 'run elsewhere what a box has, without its word: for one that does not come back');
  const queueCommand = command('queue', 'pause the queue of runs, resume it, or change its order');
  for (const to of ['pause', 'resume'] as const) {
    queueCommand
      .command(to)
      .description(to === 'pause' ? 'send nothing new to any box; what boxes have goes on' : 'send again')
      .action(act((session) => pauseQueue(session, to)));
  }
  for (const to of ['front', 'back'] as const) {
    queueCommand
      .command(to)
      .description(to === 'front' ? 'send these runs before all others' : 'send these runs after all others')
      .argument('<run...>', RUN)
      .action(act((session, runs: readonly string[]) => moveInQueue(session, runs, to)));
  }
  command('base', 'show the commit that ideas are cut from and compared to, or take a new one')
    .option('--new', 'take what is committed now as the base; baseline and rounds begin anew')
    .option('--uncommitted', 'with --new: as it is in your folder, uncommitted changes too')
    .action(act(commands.base));
  command('clean-up', 'list the logs, refs, review folders and run folders that may go, or remove them')
    .argument('[name...]', 'what to remove, as it is listed')
    .option('--all', 'remove everything that is listed')
    .action(act(commands.cleanUp));
  return program;
}
