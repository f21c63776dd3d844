import type { Config, ModelSettings } from '../domain/index.ts';
import type { Wire } from '../models/index.ts';
import type { System } from '../system/index.ts';
import type { Asker } from '../workers/index.ts';

/** A yes-or-no question before something leaves the machine or runs on a box. */
export interface Question {
  readonly kind: 'model-consent' | 'model-budget' | 'run-commands' | 'ship-inputs';
  readonly message: string;
  /** Every detail a person needs to decide: files and bytes, commands in full. */
  readonly detail: string;
  /** The word on the button that agrees. */
  readonly yes: string;
}

/** What the core asks of whoever hosts it: the extension or the terminal. */
export interface ResearchHost {
  /** The value of a run's secret (research.yaml `secrets`). */
  secret(name: string): Promise<string | undefined>;
  /** The key of a model server; bound to its origin. */
  apiKey(origin: string): Promise<string | undefined>;
  confirm(question: Question): Promise<boolean>;
  /** Settings that override `config.yaml`. */
  modelSettings(): ModelSettings;
  /** The same of what the implementer may do, key by key. */
  implementerSettings?(): Partial<Pick<Config['implementer'], 'crash_fixes' | 'smoke_runs'>>;
  /** None in the background: a worker then throws instead of asking. */
  readonly asker?: Asker;
  /** Where our own log lines go. */
  log?(level: 'info' | 'warn' | 'error', text: string): void;
  /**
   * A bare way to a model of the host's own (VS Code's language models), asked first: the call log, the gate and the
   * answer's shape are the core's. Undefined where the host is not to give one.
   * @throws HumanError `no-language-model` where it should give one and has none
   */
  hostWire?(
    purpose: 'ideator' | 'implementer',
  ): Promise<{ readonly wire: Wire; readonly model: string; readonly server: string } | undefined>;
}

export interface OpenOptions {
  /** The folder a person opened; the repository's top is found from it. */
  readonly folder: string;
  readonly host: ResearchHost;
  /** What we are, for a person: `VS Code`, `terminal`. */
  readonly holder: string;
  readonly system?: System;
  /** False: never drives, only asks and watches. */
  readonly mayDrive?: boolean;
}
