import { batch, computed, effect, type ReadonlySignal, type Signal, signal, untracked } from '@preact/signals';
import type { LeaderboardRow } from '../../src/core/research/leaderboard-types.ts';
import type { ToPage } from '../../src/protocol/messages.ts';
import type { Action } from '../model/actions.ts';
import { type Board, EMPTY_BOARD, receive } from '../model/board.ts';
import type { CellContext } from '../model/columns.ts';
import { parseFilter } from '../model/filter.ts';
import { decimalsOf } from '../model/format.ts';
import { groupOf, type Item, itemsOf } from '../model/group.ts';
import { NOTHING_SHOWN, type Place, type Shown, settle } from '../model/order.ts';
import { readSettings, type Settings } from '../model/settings.ts';
import { sortRows } from '../model/sort.ts';
import { isBaseline, isLive } from '../model/status.ts';
import { DEADLINE, type Host } from './host.ts';

export type Growth = Extract<ToPage, { readonly type: 'grew' }>;

/** More baselines than this do not fit above the rows; the rest stand among them. */
const MOST_PINNED = 3;

/** The page's state: the host's board, the person's settings, and what follows from the two. */
export class Page {
  readonly host: Host;
  readonly board: Signal<Board> = signal(EMPTY_BOARD);
  readonly settings: Signal<Settings>;
  /** Waiting for the first snapshot; `late` after ten seconds of it. */
  readonly phase: Signal<'loading' | 'late' | 'ready'> = signal('loading');
  /** The pointer or the focus is in the table. */
  readonly held = signal(false);
  /** Rises once a second while something runs and the page is seen. */
  readonly tick = signal(0);
  /** Rises when the editor's theme changed: canvases draw anew. */
  readonly theme = signal(0);
  readonly shown: Signal<Shown> = signal(NOTHING_SHOWN);
  /** Words for the screen reader; also shown for a moment. */
  readonly said = signal('');

  readonly filter = computed(() => parseFilter(this.settings.value.filter));
  readonly decimals = computed(() => decimalsOf(this.board.value.rows.values()));
  readonly baselines: ReadonlySignal<readonly LeaderboardRow[]> = computed(() =>
    [...this.board.value.rows.values()].filter(isBaseline),
  );
  readonly pinned = computed(() => this.baselines.value.slice(0, MOST_PINNED));
  readonly ideas: ReadonlySignal<readonly LeaderboardRow[]> = computed(() => {
    const pinned = new Set(this.pinned.value.map((row) => row.key));
    return [...this.board.value.rows.values()].filter((row) => !pinned.has(row.key));
  });
  readonly selected: ReadonlySignal<LeaderboardRow | undefined> = computed(() => {
    const key = this.settings.value.selected;
    return key === undefined ? undefined : this.board.value.rows.get(key);
  });
  readonly items: ReadonlySignal<readonly Item[]> = computed(() => {
    const { grouping, closed } = this.settings.value;
    return itemsOf(this.shown.value.places, grouping, new Set(closed));
  });
  readonly best: ReadonlySignal<LeaderboardRow | undefined> = computed(() => {
    const firsts = this.ideas.value.filter((row) => row.rank === 1 && !isBaseline(row));
    return firsts.find((row) => row.improved) ?? firsts[0];
  });

  readonly #watchers = new Set<(growth: Growth) => void>();
  #clockAhead = 0;
  #loading = 0;
  #resync = 0;
  #lastChoice: readonly unknown[] = [];

  constructor(host: Host) {
    this.host = host;
    this.settings = signal(readSettings(host.recall()));
    effect(() => host.keep(this.settings.value));
    effect(() => this.#arrange());
    effect(() => this.#watch());
    effect(() => this.#keepTime());
  }

  /** The host's clock now, in milliseconds since 1970, carried on from its last message. */
  now(): number {
    return performance.now() + this.#clockAhead;
  }

  context(): CellContext {
    return { decimals: this.decimals.value, now: this.now() };
  }

  /** Asks for the first snapshot, or again for it. */
  start(): void {
    window.clearTimeout(this.#loading);
    this.phase.value = 'loading';
    this.#loading = window.setTimeout(() => {
      if (this.phase.value === 'loading') this.phase.value = 'late';
    }, DEADLINE);
    this.host.send({ type: 'ready' });
  }

  receive(message: ToPage): void {
    if (this.host.settle(message)) return;
    if (message.type === 'grew') {
      for (const watcher of this.#watchers) watcher(message);
    } else if (message.type === 'snapshot' || message.type === 'delta') {
      this.#clockAhead = message.at - performance.now();
      const { board, outcome } = receive(this.board.value, message);
      batch(() => {
        this.board.value = board;
        if (message.type === 'snapshot' && outcome === 'applied') this.#ready();
      });
      if (outcome === 'gap') this.#askAgain();
    }
  }

  set(change: Partial<Settings>): void {
    this.settings.value = { ...this.settings.value, ...change };
  }

  select(key: string | undefined): void {
    if (this.settings.value.selected !== key) this.set({ selected: key });
  }

  /** Puts the rows in the order they should have, whoever is in the table. */
  resort(): void {
    this.shown.value = settle(this.shown.value, this.#wanted(), this.board.value.rows, false);
  }

  run(action: Action): void {
    for (const message of action.messages) this.host.send(message);
  }

  say(words: string): void {
    this.said.value = words;
    window.setTimeout(() => {
      if (this.said.value === words) this.said.value = '';
    }, 4000);
  }

  /** Calls back when a run on screen grew; gives the way to stop. */
  onGrowth(watcher: (growth: Growth) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #ready(): void {
    window.clearTimeout(this.#loading);
    window.clearTimeout(this.#resync);
    this.phase.value = 'ready';
  }

  #askAgain(): void {
    const { gen, seq } = this.board.value;
    this.host.send({ type: 'resync', gen, seq });
    window.clearTimeout(this.#resync);
    this.#resync = window.setTimeout(() => {
      if (this.board.value.waiting) this.#askAgain();
    }, DEADLINE);
  }

  #wanted(): readonly Place[] {
    const { sort, grouping } = this.settings.value;
    const goal = this.board.value.header?.goal ?? 'minimize';
    const kept = this.ideas.value.filter(this.filter.value.test);
    return sortRows(kept, sort, goal, this.now()).map((row) => ({ key: row.key, group: groupOf(row, grouping) }));
  }

  #arrange(): void {
    const { sort, filter, grouping } = this.settings.value;
    const wanted = this.#wanted();
    const choice = [sort, filter, grouping];
    // A person's own choice is obeyed at once; only the host's news wait.
    const chosen = choice.some((each, index) => each !== this.#lastChoice[index]);
    this.#lastChoice = choice;
    const { rows } = this.board.value;
    const held = this.held.value && !chosen;
    this.shown.value = settle(
      untracked(() => this.shown.value),
      wanted,
      rows,
      held,
    );
  }

  #watched = '';

  #watch(): void {
    if (this.phase.value !== 'ready') return;
    const runs = (this.selected.value?.runs ?? []).map((run) => run.id);
    const list = runs.join(' ');
    if (list === this.#watched) return;
    this.#watched = list;
    this.host.send({ type: 'watch', runs });
  }

  #keepTime(): (() => void) | undefined {
    const live = [...this.board.value.rows.values()].some((row) => isLive(row.status));
    if (!live) return undefined;
    const timer = window.setInterval(() => {
      if (document.visibilityState === 'visible') this.tick.value += 1;
    }, 1000);
    return () => window.clearInterval(timer);
  }
}
