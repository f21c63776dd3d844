import type { MetricPoint } from '../../domain/index.ts';
import { CsvReader } from './csv.ts';
import { EventFileReader } from './events.ts';
import { JsonReader, LinesReader } from './lines.ts';
import type { FileReader } from './types.ts';
import { WandbFileReader } from './wandb.ts';

/** Folders by which trainers tell the curves of one name apart, as Keras does. */
const SPLITS = new Set(['train', 'training', 'validation', 'valid', 'val', 'eval', 'test']);

/** True for a file that is written as a whole, again and again: it is read once, when its run has ended. */
export function readAtEnd(file: string): boolean {
  return /\.json$/i.test(file);
}

/**
 * The reader for a metric file by its name: `*tfevents*`, `*.wandb`, `*.csv`, `*.tsv`, `*.json`; any other as JSON lines
 * or lines of a log.
 * @param file its path, with `/`
 * @param from the byte it begins at, which an earlier reader had consumed
 * @param state that reader's
 */
export function createFileReader(file: string, from: number, state: string): FileReader {
  const name = file.split('/').at(-1) ?? '';
  if (/tfevents/.test(name)) {
    const folder = file.split('/').at(-2) ?? '';
    const reader = new EventFileReader(from);
    return SPLITS.has(folder.toLowerCase()) ? prefixed(reader, `${folder}/`) : reader;
  }
  if (/\.wandb$/i.test(name)) return new WandbFileReader(from);
  if (/\.csv$/i.test(name)) return new CsvReader(from, state);
  if (/\.tsv$/i.test(name)) return new CsvReader(from, state, '\t');
  return readAtEnd(name) ? new JsonReader(from) : new LinesReader(from);
}

function prefixed(reader: FileReader, prefix: string): FileReader {
  const named = (points: MetricPoint[]) => points.map((point) => ({ ...point, name: prefix + point.name }));
  return {
    push: (bytes) => named(reader.push(bytes)),
    end: () => named(reader.end()),
    get consumed() {
      return reader.consumed;
    },
    get state() {
      return reader.state;
    },
    get diagnostics() {
      return reader.diagnostics;
    },
  };
}
