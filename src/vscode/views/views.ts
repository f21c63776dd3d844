import * as vscode from 'vscode';
import { isEnd } from '../../core/domain/index.ts';
import type { ResearchState } from '../../core/research/index.ts';
import type { Clock, Disposable } from '../../core/system/index.ts';
import type { ContextKeys } from '../context-keys.ts';
import { DisposableStore } from '../disposables.ts';
import { escapeMarkdown, plural } from '../format.ts';
import type { Reviews } from '../review/reviews.ts';
import type { Session } from '../session.ts';
import { boxesBadge, boxesTree } from './boxes-tree.ts';
import { ideasTree } from './ideas-tree.ts';
import { NodeTree, type TreeLine } from './node-tree.ts';
import { runsTree } from './runs-tree.ts';
import type { TreeNode } from './tree-node.ts';

/** Between two looks at the GPUs of boxes that are on screen. */
const GLANCE_MS = 15_000;

/** The three tree views and the context keys their buttons and welcome texts hang on. */
export class Views implements Disposable {
  readonly #store = new DisposableStore();
  readonly #session: Session;
  readonly #reviews: Reviews;
  readonly #keys: ContextKeys;
  readonly #clock: Clock;
  readonly #ideas = new NodeTree();
  readonly #runs = new NodeTree();
  readonly #boxes = new NodeTree();
  readonly #ideasView: vscode.TreeView<TreeLine>;
  readonly #runsView: vscode.TreeView<TreeLine>;
  readonly #boxesView: vscode.TreeView<TreeLine>;
  #ticking: Disposable | undefined;

  constructor(session: Session, reviews: Reviews, keys: ContextKeys, clock: Clock) {
    this.#session = session;
    this.#reviews = reviews;
    this.#keys = keys;
    this.#clock = clock;
    const view = (id: string, tree: NodeTree, canSelectMany = false) =>
      this.#store.add(
        vscode.window.createTreeView(id, {
          treeDataProvider: this.#store.add(tree),
          showCollapseAll: true,
          canSelectMany,
        }),
      );
    this.#ideasView = view('research.ideas', this.#ideas);
    this.#runsView = view('research.runs', this.#runs, true);
    this.#boxesView = view('research.boxes', this.#boxes);
    this.#store.add(session.onDidChange(() => this.update()));
    // GPUs fill and empty while nobody asks: for as long as somebody looks, they are looked at.
    this.#store.add(clock.every(GLANCE_MS, () => this.#glance()));
    this.#store.add(this.#boxesView.onDidChangeVisibility(() => this.#glance()));
    this.#store.add(reviews.onDidChange(() => this.update()));
    this.update();
  }

  #glance(): void {
    const { state } = this.#session;
    if (state.kind === 'open' && this.#boxesView.visible && vscode.window.state.focused) state.research.glanceAtBoxes();
  }

  /** What each view shows now, for tests and for whoever wants to look. */
  get trees(): {
    readonly ideas: readonly TreeNode[];
    readonly runs: readonly TreeNode[];
    readonly boxes: readonly TreeNode[];
  } {
    return { ideas: this.#ideas.roots, runs: this.#runs.roots, boxes: this.#boxes.roots };
  }

  /**
   * The lines that a key pressed in a view means: the one under the cursor, or all that are selected where it is among
   * them. VS Code tells an extension what is selected and not where the cursor is; so the cursor's line is taken into
   * the selection, or out of it, and back, which opens nothing.
   */
  async underCursor(which: 'ideas' | 'runs'): Promise<readonly TreeLine[]> {
    const view = which === 'ideas' ? this.#ideasView : this.#runsView;
    const before = view.selection;
    await vscode.commands.executeCommand('list.toggleSelection');
    const after = view.selection;
    await vscode.commands.executeCommand('list.toggleSelection');
    const added = after.find((line) => !before.includes(line));
    if (added) return [added];
    const taken = before.find((line) => !after.includes(line));
    return taken ? [taken, ...after] : [];
  }

  get ideasMessage(): string | undefined {
    return this.#ideasView.message;
  }

  update(): void {
    const { state } = this.#session;
    this.#keys.set('state', state.kind);
    if (state.kind === 'open') {
      this.#show(state.state, state.others);
      return;
    }
    this.#keys.set('environment', '');
    for (const tree of [this.#runs, this.#boxes]) tree.set([]);
    this.#ideas.set(state.kind === 'failed' ? [failedNode(state.message)] : []);
    this.#ideasView.description = undefined;
    this.#ideasView.message = state.kind === 'opening' ? 'Opening the repository…' : undefined;
    this.#boxesView.message = boxesMessage(state.kind);
    this.#runsView.badge = undefined;
    this.#boxesView.badge = undefined;
    this.#boxesView.description = undefined;
  }

  #show(state: ResearchState, others: number): void {
    this.#setKeys(state);
    this.#ideas.set(ideasTree(state, this.#reviews.files()));
    this.#runs.set(runsTree(state, this.#clock.now()));
    this.#boxes.set(boxesTree(state));
    this.#boxesView.message = undefined;
    this.#boxesView.badge = boxesBadge(state);
    this.#boxesView.description = state.queue.paused ? 'queue paused' : undefined;
    const model = state.ideator.lane === 'model';
    this.#ideasView.description = model ? state.ideator.label : 'hyperparameter ideator';
    this.#ideasView.message = message(state, others);
    const waiting = state.rounds.flatMap(({ ideas }) => ideas).filter((node) => node.status === 'ready').length;
    this.#ideasView.badge =
      waiting > 0 ? { value: waiting, tooltip: `${plural(waiting, 'patch', 'patches')} to review` } : undefined;
    this.#runsView.description =
      state.driver.here || !state.driver.holder ? undefined : `driven by ${state.driver.holder}`;
    this.#tick(state);
  }

  #setKeys(state: ResearchState): void {
    const ideas = state.rounds.flatMap((round) => round.ideas);
    const candidates = ideas.flatMap((node) => node.candidates);
    const { environment } = state;
    this.#keys.set('environment', environment.ok ? 'ok' : environment.missing ? 'missing' : 'broken');
    this.#keys.set('ideator', state.ideator.lane);
    this.#keys.set('search', state.search?.state ?? '');
    this.#keys.set('hasIdeas', ideas.length > 0);
    this.#keys.set(
      'hasDropped',
      ideas.some((node) => node.status === 'dropped'),
    );
    this.#keys.set(
      'hasReady',
      candidates.some((candidate) => candidate.state === 'ready'),
    );
    this.#keys.set(
      'hasApproved',
      candidates.some((candidate) => candidate.state === 'approved'),
    );
    this.#keys.set('hasRuns', state.runs.length > 0);
    this.#keys.set(
      'hasLiveRuns',
      state.runs.some((run) => !isEnd(run.state)),
    );
    this.#keys.set('hasBoxes', state.boxes.length > 0);
    this.#keys.set('queue', state.queue.paused ? 'paused' : state.queue.order.length > 0 ? 'waiting' : 'empty');
  }

  /** Elapsed times move on while something runs, and only then. */
  #tick(state: ResearchState): void {
    const live = state.runs.some((run) => !isEnd(run.state) && run.startedAt !== undefined);
    if (live && !this.#ticking) {
      this.#ticking = this.#clock.every(5000, () => this.update());
    } else if (!live && this.#ticking) {
      this.#ticking.dispose();
      this.#ticking = undefined;
    }
  }

  dispose(): void {
    this.#ticking?.dispose();
    this.#store.dispose();
  }
}

