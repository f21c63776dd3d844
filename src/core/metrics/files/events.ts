import type { MetricPoint } from '../../domain/index.ts';
import { pointOf } from '../numbers.ts';
import type { FileReader } from './types.ts';
import { readMessage, readVarint, type WireField } from './wire.ts';

/** A record of TensorBoard's files: length (8), its checksum (4), data, the data's checksum (4). */
const HEAD = 12;
const FOOT = 4;
/** A larger record is a picture or a graph, never a number: it is passed over without being held. */
const RECORD_CAP = 8 * 1024 * 1024;
/** A length that no record has: its checksum fits by chance. */
const ABSURD = 2 ** 31;
const NAME_CAP = 200;

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value >>> 0;
});

/** The checksum of TFRecord files: CRC-32C, rotated and shifted so that a checksum of checksums stays one. */
export function maskedCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = ((crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0)) >>> 0;
  crc = (crc ^ 0xffffffff) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** TensorBoard's event files: scalars, written as a number or as a tensor of one element. */
export class EventFileReader implements FileReader {
  readonly state = '';
  #held: Buffer = Buffer.alloc(0);
  #consumed: number;
  /** Bytes of a record over the cap that are still to come. */
  #passing = 0;
  /** True while the next head is looked for. */
  #lost = false;
  #damaged = 0;
  #large = 0;

  constructor(from: number) {
    this.#consumed = from;
  }

  get consumed(): number {
    return this.#consumed;
  }

  get diagnostics(): readonly string[] {
    return [
      ...(this.#damaged > 0 ? [`${this.#damaged} damaged record(s) were left out.`] : []),
      ...(this.#large > 0 ? [`${this.#large} record(s) over ${RECORD_CAP / 1024 / 1024} MB were left out.`] : []),
    ];
  }

  push(bytes: Buffer): MetricPoint[] {
    const points: MetricPoint[] = [];
    const data = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    let at = 0;
    for (;;) {
      const passed = Math.min(this.#passing, data.length - at);
      this.#passing -= passed;
      at += passed;
      if (data.length - at < HEAD) break;
      const length = Number(data.readBigUInt64LE(at));
      const sound = maskedCrc32c(data.subarray(at, at + 8)) === data.readUInt32LE(at + 8) && length < ABSURD;
      if (!sound) {
        if (!this.#lost) this.#damaged += 1;
        this.#lost = true;
        at += 1;
        continue;
      }
      this.#lost = false;
      const whole = HEAD + length + FOOT;
      if (length > RECORD_CAP) {
        this.#large += 1;
        this.#passing = whole;
        continue;
      }
      if (data.length - at < whole) break;
      const body = data.subarray(at + HEAD, at + HEAD + length);
      if (maskedCrc32c(body) === data.readUInt32LE(at + HEAD + length)) points.push(...pointsOfEvent(body));
      else this.#damaged += 1;
      at += whole;
    }
    this.#consumed += at;
    this.#held = Buffer.from(data.subarray(at));
    return points;
  }

  end(): MetricPoint[] {
    return [];
  }
}

/** Event { int64 step = 2; Summary summary = 5 }, Summary { repeated Value value = 1 }. */
function pointsOfEvent(event: Buffer): MetricPoint[] {
  const fields = readMessage(event) ?? [];
  const step = fields.find(({ field, wire }) => field === 2 && wire === 0)?.varint ?? 0;
  return fields
    .filter(({ field, wire }) => field === 5 && wire === 2)
    .flatMap((summary) => readMessage(summary.bytes) ?? [])
    .filter(({ field, wire }) => field === 1 && wire === 2)
    .flatMap((value) => pointOfValue(readMessage(value.bytes) ?? [], step));
}

/** Value { string tag = 1; float simple_value = 2; TensorProto tensor = 8 }. */
function pointOfValue(fields: readonly WireField[], step: number): MetricPoint[] {
  const tag = fields.find(({ field, wire }) => field === 1 && wire === 2)?.bytes.toString('utf8') ?? '';
  if (tag === '' || tag.length > NAME_CAP || tag.startsWith('_hparams_')) return [];
  const simple = fields.find(({ field, wire }) => field === 2 && wire === 5);
  if (simple) return [pointOf(tag, step, shortest(simple.bytes.readFloatLE()))];
  const tensor = fields.find(({ field, wire }) => field === 8 && wire === 2);
  const value = tensor && numberOfTensor(readMessage(tensor.bytes) ?? []);
  return value === undefined ? [] : [pointOf(tag, step, value)];
}

/** A float as it was written: 0.1 and not 0.10000000149011612. */
function shortest(float: number): number {
  return Number.isFinite(float) ? Number(float.toPrecision(7)) : float;
}

/** TensorProto { dtype = 1; tensor_content = 4; float_val = 5; double_val = 6; int_val = 7; int64_val = 10 }: one number only. */
function numberOfTensor(fields: readonly WireField[]): number | undefined {
  const type = fields.find(({ field }) => field === 1)?.varint;
  const content = fields.find(({ field, wire }) => field === 4 && wire === 2)?.bytes;
  const of = (wanted: number) => fields.filter(({ field }) => field === wanted);
  switch (type) {
    case 1: {
      const bytes = content ?? only(of(5), 4);
      return bytes?.length === 4 ? shortest(bytes.readFloatLE()) : undefined;
    }
    case 2: {
      const bytes = content ?? only(of(6), 8);
      return bytes?.length === 8 ? bytes.readDoubleLE() : undefined;
    }
    case 3:
      return content ? (content.length === 4 ? content.readInt32LE() : undefined) : onlyVarint(of(7));
    case 9:
      return content ? (content.length === 8 ? Number(content.readBigInt64LE()) : undefined) : onlyVarint(of(10));
    default:
      return undefined;
  }
}

function only(fields: readonly WireField[], length: number): Buffer | undefined {
  const [first] = fields;
  return fields.length === 1 && first?.bytes.length === length ? first.bytes : undefined;
}

function onlyVarint(fields: readonly WireField[]): number | undefined {
  const [first] = fields;
  if (fields.length !== 1 || !first) return undefined;
  if (first.wire === 0) return first.varint;
  const packed = readVarint(first.bytes, 0);
  return packed?.next === first.bytes.length ? packed.value : undefined;
}
