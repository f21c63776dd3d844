import type { MetricPoint } from '../../domain/index.ts';

/**
 * Reads metric points out of one file that a run writes, as its bytes arrive, split anywhere. It begins at a byte that
 * an earlier reader had `consumed`, with that reader's `state`.
 */
export interface FileReader {
  push(bytes: Buffer): MetricPoint[];
  /** Reads what stands at the end without its line end, once the file grows no more. */
  end(): MetricPoint[];
  /** Byte of the file before which everything was read: where the next reader may begin. */
  readonly consumed: number;
  /** What the next reader must know besides, such as a table's header. */
  readonly state: string;
  /** What was left out, each once, with its count. */
  readonly diagnostics: readonly string[];
}
