import { type Environment, environmentSchema, makeRunId } from '../../src/core/domain/index.ts';
import { realFiles, realRandom } from '../../src/core/system/index.ts';
import { fetchArtifacts, type RunReport, type Shipment, type Worker } from '../../src/core/workers/index.ts';
import type { GitRepo } from './git-repo.ts';
import { PATIENCE_MS } from './patience.ts';

export function newRunId(): string {
  return makeRunId(Date.now(), realRandom.word(6));
}

/** An environment for a test: CPU only, whose numbers nobody reads. */
export function environmentOf(part: Readonly<Record<string, unknown>>): Environment {
  return environmentSchema.parse({
    name: 'test',
    objective: { metric: 'loss', goal: 'minimize' },
    resources: { gpus: 0, timeout: '2m' },
    ...part,
  });
}

/** A shipment of a commit of a test repository. `packs` collects what was packed. */
export function shipmentOf(
  repo: GitRepo,
  commit: string,
  environment: Readonly<Record<string, unknown>>,
  rest: Partial<Shipment> & { readonly packs?: number[] } = {},
): Shipment {
  const { packs, ...fields } = rest;
  const tree = repo.parentless(commit);
  return {
    run: newRunId(),
    repo: 'test-repo',
    commit: tree,
    trusted: tree,
    pack: async (have, commits) => {
      const pack = repo.pack(commits, have);
      packs?.push(pack.length);
      return pack;
    },
    purpose: 'trial',
    environment: environmentOf(environment),
    seed: 7,
    inputs: [],
    secrets: {},
    gitDir: `${repo.root}/.git`,
    ...fields,
  };
}

const ENDS = new Set(['succeeded', 'failed', 'timed-out', 'cancelled', 'lost']);

/** Polls until the run is in one of the states (default: ended), or fails after `limitMs`. */
export async function pollUntil(
  worker: Worker,
  run: string,
  states: ReadonlySet<string> = ENDS,
  limitMs = PATIENCE_MS,
): Promise<RunReport> {
  const until = Date.now() + limitMs;
  let report: RunReport | undefined;
  for (;;) {
    [report] = await worker.poll([run]);
    if (report && states.has(report.state)) return report;
    if (Date.now() > until) {
      const said = await worker.read(run, 'supervisor', 0, 10_000);
      throw new Error(`run ${run} is ${report?.state} after ${limitMs} ms; wanted ${[...states].join(', ')}\n${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The whole log of a run. */
export async function wholeLog(worker: Worker, run: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let offset = 0; ; ) {
    const part = await worker.read(run, 'log', offset, 1024 * 1024);
    if (part.length === 0) return Buffer.concat(parts);
    parts.push(part);
    offset += part.length;
  }
}

/** Fetches the artifacts of a run, and gives the paths of those that came. */
export async function fetchAll(worker: Worker, run: string, into: string, maxBytes: number): Promise<string[]> {
  const { files } = await fetchArtifacts({ worker, run, into, maxBytes, files: realFiles, platform: process.platform });
  return files.map((file) => file.path);
}
