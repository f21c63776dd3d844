import * as assert from 'node:assert/strict';
import { isHumanError } from '../../../src/core/domain/index.ts';
import type { Asker } from '../../../src/core/workers/index.ts';

/** A person who trusts keys or not, and gives these answers one after the other; then none. Leaves when told to. */
export function person(options: { readonly trust?: boolean; readonly answers?: readonly string[] } = {}) {
  const asked: string[] = [];
  const answers = [...(options.answers ?? [])];
  let here = true;
  const asker: Asker = {
    present: () => here,
    trustHostKey: async ({ fingerprint }) => {
      asked.push(fingerprint);
      return options.trust ?? false;
    },
    secret: async ({ prompt }) => {
      asked.push(prompt);
      return answers.shift();
    },
  };
  return {
    /** Fingerprints and prompts, in the order they came. */
    asked,
    asker,
    leave: () => {
      here = false;
    },
  };
}

/** What a call said when it failed, which must be for a person and carry this code. */
export async function refusalOf(work: Promise<unknown>, code: string): Promise<string> {
  try {
    await work;
  } catch (error) {
    assert.ok(isHumanError(error), `not for a person: ${String(error)}`);
    assert.equal(error.code, code, error.message);
    return error.message;
  }
  throw new assert.AssertionError({ message: 'it did not fail' });
}
