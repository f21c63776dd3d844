/** One field of a protobuf message: a number for varints and fixed sizes as raw bytes, bytes for the rest. */
export interface WireField {
  readonly field: number;
  /** 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes. */
  readonly wire: number;
  /** Of a varint; signed, exact up to 2^53. */
  readonly varint: number;
  readonly bytes: Buffer;
}

const NONE = Buffer.alloc(0);

/** The fields of a protobuf message in order; undefined where the bytes are none. */
export function readMessage(message: Buffer): WireField[] | undefined {
  const fields: WireField[] = [];
  let at = 0;
  while (at < message.length) {
    const key = readVarint(message, at);
    if (!key) return undefined;
    at = key.next;
    const field = Math.floor(key.value / 8);
    const wire = key.value % 8;
    if (wire === 0) {
      const number = readVarint(message, at);
      if (!number) return undefined;
      at = number.next;
      fields.push({ field, wire, varint: number.value, bytes: NONE });
      continue;
    }
    let length = wire === 1 ? 8 : wire === 5 ? 4 : -1;
    if (wire === 2) {
      const size = readVarint(message, at);
      if (!size) return undefined;
      at = size.next;
      length = size.value;
    }
    if (length < 0 || at + length > message.length) return undefined;
    fields.push({ field, wire, varint: 0, bytes: message.subarray(at, at + length) });
    at += length;
  }
  return fields;
}

/** A varint at a place; undefined where it is cut or longer than ten bytes. */
export function readVarint(bytes: Buffer, at: number): { readonly value: number; readonly next: number } | undefined {
  let value = 0n;
  for (let index = 0; index < 10; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined) return undefined;
    value |= BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte < 0x80) return { value: Number(BigInt.asIntN(64, value)), next: at + index + 1 };
  }
  return undefined;
}
