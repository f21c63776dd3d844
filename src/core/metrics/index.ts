export type { FileReader } from './files/types.ts';
export { KnownFormats } from './known.ts';
export { LINE_CAP, LineSplitter } from './lines.ts';
export { compilable } from './pattern-host.ts';
export { createMetricReader, groupNames, type MetricReaderOptions } from './reader.ts';
export { summariseObjective } from './summarise.ts';
export { metricNames, thin } from './thin.ts';
export type * from './types.ts';

/** The readers of metric files, loaded with the first run that writes some. */
export function loadFileReaders(): Promise<typeof import('./files/index.ts')> {
  return import('./files/index.ts');
}
