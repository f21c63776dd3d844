import { HumanError, isHumanError, type RunId } from '../../domain/index.ts';
import { linkMissing } from '../links.ts';
import type { Shipment, SubmitOptions, SubmitOutcome, SubmitResult } from '../types.ts';
import { throwForAnswer } from './answers.ts';
import type { BoxCalls } from './calls.ts';
import type { InputSender } from './inputs.ts';

/** What `start.sh` said of a run: an outcome, or that something it needs is not on the box after all. */
export type StartAnswer = SubmitOutcome | 'lack' | HumanError;

/** Starts runs whose commits are on the box, or are in the pack. Slurm has its own way. */
export type Start = (
  shipments: readonly Shipment[],
  pack: Buffer | undefined,
  options: SubmitOptions,
) => Promise<ReadonlyMap<RunId, StartAnswer>>;

/** Commits of a repository that are remembered as sent; as many tips as a box names. */
const REMEMBERED = 12;

const OUTCOMES: Readonly<Record<string, SubmitOutcome>> = {
  STARTED: 'started',
  ALREADY: 'already',
  DONE: 'done',
  LOST: 'lost',
};

/** The outcome that a word of a script is. @throws HumanError for what is a person's matter; undefined for other words */
export function outcomeOf(word: string, where: string): SubmitOutcome | undefined {
  throwForAnswer(word, where);
  const [, how, name = '', target = ''] = /^LINK (missing|unreadable) (.*)\t(.*)$/.exec(word) ?? [];
  if (how !== undefined) throw linkMissing(name, target, where, how === 'unreadable');
  return OUTCOMES[word];
}

/**
 * The sending half of a box's worker. What this process sent before is on the box, so that a further run is one call;
 * where that is not known, or no longer true, the box is asked first.
 */
export class Shipper {
  readonly #calls: BoxCalls;
  readonly #start: Start;
  readonly #inputs: InputSender;
  /** Commits by repository, newest first, and inputs that this process knows to be on the box. */
  readonly #sent = new Map<string, readonly string[]>();
  readonly #sentInputs = new Set<string>();

  constructor(calls: BoxCalls, inputs: InputSender, start: Start) {
    this.#calls = calls;
    this.#start = start;
    this.#inputs = inputs;
  }

