import type * as vscode from 'vscode';
import type { Ask } from '../../core/research/index.ts';
import type { System } from '../../core/system/index.ts';
import type { AttemptDocuments } from '../attempts.ts';
import type { ApiKeys } from '../host.ts';
import type { Leaderboards } from '../leaderboard/panel.ts';
import type { LogTerminals } from '../log-terminal.ts';
import type { ModelCallDocuments } from '../model-calls.ts';
import type { Reviews } from '../review/reviews.ts';
import type { Session } from '../session.ts';
import type { Views } from '../views/views.ts';
import type { CommandName } from './ids.ts';
import type { Target } from './target.ts';

/** What commands work with. */
export interface CommandParts {
  readonly session: Session;
  readonly reviews: Reviews;
  readonly leaderboards: Leaderboards;
  readonly logs: LogTerminals;
  readonly attempts: AttemptDocuments;
  readonly modelCalls: ModelCallDocuments;
  readonly views: Pick<Views, 'underCursor'>;
  readonly apiKeys: ApiKeys;
  readonly system: System;
  readonly log: vscode.LogOutputChannel;
}

export interface Work {
  readonly title: string;
  /** The view that shows a progress line while it goes on. */
  readonly view: 'ideas' | 'runs' | 'boxes';
  /** Shows a notification with a Cancel button: for work that takes long or costs. */
  readonly cancellable?: boolean;
}

/** One call of a command. */
export interface Call {
  /** The first argument as it came, for what is no target: a comment thread, a Uri. */
  readonly argument: unknown;
  /** What the command acts on: all that is selected in a view, else its one target. */
  readonly targets: readonly Target[];
  /** Does work with progress shown and cancellation wired to `ask.signal`. */
  work<T>(work: Work, doing: (ask: Ask) => Promise<T>): Promise<T>;
}

export type Command = (target: Target, call: Call) => Promise<void>;
export type Commands = Partial<Record<CommandName, Command>>;
