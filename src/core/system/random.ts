import { randomBytes, randomInt } from 'node:crypto';

export interface Random {
  /** A number in [0, 1). */
  unit(): number;
  /** `length` characters of [a-z0-9]. */
  word(length: number): string;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

export const realRandom: Random = {
  unit: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  word: (length) => Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join(''),
};

/** Repeatable chance for tests and for policies that must be replayed: mulberry32 of a 32-bit seed. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const unit = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    unit,
    word: (length) => Array.from({ length }, () => LETTERS[Math.floor(unit() * LETTERS.length)]).join(''),
  };
}
