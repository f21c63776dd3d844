import * as vscode from 'vscode';
import { type Candidate, HumanError, type Idea, isEnd, type Run } from '../../core/domain/index.ts';
import type { IdeaNode, ResearchState } from '../../core/research/index.ts';
import { formatValue, oneLine, stateWord } from '../format.ts';
import { statusIcon } from '../views/icons.ts';
import type { Target } from './target.ts';

interface Choice<T> extends vscode.QuickPickItem {
  readonly value: T;
}

/**
 * Asks with a QuickPick; an only choice is still shown, because the person sees what will happen. It stays until it is
 * answered or Escape is pressed: a webview that gets the focus back from the palette, or from an earlier question,
 * takes it late, from this one.
 */
export async function choose<T>(title: string, placeHolder: string, choices: readonly Choice<T>[]): Promise<T> {
  const chosen = await vscode.window.showQuickPick(choices, {
    title,
    placeHolder,
    ignoreFocusOut: true,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (!chosen) throw new vscode.CancellationError();
  return chosen.value;
}

/** Asks for a line. @throws CancellationError when the person turns away */
export async function ask(options: vscode.InputBoxOptions): Promise<string> {
  const answer = await vscode.window.showInputBox({ ignoreFocusOut: true, ...options });
  if (answer === undefined) throw new vscode.CancellationError();
  return answer;
}

/** A modal yes or no before something is lost or spent. @throws CancellationError for no */
export async function confirm(message: string, detail: string, yes: string): Promise<void> {
  if ((await vscode.window.showWarningMessage(message, { modal: true, detail }, yes)) !== yes) {
    throw new vscode.CancellationError();
  }
}

function ideaNodes(state: ResearchState): readonly IdeaNode[] {
  return state.rounds.toReversed().flatMap((round) => round.ideas);
}

/** The idea a target names, else the one a person picks. @throws HumanError `no-idea` when none qualifies */
export async function pickIdea(
  title: string,
  state: ResearchState,
  target: Target,
  fits: (node: IdeaNode) => boolean,
  none: string,
): Promise<Idea> {
  const nodes = ideaNodes(state);
  const id = target.idea ?? (target.candidate === undefined ? undefined : Number.parseInt(target.candidate, 10));
  const named = nodes.find((node) => node.idea.id === id);
  if (named) return named.idea;
  const fitting = nodes.filter(fits);
  if (fitting.length === 0) throw new HumanError(none, { code: 'no-idea' });
  return choose(
    title,
    'Choose an idea',
    fitting.map((node) => ({
      label: `$(${statusIcon(node.status).icon}) #${node.idea.id} ${oneLine(node.idea.title, 100)}`,
      description: stateWord(node.status),
      detail: oneLine(node.idea.hypothesis, 140),
      value: node.idea,
    })),
  );
}

/** The candidate a target names, else the one a person picks. @throws HumanError `no-candidate` when none qualifies */
export async function pickCandidate(
  title: string,
  state: ResearchState,
  target: Target,
  fits: (candidate: Candidate) => boolean,
  none: string,
): Promise<Candidate> {
  const all = ideaNodes(state).flatMap(({ idea, candidates }) =>
    candidates.toReversed().map((candidate) => ({ idea, candidate })),
  );
  const fitting = all.filter(({ candidate }) => fits(candidate));
  const named =
    target.candidate === undefined
      ? fitting.find(({ idea }) => idea.id === target.idea)
      : all.find(({ candidate }) => candidate.id === target.candidate);
  if (named) return named.candidate;
  if (target.idea !== undefined || fitting.length === 0) throw new HumanError(none, { code: 'no-candidate' });
  return choose(
    title,
    'Choose a candidate',
    fitting.map(({ idea, candidate }) => ({
      label: `$(${statusIcon(candidate.state === 'failed' ? 'failed' : candidate.state).icon}) #${candidate.id} ${oneLine(idea.title, 100)}`,
      description: stateWord(candidate.state),
      detail: oneLine(idea.hypothesis, 140),
      value: candidate,
    })),
  );
}

/** The run a target names, else the one a person picks. @throws HumanError `no-run` when none qualifies */
export async function pickRun(
  title: string,
  state: ResearchState,
  target: Target,
  fits: (run: Run) => boolean,
  none: string,
): Promise<Run> {
  const named = target.run === undefined ? undefined : state.runs.find((run) => run.id === target.run);
  if (named) return named;
  const fitting = state.runs.filter(
    (run) => fits(run) && (target.candidate === undefined || run.candidate === target.candidate),
  );
  if (fitting.length === 0) throw new HumanError(none, { code: 'no-run' });
  return choose(
    title,
    'Choose a run',
    fitting.map((run) => ({
      label: `$(${statusIcon(run.state).icon}) ${run.candidate === undefined ? 'Baseline' : `#${run.candidate}`} · seed ${run.seed}`,
      description: `${stateWord(run.state)}${run.box === undefined ? '' : ` on ${run.box}`}`,
      ...(run.objective?.state === 'ok' ? { detail: formatValue(run.objective.value) } : {}),
      value: run,
    })),
  );
}

export function isLive(run: Run): boolean {
  return !isEnd(run.state);
}

/** One of the boxes there are. @throws HumanError `no-boxes` */
export async function pickBoxName(title: string, boxes: ResearchState['boxes']): Promise<string> {
  if (boxes.length === 0) throw noBoxes('There is no box yet.');
  return choose(
    title,
    'Choose a box',
    boxes.map((box) => ({
      label: `$(${box.kind === 'local' ? 'device-desktop' : 'vm'}) ${box.name}`,
      description: box.where,
      value: box.name,
    })),
  );
}

function noBoxes(what: string): HumanError {
  return new HumanError(`${what} Add one first: this machine, an ssh host or a Slurm cluster.`, {
    code: 'no-boxes',
    actions: [{ title: 'Add Box', command: 'research.addBox' }],
  });
}

const ANY = 'Any free box';

/**
 * The box to run on: undefined lets the scheduler choose. With one box there is nothing to ask.
 * @throws HumanError `no-boxes`
 */
export async function pickBox(title: string, state: ResearchState, target: Target): Promise<string | undefined> {
  if (target.box !== undefined) return target.box;
  if (state.boxes.length === 0) throw noBoxes('There is no box to run on yet.');
  const boxes = state.boxes.map((box) => ({
    label: `$(${box.kind === 'local' ? 'device-desktop' : 'vm'}) ${box.name}`,
    description: `${box.where}${box.unreachableSince === undefined ? '' : ', unreachable'}`,
    detail: `${box.running} running, ${box.waiting} waiting${box.report && box.report.gpus.length > 0 ? `, ${box.report.gpus.length} × ${box.report.gpus[0]?.name}` : ''}`,
    value: box.name as string | undefined,
  }));
  const any = { label: `$(server-environment) ${ANY}`, description: 'the scheduler chooses', value: undefined };
  return choose(title, 'Choose a box', boxes.length > 1 ? [any, ...boxes] : boxes);
}
