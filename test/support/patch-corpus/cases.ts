import * as fs from 'node:fs';
import * as path from 'node:path';

/** One answer of a corpus, with the files it was shown and the right outcome. */
export interface CorpusCase {
  /** The case's folder, seen from the corpus. */
  readonly name: string;
  readonly format: string;
  readonly answer: string;
  readonly truncated: boolean;
  readonly files: ReadonlyMap<string, string>;
  readonly outcome: 'applied' | 'refused';
  /** The code of a refusal; of an application what it needs, for information. */
  readonly reason: string | undefined;
  readonly protected: readonly string[];
  /** All files after a right application. */
  readonly wanted: ReadonlyMap<string, string>;
  readonly messageContains: readonly string[];
}

export interface Corpus {
  readonly cases: readonly CorpusCase[];
  /** Folders that want to be a case and cannot be read as one. */
  readonly broken: readonly { readonly name: string; readonly problem: string }[];
}

/**
 * Reads every case under a folder, however deep: a case is a folder with an `expect.json`.
 * @throws Error in a person's words when the folder is not there
 */
export function readCorpus(folder: string): Corpus {
  if (!fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw new Error(`There is no folder ${folder}.`);
  const names = fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => path.basename(file) === 'expect.json')
    .map((file) => path.dirname(file))
    .sort();
  const cases: CorpusCase[] = [];
  const broken: { name: string; problem: string }[] = [];
  for (const name of names) {
    try {
      cases.push(readCase(folder, name));
    } catch (error) {
      broken.push({ name, problem: error instanceof Error ? error.message : String(error) });
    }
  }
  return { cases, broken };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function readCase(folder: string, name: string): CorpusCase {
  const read = (file: string) => {
    if (path.basename(file) !== file) throw new Error(`${file} is not a file name of the case's folder`);
    const bytes = readBytes(path.join(folder, name, file));
    try {
      return UTF8.decode(bytes);
    } catch {
      throw new Error(`${file} is not UTF-8`);
    }
  };
  const expected = fields(parse(read('expect.json')), 'expect.json');
  const { outcome } = expected;
  if (outcome !== 'applied' && outcome !== 'refused') {
    throw new Error(`the outcome in expect.json is ${JSON.stringify(outcome)}, not "applied" or "refused"`);
  }
  const files = new Map<string, string>();
  const wanted = new Map<string, string>();
  if (!Array.isArray(expected.files)) throw new Error('expect.json has no list of files');
  for (const entry of expected.files) {
    const file = fields(entry, 'a file of expect.json');
    if (typeof file.path !== 'string') throw new Error('a file of expect.json has no path');
    if (typeof file.before === 'string') files.set(file.path, read(file.before));
    if (outcome === 'applied' && typeof file.after === 'string') wanted.set(file.path, read(file.after));
  }
  return {
    name,
    format: typeof expected.format === 'string' ? expected.format : 'unknown',
    answer: read('answer.txt'),
    truncated: expected.truncated === true,
    files,
    outcome,
    reason: typeof expected.reason === 'string' ? expected.reason : undefined,
    protected: strings(expected.protected),
    wanted: outcome === 'applied' ? wanted : files,
    messageContains: strings(expected.message_contains),
  };
}

function readBytes(file: string): Buffer {
  try {
    return fs.readFileSync(file);
  } catch {
    throw new Error(`${path.basename(file)} cannot be read`);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('expect.json is not JSON');
  }
}

function fields(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new Error(`${what} is not an object`);
  return value as Readonly<Record<string, unknown>>;
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
