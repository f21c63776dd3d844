import * as path from 'node:path';
import {
  type Base,
  type Candidate,
  type CandidateId,
  HumanError,
  type Idea,
  type IdeaId,
  isEnd,
  type MetricPoint,
  messageOf,
  RUN_STATES,
  type Run,
  type RunId,
} from './domain/index.ts';
import { configFolder, type Detected, stateFolder } from './environment/index.ts';
import { openRepository } from './git/index.ts';
import type { SmokeOutcome } from './implementer/index.ts';
import { metricNames } from './metrics/index.ts';
import { agreeToModel, readyToRun } from './research/agree.ts';
import { fetchArtifactsOf } from './research/artifacts.ts';
import { Asking } from './research/asking.ts';
import { readAttempts } from './research/attempts.ts';
import { takeBase } from './research/base.ts';
import { readBrief } from './research/brief.ts';
import { pricedCalls, readCall, readCalls, requireCall } from './research/calls.ts';
import { askBoxes } from './research/check-boxes.ts';
import { Consents } from './research/consents.ts';
import { Driver } from './research/driver.ts';
import { exportBoard } from './research/export.ts';
import { Fleet } from './research/fleet.ts';
import { readFunnel } from './research/funnel.ts';
import { continueByHand, finishByHand } from './research/hand.ts';
import type { OpenOptions } from './research/host.ts';
import { cleanUp, measure } from './research/housekeeping.ts';
import { requirePrices } from './research/make.ts';
import { agreeToSmoke, type Behind } from './research/may-smoke.ts';
import { logFile, type Parts, requireBoxes, researchFolder, shared } from './research/parts.ts';
import { askToMend } from './research/requests/crashes.ts';
import { newRunIds, onceMore, requireRepeatable, requireRun, seedsFrom } from './research/requests/runs.ts';
import { commitForSmoke } from './research/requests/smoke.ts';
import {
  applyToBranch,
  approveReviewed,
  approveWhole,
  openReview,
  openReviews,
  rejectCandidate,
  requireCandidate,
  reviewableOf,
} from './research/review.ts';
import { detect, writeEnvironment } from './research/set-up.ts';
import { Sparks } from './research/sparks.ts';
import { boxNode, readLeaderboard, readState } from './research/state.ts';
import { addIdeaByHand, confirmResult, editIdeaByHand, rejectIdeaByHand } from './research/steer.ts';
import { newestTries, withRetries } from './research/tries.ts';
import type {
  Ask,
  BoxNode,
  DetectRequest,
  IdeaWords,
  Leaderboard,
  Research,
  ResearchState,
  ReviewHandle,
  SearchOptions,
  SearchResult,
} from './research/types.ts';
import type { Funnel } from './search/index.ts';
import { openStore } from './store/index.ts';
import { type Disposable, realSystem } from './system/index.ts';
import type { BoxReport } from './workers/index.ts';

// For the editor's completion and hover: the schemas are in this bundle already.
export { completionsAt, hoverAt } from './environment/index.ts';
export type { OpenOptions, Question, ResearchHost } from './research/host.ts';
export { namedServers } from './research/servers.ts';
export type * from './research/types.ts';

const DEFAULT_IDEAS = 6;
/** The views are told of changes at most this often. */
const QUIET_MS = 100;

/**
 * Opens the research of the repository that holds a folder, and begins to drive it when nobody else does.
 * @throws HumanError `no-git`, `no-repository`, `database-newer`
 */
export async function openResearch(options: OpenOptions): Promise<Research> {
  const system = options.system ?? realSystem();
  const repository = await openRepository(options.folder, system);
  const folder = researchFolder(repository);
  await system.files.makeFolder(path.join(folder, 'logs'));
  const store = await openStore({ ...system, file: path.join(folder, 'research.db') });
  const parts: Parts = {
    system,
    host: options.host,
    repository,
    store,
    consents: new Consents(system.files, stateFolder(system)),
    ...shared(system.clock),
    configFolder: configFolder(system),
    holder: options.holder,
    options,
    log: (level, text) => options.host.log?.(level, text),
  };
  if (store.setAside) {
    parts.log('warn', `The research database was damaged. It was set aside as ${store.setAside}; a new one was begun.`);
  }
  return new OpenResearch(parts);
}