  async submitAll(shipments: readonly Shipment[], options: SubmitOptions): Promise<SubmitResult[]> {
    const results = new Map<RunId, SubmitResult>();
    for (const group of Map.groupBy(shipments, ({ repo }) => repo).values()) {
      for (const [run, result] of await this.#submitGroup(group, options)) results.set(run, result);
    }
    return shipments.flatMap(({ run }) => results.get(run) ?? []);
  }

  async #submitGroup(group: readonly Shipment[], options: SubmitOptions): Promise<Map<RunId, SubmitResult>> {
    const results = new Map<RunId, SubmitResult>();
    const settle = (answers: ReadonlyMap<RunId, StartAnswer>) => {
      for (const shipment of group) {
        const answer = answers.get(shipment.run);
        if (answer === undefined || answer === 'lack') continue;
        if (isHumanError(answer)) results.set(shipment.run, { run: shipment.run, error: answer });
        else {
          results.set(shipment.run, { run: shipment.run, outcome: answer });
          if (answer === 'started') this.#remember(shipment);
        }
      }
    };
    const open = () => group.filter(({ run }) => !results.has(run));

    settle(await this.#submitToKnown(group, options));
    for (let attempt = 0; attempt < 2 && open().length > 0; attempt += 1) {
      const have = await this.#have(open(), options.signal);
      settle(have.runs);
      if (open().length === 0) break;
      settle(await this.#inputs.send(open(), have.want, have.free, options));
      const shipments = open();
      if (shipments.length === 0) break;
      // A commit that the box names and then lacks has lost its tree: all of it is sent anew.
      const missing = commitsOf(shipments).filter((commit) => attempt > 0 || !have.commits.has(commit));
      const tips = attempt > 0 ? [] : have.tips;
      settle(await this.#start(shipments, await packOf(shipments, tips, missing), options));
    }
    for (const { run, commit } of open()) {
      const error = new HumanError(
        `${this.#calls.where} still lacks the commit ${commit.slice(0, 10)} after it was sent. Clean Up this box, then run it again.`,
        { code: 'box-failed' },
      );
      results.set(run, { run, error });
    }
    return results;
  }

  /**
   * In one call, without asking what the box has: it has what this process sent before. No answers where that is
   * nothing, or no longer true.
   */
  async #submitToKnown(group: readonly Shipment[], options: SubmitOptions): Promise<ReadonlyMap<RunId, StartAnswer>> {
    const [first] = group;
    const commits = first && this.#sent.get(first.repo);
    const inputs = group.flatMap((shipment) => shipment.inputs);
    if (!commits || !inputs.every(({ sha256 }) => this.#sentInputs.has(sha256))) return new Map();
    const missing = commitsOf(group).filter((commit) => !commits.includes(commit));
    try {
      const answers = await this.#start(group, await packOf(group, commits, missing), options);
      if ([...answers.values()].includes('lack')) this.#forget(first.repo);
      return answers;
    } catch (error) {
      if (!isHumanError(error) || error.code !== 'box-failed') throw error;
      // Somebody removed what the pack builds on.
      this.#forget(first.repo);
      return new Map();
    }
  }

  #forget(repo: string): void {
    this.#sent.delete(repo);
    this.#sentInputs.clear();
  }

  #remember(shipment: Shipment): void {
    const now = [...new Set([shipment.commit, shipment.trusted])];
    const earlier = (this.#sent.get(shipment.repo) ?? []).filter((commit) => !now.includes(commit));
    this.#sent.set(shipment.repo, [...now, ...earlier].slice(0, REMEMBERED));
    for (const { sha256 } of shipment.inputs) this.#sentInputs.add(sha256);
  }

  /** What the box has of what is about to be sent. */
  async #have(shipments: readonly Shipment[], signal?: AbortSignal) {
    const inputs = new Set(shipments.flatMap((shipment) => shipment.inputs.map(({ sha256 }) => sha256)));
    const lines = [
      ...shipments.map(({ run }) => `run ${run}`),
      ...commitsOf(shipments).map((commit) => `commit ${commit}`),
      ...[...inputs].map((sha256) => `input ${sha256}`),
    ];
    const input = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    const answer = await this.#calls.text('have', [shipments[0]?.repo ?? ''], { input, signal });
    throwForAnswer(answer, this.#calls.where);
    const said = answer.split('\n');
    if (!said.includes('END')) throw this.#calls.cut();
    const after = (word: string) =>
      said.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
    const known: Readonly<Record<string, SubmitOutcome>> = { live: 'already', done: 'done', lost: 'lost' };
    const runs = new Map<RunId, StartAnswer>();
    for (const [run = '', state = ''] of after('RUN').map((line) => line.split(' '))) {
      const outcome = known[state];
      if (outcome !== undefined) runs.set(run, outcome);
    }
    const want = new Map(
      after('WANT').map((line): [string, number] => {
        const [sha256 = '', bytes = ''] = line.split(' ');
        return [sha256, Number(bytes)];
      }),
    );
    const free = after('FREE').map(Number).at(0);
    return { runs, commits: new Set(after('HAVE')), tips: after('TIP'), want, free };
  }
}

/** What several runs of one repository need on a box. */
function commitsOf(shipments: readonly Shipment[]): string[] {
  return [...new Set(shipments.flatMap(({ commit, trusted }) => [commit, trusted]))];
}

/** One pack for all: they are of one repository, so any of them can make it. */
async function packOf(shipments: readonly Shipment[], have: readonly string[], commits: readonly string[]) {
  return commits.length === 0 ? undefined : await shipments[0]?.pack(have, commits);
}
