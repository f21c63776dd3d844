import { HumanError, isEnd, type Run, type RunState } from '../core/domain/index.ts';
import type { Progress, Research, ResearchState } from '../core/research/types.ts';
import { realSystem } from '../core/system/index.ts';
import { runLines, runsProgress } from './format.ts';
import type { Session } from './main.ts';
import { count } from './numbers.ts';

/** How long the queue must stand still before `--detach` takes the rest for waiting. */
const SETTLE_MS = 1000;

/**
 * The run that a person means: its id, the beginning of it, a candidate (its newest run) or `baseline`.
 * @throws HumanError `no-run`, `ambiguous-run`
 */
export async function findRun(research: Research, what: string): Promise<Run> {
  const { runs } = await research.state();
  return chooseRun(runs, what);
}

/** As `findRun`, among runs with the newest first. Pure. */
export function chooseRun(runs: readonly Run[], what: string): Run {
  const candidate = /^#?(\d+\.\d+)$/.exec(what)?.[1];
  const named = runs.find((run) =>
    what === 'baseline' ? run.candidate === undefined : candidate !== undefined && run.candidate === candidate,
  );
  const exact = named ?? runs.find((run) => run.id === what);
  if (exact) return exact;
  const begun = runs.filter((run) => run.id.startsWith(what));
  const [only, second] = begun;
  if (second) {
    throw new HumanError(
      `${count(begun.length, 'run')} begin with ${what}: ${begun.map((run) => run.id).join(', ')}.`,
      {
        code: 'ambiguous-run',
      },
    );
  }
  if (only) return only;
  throw new HumanError(`There is no run ${what}. "research-copilot status" lists the runs.`, { code: 'no-run' });
}

/** Tells what runs do, as often as it changes where somebody watches a bar. */
function watch({ research, terminal }: Session, ids: readonly string[], progress: Progress): () => void {
  if (!terminal.watched) return () => undefined;
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      const { runs, boxes } = await research.state();
      const mine = runs.filter((run) => ids.includes(run.id));
      if (mine.length > 0) progress.report(runsProgress(mine, boxes));
    } catch {
      // It is closing; the wait itself says what went wrong.
    } finally {
      looking = false;
    }
  };
  const subscription = research.onDidChange(() => void look());
  void look();
  return () => subscription.dispose();
}

interface WaitOptions {
  readonly detach?: boolean;
  /** The ends that are what was asked for. */
  readonly ended?: readonly RunState[];
}

/** Waits until the runs ended, or with `detach` until they are on their boxes, and tells what came of them. */
export async function waitAndTell(session: Session, ids: readonly string[], options: WaitOptions = {}): Promise<void> {
  const { research, terminal, signal } = session;
  if (options.detach) return launchAndTell(session, ids);
  const progress = terminal.progress();
  const unwatch = watch(session, ids, progress);
  const quiet = terminal.watched ? undefined : progress;
  const ended = await research.waitForRuns(ids, quiet ? { signal, progress: quiet } : { signal }).finally(() => {
    unwatch();
    progress.end();
  });
  terminal.answer({ runs: ended });
  for (const line of runLines(ended, terminal.width)) terminal.say(line);
  const good = options.ended ?? ['succeeded'];
  const bad = ended.filter((run) => !good.includes(run.state));
  if (bad.length > 0) {
    throw new HumanError(
      `${bad.length} of ${count(ended.length, 'run')} did not succeed. "research-copilot logs ${bad[0]?.id}" shows why.`,
      { code: 'runs-failed' },
    );
  }
  if (good.includes('succeeded')) terminal.note('"research-copilot leaderboard" compares them.');
}

/** Whether nothing more can be sent now: all are on a box, or some are and the rest waits for room. */
export function isLaunched(runs: readonly Run[]): boolean {
  const queued = runs.filter((run) => run.state === 'queued').length;
  const shipping = runs.some((run) => run.state === 'shipping');
  return !shipping && (queued === 0 || queued < runs.length);
}

/** Why nothing is sent now, whatever room there is; undefined where boxes take runs. */
function whyHeld({ queue, boxes }: ResearchState): string | undefined {
  if (queue.paused) return 'The queue is paused: "research-copilot queue resume" sends on.';
  if (boxes.length === 0) return undefined;
  if (boxes.every((box) => box.drained || box.givenUp))
    return 'Every box is drained: "research-copilot boxes resume NAME" lets one take runs again.';
  if (boxes.every((box) => box.drained || box.givenUp || box.unreachableSince !== undefined))
    return 'No box can be reached: "research-copilot boxes --check" says why.';
  return undefined;
}

/** Only a process that drives can send runs to boxes: this one stays until it has, or another one drives. */
async function launchAndTell({ research, terminal, signal }: Session, ids: readonly string[]): Promise<void> {
  const progress = terminal.progress();
  const { clock } = realSystem();
  const mine = async () => {
    const state = await research.state();
    return { runs: state.runs.filter((run) => ids.includes(run.id)), here: state.driver.here, held: whyHeld(state) };
  };
  let now = await mine();
  try {
    for (let settled = 0; now.here && now.held === undefined && settled < 2; now = await mine()) {
      settled = isLaunched(now.runs) ? settled + 1 : 0;
      if (now.runs.every((run) => run.state !== 'queued' && run.state !== 'shipping')) break;
      progress.report({
        ...runsProgress(now.runs),
        text: `sending ${count(ids.length, 'run')}; Ctrl+C leaves the rest queued`,
      });
      await clock.sleep(SETTLE_MS, signal);
    }
  } finally {
    progress.end();
  }
  terminal.answer({ runs: ids });
  for (const line of runLines(now.runs, terminal.width)) terminal.say(line);
  if (now.held !== undefined) terminal.say(now.held);
  const waiting = now.runs.filter((run) => run.state === 'queued').length;
  const bad = now.runs.filter((run) => isEnd(run.state) && run.state !== 'succeeded').length;
  if (waiting > 0) {
    terminal.say(
      `${count(waiting, 'run')} ${waiting === 1 ? 'waits' : 'wait'} for room, and ${waiting === 1 ? 'is' : 'are'} sent while VS Code or a research-copilot command is open on this repository.`,
    );
  }
  if (bad === 0 && now.held === undefined)
    terminal.note('What is on a box goes on without you. "research-copilot status" shows how it goes.');
}
