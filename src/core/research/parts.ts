import * as path from 'node:path';
import {
  type Base,
  type Box,
  boxSchema,
  type Config,
  configSchema,
  type Environment,
  HumanError,
} from '../domain/index.ts';
import { type Diagnostic, type Loaded, loadBoxes, loadConfig, loadEnvironment } from '../environment/index.ts';
import type { Repository } from '../git/index.ts';
import type { HabitBook } from '../models/index.ts';
import type { Store } from '../store/index.ts';
import type { Clock, System } from '../system/index.ts';
import type { BudgetAnswers } from './budget.ts';
import { Checkers } from './checkers.ts';
import type { Consents } from './consents.ts';
import type { OpenOptions, ResearchHost } from './host.ts';
import type { InputHashes } from './ship.ts';
import { Turns } from './turns.ts';

/** The parts of one open repo, built once and handed to every function that does something with them. */
export interface Parts {
  readonly system: System;
  readonly host: ResearchHost;
  readonly repository: Repository;
  readonly store: Store;
  readonly consents: Consents;
  /** Work that two requests may ask for at once, done one after the other. */
  readonly turns: Turns;
  /** What reads the patches, for the gates. */
  readonly checkers: Checkers;
  readonly inputHashes: InputHashes;
  /** What a person said about budgets for model calls, and the calls that wait for it. */
  readonly budgetAnswers: BudgetAnswers;
  /** What was learnt of model servers, by this process. */
  readonly habitBook: HabitBook;
  readonly configFolder: string;
  readonly holder: string;
  readonly options: OpenOptions;
  /** Lines for the log a person may read; never secrets, prompts or keys. */
  readonly log: (level: 'info' | 'warn' | 'error', text: string) => void;
}

/** What all work on one open repo shares. */
export function shared(
  clock: Clock,
): Pick<Parts, 'turns' | 'checkers' | 'inputHashes' | 'habitBook' | 'budgetAnswers'> {
  const budgetAnswers = { raised: new Map(), refused: new Map(), waiting: new Set<number>() };
  return {
    turns: new Turns(),
    checkers: new Checkers(clock),
    inputHashes: new Map(),
    habitBook: new Map(),
    budgetAnswers,
  };
}

/** `<git common dir>/research`: a clone cannot bring a hostile one and `git clean` cannot take it. */
export function researchFolder(repository: Repository): string {
  return path.join(repository.commonDir, 'research');
}

/** The local copy of a run's log. */
export function logFile(repository: Repository, run: string): string {
  return path.join(researchFolder(repository), 'logs', `${run}.log`);
}

export function environmentFile(repository: Repository): string {
  return path.join(repository.root, 'research.yaml');
}

/**
 * The environment as it is on disk.
 * @throws HumanError `no-environment` when there is no research.yaml, `bad-environment` with every problem and its line
 */
export async function requireEnvironment(parts: Parts): Promise<Environment> {
  const loaded = await loadEnvironment(parts.system.files, parts.repository.root);
  if (loaded.ok) return loaded.value;
  if (loaded.missing) {
    throw new HumanError(
      `There is no research.yaml in ${parts.repository.root}. Run "Set Up This Repository" (research-copilot init) to make one.`,
      { code: 'no-environment', actions: [{ title: 'Set Up This Repository', command: 'research.setUp' }] },
    );
  }
  throw badFile('bad-environment', 'research.yaml', loaded.diagnostics);
}

function badFile(code: string, name: string, diagnostics: readonly Diagnostic[]): HumanError {
  const [first] = diagnostics;
  const lines = diagnostics.map((one) => `${name}:${one.line}:${one.column}: ${one.message}`);
  return new HumanError(lines.join('\n'), {
    code,
    actions: first ? [{ title: `Open ${name}`, file: { path: first.file, line: first.line } }] : [],
  });
}

const THIS_MACHINE: Box = boxSchema.parse({ name: 'here', kind: 'local' });

/** The boxes a person named; a box on this machine where they named none. */
export async function loadedBoxes(
  parts: Parts,
): Promise<{ readonly boxes: readonly Box[]; readonly problems: readonly Diagnostic[] }> {
  const loaded = await loadBoxes(parts.system.files, parts.configFolder);
  if (loaded.ok) return { boxes: loaded.value, problems: [] };
  return loaded.missing ? { boxes: [THIS_MACHINE], problems: [] } : { boxes: [], problems: loaded.diagnostics };
}

/** @throws HumanError `bad-boxes`, `no-boxes` */
export async function requireBoxes(parts: Parts): Promise<readonly Box[]> {
  const { boxes, problems } = await loadedBoxes(parts);
  if (problems.length > 0) throw badFile('bad-boxes', 'boxes.yaml', problems);
  if (boxes.length === 0) {
    throw new HumanError(
      `There is no box to run on. Run "Add Box", or write ${path.join(parts.configFolder, 'boxes.yaml')}.`,
      {
        code: 'no-boxes',
        actions: [{ title: 'Add Box', command: 'research.addBox' }],
      },
    );
  }
  return boxes;
}

/** `config.yaml` as it stands; the host's settings win over what it says of the implementer. @throws HumanError `bad-config` */
export async function modelConfig(parts: Parts): Promise<Config> {
  const loaded: Loaded<Config> = await loadConfig(parts.system.files, parts.configFolder);
  if (!loaded.ok && !loaded.missing) throw badFile('bad-config', 'config.yaml', loaded.diagnostics);
  const config = loaded.ok ? loaded.value : configSchema.parse({});
  return { ...config, implementer: { ...config.implementer, ...parts.host.implementerSettings?.() } };
}

/** @throws HumanError `no-base` when there is none of that number */
export async function requireBase(parts: Parts, id: number): Promise<Base> {
  const base = (await parts.store.bases()).find((one) => one.id === id);
  if (!base) throw new HumanError(`There is no base number ${id} in ${parts.store.file}.`, { code: 'no-base' });
  return base;
}