/** Why there are no boxes while no repository is open. */
function boxesMessage(kind: string): string | undefined {
  if (kind === 'opening') return 'Opening the repository…';
  return kind === 'failed' ? 'The repository could not be opened: the Ideas view says why.' : undefined;
}

function failedNode(message: string): TreeNode {
  const [first = message, ...rest] = message.split('\n');
  return {
    id: 'failed',
    label: first,
    tooltip: escapeMarkdown(message),
    icon: 'error',
    color: 'testing.iconFailed',
    expanded: true,
    children: [
      ...rest.map((line, index): TreeNode => ({ id: `failed/${index}`, label: line })),
      { id: 'failed/again', label: 'Try Again', icon: 'refresh', command: 'refresh' },
      { id: 'failed/log', label: 'Show Output', icon: 'output', command: 'showOutput' },
    ],
  };
}

/** The line over the ideas; none while the view is empty, because it would hide the welcome text. */
function message(state: ResearchState, others: number): string | undefined {
  if (state.rounds.every((round) => round.ideas.length === 0)) return undefined;
  const lines: string[] = [];
  if (state.behind === 'head') lines.push('Base is behind: HEAD moved since it was taken. "New Base" takes it again.');
  if (state.behind === 'environment')
    lines.push('Base is behind: research.yaml changed what is measured. "New Base" takes it again.');
  const working = state.requests.find((request) => request.state === 'taken' && request.progress);
  if (working?.progress) lines.push(working.progress.text);
  if (state.ideator.lane === 'hyperparameter') {
    lines.push('Hyperparameter ideator: no model is configured. Name one in the settings (research.model).');
  }
  if (others > 0) lines.push(`Working in ${state.root}; ${plural(others, 'other folder')} of this workspace not used.`);
  return lines.length === 0 ? undefined : lines.join(' ');
}
