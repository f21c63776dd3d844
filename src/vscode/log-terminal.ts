import * as vscode from 'vscode';
import { isEnd, LogText, messageOf, type Run, type RunId } from '../core/domain/index.ts';
import type { Research, ResearchState } from '../core/research/index.ts';
import { outlooks } from '../core/scheduler/index.ts';
import type { Disposable } from '../core/system/index.ts';
import { DisposableStore } from './disposables.ts';
import type { Session } from './session.ts';
import { logHead, logTail } from './views/run-words.ts';

/** Bytes read at a time, and of a log that is there already how much of its end is shown. */
const PIECE = 64 * 1024;
const FIRST = 1024 * 1024;

/** Terminals that follow logs of runs: one a run, shown again when it is asked for again. */
export class LogTerminals implements Disposable {
  readonly #session: Session;
  readonly #open = new Map<RunId, vscode.Terminal>();
  readonly #store = new DisposableStore();

  constructor(session: Session) {
    this.#session = session;
    this.#store.add(
      vscode.window.onDidCloseTerminal((closed) => {
        for (const [run, terminal] of this.#open) if (terminal === closed) this.#open.delete(run);
      }),
    );
  }

  show(research: Research, run: Run, name: string): void {
    const known = this.#open.get(run.id);
    const terminal =
      known ??
      vscode.window.createTerminal({
        name,
        pty: new LogPty(research, this.#session, run.id),
        iconPath: new vscode.ThemeIcon('output'),
        isTransient: true,
      });
    this.#open.set(run.id, terminal);
    terminal.show();
  }

  dispose(): void {
    for (const terminal of this.#open.values()) terminal.dispose();
    this.#store.dispose();
  }
}

/** Shows the copy of a log that is on this machine, and what comes to it, until the run has ended and all of it is here. */
class LogPty implements vscode.Pseudoterminal {
  readonly #research: Research;
  readonly #session: Session;
  readonly #run: RunId;
  readonly #write = new vscode.EventEmitter<string>();
  readonly #close = new vscode.EventEmitter<void>();
  readonly #store = new DisposableStore();
  readonly #text = new LogText();
  readonly onDidWrite = this.#write.event;
  readonly onDidClose = this.#close.event;
  #offset: number | undefined;
  #head = '';
  #over = false;
  #reading = false;
  #again = false;

  constructor(research: Research, session: Session, run: RunId) {
    this.#research = research;
    this.#session = session;
    this.#run = run;
  }

  open(): void {
    // On screen: its lines come over a channel of their own as they are written.
    this.#store.add(this.#research.watch([this.#run]));
    this.#store.add(this.#research.onDidChange(() => void this.#read()));
    void this.#read();
  }

  close(): void {
    this.#over = true;
    this.#store.dispose();
  }

  /** Nobody reads what is typed here: Ctrl+C closes the view, and any key once the run has ended. The run goes on. */
  handleInput(data: string): void {
    if (this.#over || data === '\u0003') this.#close.fire();
  }

  async #read(): Promise<void> {
    this.#again = this.#reading;
    if (this.#reading || this.#over) return;
    this.#reading = true;
    try {
      do {
        this.#again = false;
        await this.#show();
      } while (this.#again && !this.#over);
    } catch (error) {
      this.#end(messageOf(error));
    } finally {
      this.#reading = false;
    }
  }

  async #show(): Promise<void> {
    const state = await this.#state();
    const run = state?.runs.find((one) => one.id === this.#run);
    this.#offset ??= await this.#begin(run);
    for (;;) {
      const bytes = await this.#research.readLog(this.#run, this.#offset, PIECE);
      if (bytes.length === 0) break;
      this.#offset += bytes.length;
      this.#head = ' ';
      this.#write.fire(this.#text.push(bytes));
    }
    if (!run || !state || this.#over) return;
    if (isEnd(run.state)) return this.#end(logTail(run));
    // Until its log begins, what it waits for stands here.
    const head = logHead(run, outlooks(state.runs, state.queue)(run, 0));
    if (this.#offset > 0 || head === this.#head) return;
    this.#head = head;
    this.#write.fire(`${dim(head)}\r\n`);
  }

  /** The newest state of all; that of the session may be of a moment ago, and an end must not be told too early. */
  #state(): Promise<ResearchState | undefined> {
    return this.#session.state.kind === 'open' ? this.#research.state() : Promise.resolve(undefined);
  }

  async #begin(run: Run | undefined): Promise<number> {
    const skip = Math.max(0, (run?.logBytes ?? 0) - FIRST);
    if (skip === 0) return 0;
    const start = await this.#research.readLog(this.#run, skip, PIECE);
    const line = start.indexOf(0x0a) + 1;
    this.#write.fire(
      `${dim(`The first ${skip + line} bytes are not shown here: Open Log as Text has all of it.`)}\r\n`,
    );
    return skip + line;
  }

  #end(words: string): void {
    this.#over = true;
    this.#store.dispose();
    this.#write.fire(`\u001b[0m\r\n${dim(`${words} Press any key to close.`)}\r\n`);
  }
}

function dim(text: string): string {
  const plain = new LogText().push(Buffer.from(text.replace(/\s+/g, ' ')));
  return `\u001b[2m${plain}\u001b[0m`;
}
