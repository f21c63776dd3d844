import { isEnd, messageOf } from '../../core/domain/index.ts';
import type { Leaderboard } from '../../core/research/index.ts';
import type { Disposable, System } from '../../core/system/index.ts';
import type { FromPage, Notice, ToPage } from '../../protocol/messages.ts';
import { readFromPage } from '../../protocol/schemas.ts';
import type { Target } from '../commands/target.ts';
import { DisposableStore } from '../disposables.ts';
import type { Session } from '../session.ts';
import { curveArrays } from './curve-arrays.ts';
import { diffBoard } from './diff-board.ts';
import { LogLines } from './log-lines.ts';
import { noticeOf, noticeOfError } from './notice.ts';

/** Messages that a run grew are at least this far apart. */
const GREW_MS = 100;

export interface ConnectionParts {
  readonly session: Pick<Session, 'state' | 'onDidChange' | 'research'>;
  readonly system: Pick<System, 'clock' | 'files'>;
  readonly log: { warn(text: string): void; error(text: string): void };
  /** False when the page is hidden: what was sent is lost then. */
  readonly post: (message: ToPage) => Thenable<boolean>;
  readonly run: (command: string, target: Target) => Thenable<unknown>;
}

/**
 * One page and what it is told: a snapshot, then deltas in order. It trusts nothing that the page says and sends
 * nothing while the page is hidden; a page that comes back asks with `ready` and gets everything again.
 */
