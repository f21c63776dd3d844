import { crc32 } from 'node:zlib';
import type { MetricPoint } from '../../domain/index.ts';
import { numbersOfObject } from '../literals.ts';
import { parseNumber } from '../numbers.ts';
import { pointsOfRecord } from './record.ts';
import type { FileReader } from './types.ts';
import { readMessage, type WireField } from './wire.ts';

/** LevelDB's log format: blocks, in them records or parts of one, each with a head of checksum, length and type. */
const BLOCK = 32 * 1024;
const HEAD = 7;
const [FULL, FIRST, MIDDLE, LAST] = [1, 2, 3, 4] as const;
/** The file begins with a head of its own, `:W&B` and a version, which counts as the first block's bytes. */
const IDENT = ':W&B';
const RECORD_CAP = 8 * 1024 * 1024;
const NAME_CAP = 200;

/** Offline runs of wandb (`run-ID.wandb`): the history that the program logged. */
export class WandbFileReader implements FileReader {
  readonly state = '';
  #held: Buffer = Buffer.alloc(0);
  /** Where `held` begins in the file. */
  #at: number;
  #parts: Buffer[] = [];
  #size = 0;
  /** Where the record begins whose parts are at hand. */
  #begun: number | undefined;
  #damaged = 0;
  #large = 0;
  #foreign = false;

  constructor(from: number) {
    this.#at = from;
  }

  get consumed(): number {
    return this.#begun ?? this.#at;
  }

  get diagnostics(): readonly string[] {
    return [
      ...(this.#foreign ? ['It is no file of wandb and was not read.'] : []),
      ...(this.#damaged > 0 ? [`${this.#damaged} damaged record(s) were left out.`] : []),
      ...(this.#large > 0 ? [`${this.#large} record(s) over ${RECORD_CAP / 1024 / 1024} MB were left out.`] : []),
    ];
  }

  push(bytes: Buffer): MetricPoint[] {
    const points: MetricPoint[] = [];
    const data = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    let at = 0;
    const place = () => this.#at + at;
    if (this.#at === 0 && data.length >= HEAD) {
      this.#foreign = data.toString('latin1', 0, IDENT.length) !== IDENT;
      at = HEAD;
    }
    while (!this.#foreign && place() >= HEAD) {
      const left = BLOCK - (place() % BLOCK);
      if (data.length - at < Math.min(left, HEAD)) break;
      if (left < HEAD) {
        at += left;
        continue;
      }
      const length = data.readUInt16LE(at + 4);
      const type = data[at + 6] ?? 0;
      if (HEAD + length > left || type < FULL || type > LAST) {
        // Nothing in this block can be trusted any more; the next begins at a place that is known.
        if (data.length - at < left) break;
        this.#damaged += 1;
        this.#drop();
        at += left;
        continue;
      }
      if (data.length - at < HEAD + length) break;
      const start = place();
      const body = data.subarray(at + HEAD, at + HEAD + length);
      const sound = crc32(data.subarray(at + 6, at + HEAD + length)) === data.readUInt32LE(at);
      at += HEAD + length;
      if (!sound) {
        this.#damaged += 1;
        this.#drop();
        continue;
      }
      const record = this.#assemble(type, body, start);
      if (record) points.push(...pointsOfWandb(record));
    }
    if (this.#foreign) at = data.length;
    this.#at += at;
    this.#held = Buffer.from(data.subarray(at));
    return points;
  }

  end(): MetricPoint[] {
    return [];
  }

  #drop(): void {
    this.#parts = [];
    this.#size = 0;
    this.#begun = undefined;
  }

  /** A whole record, once its last part is here. */
  #assemble(type: number, body: Buffer, start: number): Buffer | undefined {
    if (type === FULL || type === FIRST) {
      if (this.#begun !== undefined) this.#damaged += 1;
      this.#drop();
      if (type === FULL) return body;
      this.#begun = start;
    }
    // A part without its beginning: that was damaged, or too large.
    if (this.#begun === undefined) return undefined;
    this.#size += body.length;
    if (this.#size > RECORD_CAP) {
      this.#large += 1;
      this.#drop();
      return undefined;
    }
    this.#parts.push(Buffer.from(body));
    if (type === MIDDLE || type === FIRST) return undefined;
    const record = Buffer.concat(this.#parts);
    this.#drop();
    return record;
  }
}

const text = (field: WireField | undefined): string => field?.bytes.toString('utf8') ?? '';

/** Record { HistoryRecord history = 2 }, HistoryRecord { repeated HistoryItem item = 1; HistoryStep step = 2 { num = 1 } }. */
function pointsOfWandb(record: Buffer): MetricPoint[] {
  return (readMessage(record) ?? [])
    .filter(({ field, wire }) => field === 2 && wire === 2)
    .flatMap((history) => {
      const fields = readMessage(history.bytes) ?? [];
      const numbers = fields.filter(({ field, wire }) => field === 1 && wire === 2).flatMap(numbersOfItem);
      const step = fields.find(({ field, wire }) => field === 2 && wire === 2);
      const number = step && readMessage(step.bytes)?.find(({ field, wire }) => field === 1 && wire === 0)?.varint;
      // What the program calls its step is not wandb's: the axis wandb draws over is `_step`.
      const own = numbers.filter(([name]) => name !== '_step');
      const axis = numbers.find(([name]) => name === '_step')?.[1] ?? number ?? (step ? 0 : undefined);
      return pointsOfRecord(axis === undefined ? own : [['step', axis], ...own.filter(([name]) => name !== 'step')]);
    });
}

/** HistoryItem { string key = 1; repeated string nested_key = 2; string value_json = 16 }. */
function numbersOfItem(item: WireField): [string, number][] {
  const fields = readMessage(item.bytes) ?? [];
  const nested = fields.filter(({ field, wire }) => field === 2 && wire === 2).map(text);
  const name = nested.length > 0 ? nested.join('.') : text(fields.find(({ field, wire }) => field === 1 && wire === 2));
  const json = text(fields.find(({ field, wire }) => field === 16 && wire === 2));
  if (name === '' || name.length > NAME_CAP) return [];
  if (json.startsWith('{')) {
    return (numbersOfObject(json) ?? []).map(([inner, value]): [string, number] => [`${name}.${inner}`, value]);
  }
  const value = parseNumber(json.replace(/^"(.*)"$/, '$1'));
  return value === undefined ? [] : [[name, value]];
}