/** The face over the parts: each method either reads, or does what only touches this repo, or writes a request. */
class OpenResearch implements Research {
  readonly root: string;
  readonly #parts: Parts;
  readonly #fleet: Fleet;
  readonly #driver: Driver;
  readonly #listeners = new Set<() => void>();
  readonly #subscriptions: Disposable[] = [];
  readonly #sparks: Sparks;
  readonly #asking: Asking;
  #noticed: Disposable | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.root = parts.repository.root;
    this.#sparks = new Sparks(parts.store);
    this.#fleet = new Fleet(
      parts,
      () => this.#notice(),
      (run) => {
        askToMend(parts, run).catch((error: unknown) => parts.log('warn', `run ${run.id}: ${messageOf(error)}`));
      },
    );
    this.#driver = new Driver(parts, this.#fleet);
    this.#asking = new Asking(parts.store, () => this.#driver.wake());
    this.#subscriptions.push(parts.store.onDidChange(() => this.#notice()));
    if (parts.options.mayDrive !== false) this.#driver.start();
  }

  async state(): Promise<ResearchState> {
    await this.#fleet.refresh();
    return readState(this.#parts, this.#fleet.conditions(), this.#driver.drives);
  }

  onDidChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  }

  // ---- environment

  detect(request: DetectRequest = {}): Promise<Detected> {
    return detect(this.#parts, request);
  }

  async writeEnvironment(yaml: string): Promise<string> {
    const file = await writeEnvironment(this.#parts, yaml);
    this.#notice();
    return file;
  }

  newBase(options: { readonly includeUncommitted?: boolean } = {}): Promise<Base> {
    return takeBase(this.#parts, options.includeUncommitted ?? false);
  }

  // ---- ideas

  async generateIdeas(options: Ask & { readonly count?: number } = {}): Promise<readonly IdeaId[]> {
    await agreeToModel(this.#parts, 'ideator');
    return this.#asking.request('generate-ideas', { count: options.count ?? DEFAULT_IDEAS }, options);
  }

  async nextRound(options: Ask & { readonly count?: number } = {}): Promise<readonly IdeaId[]> {
    await agreeToModel(this.#parts, 'ideator');
    return this.#asking.request('next-round', { count: options.count ?? DEFAULT_IDEAS }, options);
  }

  addIdea(words: IdeaWords): Promise<Idea> {
    return addIdeaByHand(this.#parts, words);
  }

  async editIdea(id: IdeaId, words: Partial<IdeaWords>): Promise<Idea> {
    return editIdeaByHand(this.#parts, id, words);
  }

  rejectIdea(id: IdeaId, reason: string): Promise<void> {
    return rejectIdeaByHand(this.#parts, id, reason);
  }

  brief() {
    return readBrief(this.#parts);
  }

  restoreIdea(id: IdeaId): Promise<void> {
    return this.#parts.store.restoreIdea(id);
  }

  pinIdea(id: IdeaId, pinned: boolean): Promise<void> {
    return this.#parts.store.pinIdea(id, pinned);
  }

  async implement(id: IdeaId, options: Ask = {}): Promise<Candidate> {
    const idea = await this.#parts.store.idea(id);
    if (!idea) throw new HumanError(`There is no idea #${id}.`, { code: 'no-idea' });
    if (idea.edits.length === 0) await agreeToModel(this.#parts, 'implementer');
    await this.#maySmoke(idea.base, {});
    const candidate = await this.#asking.request<CandidateId>('implement', { idea: id }, options);
    return (await requireCandidate(this.#parts, candidate)).candidate;
  }

  continueByHand(candidate: CandidateId): Promise<ReviewHandle> {
    return continueByHand(this.#parts, candidate);
  }

  async finishByHand(id: CandidateId, options: Ask = {}): Promise<Candidate> {
    const { candidate } = await requireCandidate(this.#parts, id);
    const smoke = async (changes: ReadonlyMap<string, string | null>) => {
      const commit = await commitForSmoke(this.#parts, candidate, changes);
      return this.#asking.request<SmokeOutcome>('smoke', { candidate: id, commit }, options);
    };
    return finishByHand(this.#parts, id, {
      missingImports: (modules) => this.#fleet.missingModules(candidate.base, modules, options.signal),
      ...((await this.#maySmoke(candidate.base, { byHand: true })) && { smoke }),
    });
  }

  async #maySmoke(base: number, behind: Behind): Promise<boolean> {
    const may = await agreeToSmoke(this.#parts, base, behind);
    if (may) await this.#fleet.expectPerson();
    return may;
  }

  // ---- review

  async openReview(idea: IdeaId, options: Ask = {}): Promise<ReviewHandle> {
    const known = await reviewableOf(this.#parts, idea);
    return openReview(this.#parts, (known ?? (await this.implement(idea, options))).id);
  }

  reviews(): Promise<readonly ReviewHandle[]> {
    return openReviews(this.#parts);
  }

  approve(candidate: CandidateId): Promise<Candidate> {
    return approveReviewed(this.#parts, candidate);
  }

  approveAll(candidate: CandidateId, by: 'person' | 'policy'): Promise<Candidate> {
    return approveWhole(this.#parts, candidate, by);
  }

  reject(candidate: CandidateId, reason: string): Promise<Candidate> {
    return rejectCandidate(this.#parts, candidate, reason);
  }

  // ---- runs

  async runBaseline(options: Ask & { readonly box?: string; readonly seeds?: number } = {}): Promise<readonly RunId[]> {
    const base = await readyToRun(this.#parts);
    await this.#fleet.expectPerson(options.box);
    const runs = newRunIds(this.#parts, seedsFrom(1, options.seeds ?? 3));
    return this.#asking.request('baseline', { base: base.id, box: options.box, runs }, options);
  }

  async run(
    candidate: CandidateId,
    options: Ask & { readonly box?: string; readonly seeds?: number; readonly baselineSeeds?: number } = {},
  ): Promise<readonly RunId[]> {
    await readyToRun(this.#parts, (await requireCandidate(this.#parts, candidate)).candidate.base);
    await this.#fleet.expectPerson(options.box);
    const mine = (await this.#parts.store.runs({ candidate })).filter((run) => run.purpose === 'trial');
    const first = Math.max(0, ...mine.map((run) => run.seed)) + 1;
    const runs = newRunIds(this.#parts, seedsFrom(first, options.seeds ?? 1));
    const { box, baselineSeeds } = options;
    return this.#asking.request('run', { candidate, box, runs, baselineSeeds }, options);
  }

  async replicate(run: RunId, seeds: number): Promise<readonly RunId[]> {
    const row = await requireRepeatable(this.#parts.store, run);
    if (row.candidate !== undefined) return this.run(row.candidate, { seeds, box: row.box });
    await readyToRun(this.#parts, row.base);
    await this.#fleet.expectPerson(row.box);
    const baseline = (await this.#parts.store.runs({ base: row.base })).filter((one) => one.purpose === 'baseline');
    const first = Math.max(0, ...baseline.map((one) => one.seed)) + 1;
    const runs = newRunIds(this.#parts, seedsFrom(first, seeds));
    return this.#asking.request('baseline', { base: row.base, box: row.box, runs }, {});
  }

  async rerun(run: RunId): Promise<RunId> {
    const row = await requireRepeatable(this.#parts.store, run);
    await readyToRun(this.#parts, row.base);
    const runs = await onceMore(this.#parts, row);
    const asked: readonly RunId[] =
      row.candidate === undefined
        ? await this.#asking.request('baseline', { base: row.base, box: row.wants, runs }, {})
        : await this.#asking.request('run', { candidate: row.candidate, box: row.wants, runs }, {});
    return asked[0] ?? run;
  }

  confirmRun(run: RunId, confirmed: boolean): Promise<Run> {
    return confirmResult(this.#parts, run, confirmed);
  }

  async cancelRun(run: RunId): Promise<void> {
    // A run that was moved, or lost and tried again: a person means the number, not the row.
    for (const one of await withRetries(this.#parts.store, [run])) await this.#parts.store.askToCancelRun(one.id);
    this.#driver.wake();
  }

  async moveInQueue(runs: readonly RunId[], to: 'front' | 'back'): Promise<void> {
    await this.#asking.request('priority', { runs, to }, {});
  }

  async pauseQueue(paused: boolean): Promise<void> {
    await this.#asking.request('queue', { paused }, {});
  }

  async setBox(name: string, to: 'drain' | 'resume' | 'give-up'): Promise<void> {
    await this.#asking.request('box', { name, to }, {});
  }

  async terminal(run: RunId): Promise<{ readonly program: string; readonly args: readonly string[] }> {
    const { box } = await requireRun(this.#parts.store, run);
    const words = box === undefined ? undefined : (await this.#fleet.worker(box)).terminal(run);
    if (words) return words;
    throw new HumanError(`Run ${run} is on no box yet: it has no folder to open.`, { code: 'no-terminal' });
  }

  funnel(round?: number): Promise<Funnel> {
    return readFunnel(this.#parts, round);
  }

  async waitForRuns(runs: readonly RunId[], options: Ask = {}): Promise<readonly Run[]> {
    return this.#asking.until(async () => {
      const rows = newestTries(runs, await withRetries(this.#parts.store, runs));
      const ended = rows.filter((run) => isEnd(run.state));
      options.progress?.report({
        text: `${ended.length} of ${rows.length} runs`,
        share: ended.length / Math.max(1, rows.length),
      });
      return ended.length === rows.length ? rows : undefined;
    }, options.signal);
  }

  async leaderboard(): Promise<Leaderboard> {
    const base = await this.#parts.store.currentBase();
    if (!base) {
      throw new HumanError('There is no base yet. Generate ideas or run the baseline first.', { code: 'no-base' });
    }
    return readLeaderboard(this.#parts, base, this.#sparks);
  }

  curve(run: RunId, metric: string): Promise<readonly MetricPoint[]> {
    return this.#parts.store.metrics(run, { names: [metric] });
  }

  async metricNames(run: RunId): Promise<readonly string[]> {
    return metricNames(await this.#parts.store.metrics(run));
  }

  logFile(run: RunId): string {
    return logFile(this.#parts.repository, run);
  }

  readLog(run: RunId, offset: number, limit: number): Promise<Buffer> {
    return this.#parts.system.files.readRange(this.logFile(run), offset, limit);
  }

  watch(runs: readonly RunId[]): Disposable {
    return this.#fleet.live.watch(runs);
  }

  // ---- search

  async startSearch(options: SearchOptions & Ask): Promise<SearchResult> {
    await readyToRun(this.#parts);
    await agreeToModel(this.#parts, 'ideator', 'implementer');
    if (options.budgets.money !== undefined) await requirePrices(this.#parts, 'ideator', 'implementer');
    await this.#fleet.expectPerson();
    const { signal, progress, ...payload } = options;
    return this.#asking.request('search', payload, { signal, progress });
  }

  async pauseSearch(): Promise<void> {
    const search = (await this.#parts.store.searches()).findLast(
      (one) => one.state === 'running' || one.state === 'paused',
    );
    if (!search) throw new HumanError('No search is running.', { code: 'no-search' });
    await this.#parts.store.setSearchState(search.id, search.state === 'running' ? 'paused' : 'running');
  }

  async stopSearch(): Promise<void> {
    const requests = await this.#parts.store.requests({ states: ['asked', 'taken'] });
    const search = requests.find((request) => request.kind === 'search');
    if (!search) throw new HumanError('No search is running.', { code: 'no-search' });
    await this.#parts.store.askToCancelRequest(search.id);
    this.#driver.wake();
  }

  // ---- results

  applyToBranch(candidate: CandidateId, options: { readonly branch?: string; readonly merge: boolean }) {
    return applyToBranch(this.#parts, candidate, options);
  }

  async export(format: 'json' | 'csv' | 'markdown'): Promise<string> {
    return exportBoard(await this.leaderboard(), format);
  }

  // ---- boxes and upkeep

  async boxes(): Promise<readonly BoxNode[]> {
    const boxes = await requireBoxes(this.#parts);
    const runs = await this.#parts.store.runs({ states: RUN_STATES.filter((state) => !isEnd(state)) });
    const { boxes: said } = await this.#parts.store.schedule();
    return boxes.map((box) => boxNode(box, this.#fleet.conditions(), runs, said));
  }

  async checkBoxes(options: Ask & { readonly names?: readonly string[] } = {}): Promise<readonly BoxReport[]> {
    const all = (await requireBoxes(this.#parts)).map((box) => box.name);
    await this.#fleet.refresh();
    return askBoxes(options.names ?? all, (name) => this.#fleet.check(name, options.signal), options);
  }

  glanceAtBoxes(): void {
    this.#fleet.glance();
  }

  async boxTerminal(name: string): Promise<{ readonly program: string; readonly args: readonly string[] }> {
    const words = (await this.#fleet.worker(name)).terminal();
    if (words) return words;
    throw new HumanError(`${name} has no shell to open.`, { code: 'no-terminal' });
  }

  attempts(candidate: CandidateId) {
    return this.#parts.store.attempts(candidate);
  }

  attemptsText(candidate: CandidateId): Promise<string> {
    return readAttempts(this.#parts, candidate);
  }

  modelCalls(idea?: IdeaId) {
    return pricedCalls(this.#parts, { idea });
  }

  modelCallsText(idea?: IdeaId): Promise<string> {
    return readCalls(this.#parts, idea);
  }

  modelCall(id: number) {
    return requireCall(this.#parts, id);
  }

  modelCallText(id: number): Promise<string> {
    return readCall(this.#parts, id);
  }

  fetchArtifacts(run: RunId, options: Ask & { readonly to?: string; readonly maxBytes?: number } = {}) {
    return fetchArtifactsOf(this.#parts, this.#fleet, run, options);
  }

  measureHousekeeping() {
    return measure(this.#parts, this.#fleet);
  }

  cleanUp(ids: readonly string[]): Promise<number> {
    return cleanUp(this.#parts, this.#fleet, ids);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#asking.close();
    // The driver first: a box's last answer must not meet a closed store.
    await this.#driver.stop();
    await this.#fleet.dispose();
    this.#noticed?.dispose();
    this.#parts.checkers.dispose();
    await this.#parts.store.close();
  }

  #notice(): void {
    this.#noticed ??= this.#parts.system.clock.after(QUIET_MS, () => {
      this.#noticed = undefined;
      for (const listener of this.#listeners) listener();
    });
  }
}