export class PageConnection implements Disposable {
  readonly #parts: ConnectionParts;
  readonly #store = new DisposableStore();
  readonly #logs = new Map<string, LogLines>();
  #gen = 0;
  #seq = 0;
  #ready = false;
  #visible = true;
  #sent: { readonly board: Leaderboard | null; readonly notice: Notice | undefined } | undefined;
  #sending = false;
  #again = false;
  #watched = new Map<string, string>();
  #grewDue: Disposable | undefined;
  #following: Disposable | undefined;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.#store.add(parts.session.onDidChange(() => this.#changed()));
  }

  setVisible(visible: boolean): void {
    this.#visible = visible;
    // A hidden page is thrown away; the next one says `ready`.
    if (!visible) {
      this.#ready = false;
      this.#following?.dispose();
      this.#following = undefined;
    }
  }

  /** Handles one message of the page; one that does not fit the protocol is refused and written to the log. */
  async receive(raw: unknown): Promise<void> {
    const message = readFromPage(raw);
    if (!message) {
      this.#parts.log.warn('[leaderboard] a message of the page does not fit the protocol and was refused');
      return;
    }
    try {
      await this.#handle(message);
    } catch (error) {
      if ('request' in message)
        await this.#post({ type: 'failed', request: message.request, message: messageOf(error) });
      else this.#parts.log.error(`[leaderboard] ${String(error)}`);
    }
  }

  async #handle(message: FromPage): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.#ready = true;
        this.#visible = true;
        this.#sent = undefined;
        await this.#send();
        return;
      case 'resync':
        this.#sent = undefined;
        await this.#send();
        return;
      case 'command': {
        const { idea, candidate, run } = message;
        await this.#parts.run(`research.${message.command}`, {
          ...(idea === undefined ? {} : { idea }),
          ...(candidate === undefined ? {} : { candidate }),
          ...(run === undefined ? {} : { run }),
        });
        return;
      }
      case 'watch':
        this.#watched = new Map(message.runs.map((run) => [run, this.#watched.get(run) ?? '']));
        for (const run of this.#logs.keys()) if (!this.#watched.has(run)) this.#logs.delete(run);
        await this.#follow();
        return;
      case 'curve': {
        const { request, run, metric } = message;
        const points = await (await this.#parts.session.research()).curve(run, metric);
        await this.#post({ type: 'curve', request, run, metric, ...curveArrays(points), live: this.#isLive(run) });
        return;
      }
      case 'metrics': {
        const { request, run } = message;
        const names = await (await this.#parts.session.research()).metricNames(run);
        await this.#post({ type: 'metrics', request, run, names });
        return;
      }
      case 'log': {
        const { request, run } = message;
        const page = await (await this.#log(run)).read(message.first, message.count);
        await this.#post({ type: 'log', request, run, ...page, live: this.#isLive(run) });
        return;
      }
      case 'searchLog': {
        const { request, run } = message;
        const matches = await (await this.#log(run)).search(message.text);
        await this.#post({ type: 'logMatches', request, run, ...matches });
        return;
      }
    }
  }

  /** Has the logs of what the page shows come as they are written. */
  async #follow(): Promise<void> {
    const research = await this.#parts.session.research();
    const before = this.#following;
    // The page may have been hidden, or have asked for others, meanwhile.
    const shown = this.#ready && this.#visible ? [...this.#watched.keys()] : [];
    this.#following = shown.length === 0 ? undefined : research.watch(shown);
    before?.dispose();
  }

  async #log(run: string): Promise<LogLines> {
    const known = this.#logs.get(run);
    if (known) return known;
    const research = await this.#parts.session.research();
    const log = new LogLines(this.#parts.system.files, research.logFile(run));
    this.#logs.set(run, log);
    return log;
  }

  #isLive(run: string): boolean {
    const { state } = this.#parts.session;
    const row = state.kind === 'open' ? state.state.runs.find((one) => one.id === run) : undefined;
    return row !== undefined && !isEnd(row.state);
  }

  #changed(): void {
    if (!this.#ready || !this.#visible) return;
    void this.#send();
    this.#grewDue ??= this.#parts.system.clock.after(GREW_MS, () => {
      this.#grewDue = undefined;
      void this.#tellGrowth();
    });
  }

  /** Sends what changed since the last message; calls while one is under way become one more. */
  async #send(): Promise<void> {
    if (this.#sending) {
      this.#again = true;
      return;
    }
    this.#sending = true;
    try {
      do {
        this.#again = false;
        await this.#sendOnce();
      } while (this.#again && this.#ready);
    } finally {
      this.#sending = false;
    }
  }

  async #sendOnce(): Promise<void> {
    const { board, notice } = await this.#read();
    const before = this.#sent;
    const at = this.#parts.system.clock.now();
    const sameNotice = JSON.stringify(before?.notice) === JSON.stringify(notice);
    if (!before?.board || !board || before.board.baseId !== board.baseId) {
      if (before && before.board === null && board === null && sameNotice) return;
      this.#gen += 1;
      this.#seq = 0;
      await this.#deliver(
        { type: 'snapshot', gen: this.#gen, seq: 0, at, board, ...withNotice(notice) },
        board,
        notice,
      );
      return;
    }
    const delta = diffBoard(before.board, board) ?? (sameNotice ? undefined : emptyDelta(board));
    if (!delta) return;
    this.#seq += 1;
    await this.#deliver(
      { type: 'delta', gen: this.#gen, seq: this.#seq, at, ...delta, ...withNotice(notice) },
      board,
      notice,
    );
  }

  async #deliver(message: ToPage, board: Leaderboard | null, notice: Notice | undefined): Promise<void> {
    const posted = await this.#post(message);
    // Not posted means the page is gone: everything is sent again when it comes back.
    this.#sent = posted ? { board, notice } : undefined;
    if (!posted) this.#ready = false;
  }

  async #read(): Promise<{ readonly board: Leaderboard | null; readonly notice: Notice | undefined }> {
    const { state } = this.#parts.session;
    if (state.kind !== 'open') return { board: null, notice: noticeOf(state, null) };
    try {
      const board = state.state.base ? await state.research.leaderboard() : null;
      return { board, notice: noticeOf(state, board) };
    } catch (error) {
      return { board: this.#sent?.board ?? null, notice: noticeOfError(error) ?? noticeOf(state, null) };
    }
  }

  /** Tells of the runs on screen that have new bytes or new points. */
  async #tellGrowth(): Promise<void> {
    const { state } = this.#parts.session;
    if (state.kind !== 'open') return;
    for (const [run, before] of this.#watched) {
      const row = state.state.runs.find((one) => one.id === run);
      if (!row) continue;
      const now = JSON.stringify([row.logBytes, row.lastMetric ?? null, row.state]);
      if (now === before) continue;
      this.#watched.set(run, now);
      try {
        const log = await this.#log(run);
        await log.update();
        await this.#post({ type: 'grew', run, logLines: log.total, metrics: true });
      } catch (error) {
        this.#parts.log.warn(`[leaderboard] ${run}: ${messageOf(error)}`);
      }
    }
  }

  async #post(message: ToPage): Promise<boolean> {
    return this.#parts.post(message);
  }

  dispose(): void {
    this.#ready = false;
    this.#following?.dispose();
    this.#grewDue?.dispose();
    this.#logs.clear();
    this.#store.dispose();
  }
}

function withNotice(notice: Notice | undefined): { readonly notice?: Notice } {
  return notice ? { notice } : {};
}

function emptyDelta({ rows: _rows, ...header }: Leaderboard) {
  return { rows: [], removed: [], header };
}
