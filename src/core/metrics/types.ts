import type { MetricPoint, Objective, ObjectiveValue } from '../domain/index.ts';

/** Reads metric points out of a run's log as its bytes arrive, split anywhere. */
export interface MetricReader {
  /**
   * Feeds bytes; gives the points of every line that ended in them. Order is kept.
   * A pattern of the repo that takes too long is disabled and reported once.
   */
  push(bytes: Uint8Array): Promise<MetricPoint[]>;
  /** Ends the last line. */
  end(): Promise<MetricPoint[]>;
  readonly diagnostics: readonly string[];
  dispose(): void;
}

export type SummariseObjective = (objective: Objective, points: readonly MetricPoint[]) => ObjectiveValue;
