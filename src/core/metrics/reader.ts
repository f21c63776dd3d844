import type { MetricPoint } from '../domain/index.ts';
import { type Clock, realClock } from '../system/index.ts';
import { KnownFormats } from './known.ts';
import { LINE_CAP, LineSplitter } from './lines.ts';
import { parseNumber, pointOf } from './numbers.ts';
import { type Groups, PatternHost } from './pattern-host.ts';
import type { MetricReader } from './types.ts';

export interface MetricReaderOptions {
  /** Regular expressions with named groups, one metric a group; `step` is the axis. From the repo: not trusted. */
  readonly patterns: readonly string[];
  readonly clock?: Clock;
  /** The worker bundle; default `pattern-worker.js` beside the running bundle. */
  readonly workerFile?: string;
  /** Milliseconds a batch of lines may take in the patterns; default 2000. */
  readonly limitMs?: number;
}

const BATCH = 500;

/**
 * Reads metric points out of a log. A line that a pattern matches gives that pattern's points and no others; the
 * remaining lines are read as the known formats, less the names the patterns own.
 */
export function createMetricReader(options: MetricReaderOptions): MetricReader {
  const splitter = new LineSplitter();
  const known = new KnownFormats();
  const owned = new Set(options.patterns.flatMap(groupNames));
  const host =
    options.patterns.length > 0
      ? new PatternHost({
          patterns: options.patterns,
          clock: options.clock ?? realClock,
          workerFile: options.workerFile,
          limitMs: options.limitMs ?? 2000,
        })
      : undefined;
  let queue: Promise<unknown> = Promise.resolve();

  async function read(lines: readonly string[]): Promise<MetricPoint[]> {
    const points: MetricPoint[] = [];
    for (let from = 0; from < lines.length; from += BATCH) {
      const batch = lines.slice(from, from + BATCH);
      const matched = await host?.match(batch);
      batch.forEach((line, index) => {
        const groups = matched?.[index] ?? [];
        if (groups.length > 0) points.push(...pointsOfGroups(groups));
        else points.push(...known.parse(line).filter((point) => !owned.has(point.name)));
      });
    }
    return points;
  }

  // The bytes are split at once and the lines wait their turn, so that order holds however calls overlap.
  function enqueue(lines: readonly string[]): Promise<MetricPoint[]> {
    const work = queue.then(() => read(lines));
    queue = work.catch(() => {});
    return work;
  }

  return {
    push: (bytes) => enqueue(splitter.push(bytes)),
    end: () => enqueue(splitter.end()),
    get diagnostics() {
      const long =
        splitter.tooLong > 0 ? [`${splitter.tooLong} lines over ${LINE_CAP / 1024} kB were not read for metrics.`] : [];
      return [...(host?.diagnostics ?? []), ...long];
    },
    dispose: () => host?.dispose(),
  };
}

/** The names of a pattern's groups. */
export function groupNames(pattern: string): string[] {
  return [...pattern.matchAll(/\(\?P?<([A-Za-z_$][\w$]*)>/g)].map((match) => match[1] ?? '');
}

function pointsOfGroups(groups: Groups): MetricPoint[] {
  const numbers = groups.flatMap(([name, text]) => {
    const value = parseNumber(text);
    return value === undefined ? [] : [[name, value] as const];
  });
  const step = numbers.find(([name, value]) => name === 'step' && Number.isFinite(value))?.[1] ?? null;
  return numbers.filter(([name]) => name !== 'step').map(([name, value]) => pointOf(name, step, value));
}
