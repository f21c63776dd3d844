import { strict as assert } from 'node:assert';
import { environmentSchema, type Idea, isHumanError } from '../../../src/core/domain/index.ts';
import { readContext } from '../../../src/core/environment/index.ts';
import type { ImplementRequest } from '../../../src/core/implementer/index.ts';
import type { Completed, Completion, ModelClient } from '../../../src/core/models/index.ts';

export const IDEA: Idea = {
  id: 12,
  base: 1,
  round: 0,
  lane: 'model',
  move: 'explore',
  title: 'Halve the learning rate',
  hypothesis: 'The loss is noisy at the end.',
  details: 'Set lr to half.',
  expected: 'lower loss',
  risk: 'too slow',
  edits: [],
  parents: [],
  pinned: false,
  createdAt: 0,
};

export const FILES: ReadonlyMap<string, string> = new Map([
  ['train.py', 'import math\n\nlr = 3e-4\nsteps = 100\n\n\ndef loss(x):\n    return x * lr\n'],
  ['evaluate.py', 'import sys\n\n\ndef evaluate(model):\n    secret_body = 1\n'],
  ['research.yaml', 'name: t\n'],
]);

export function environment(extra: Record<string, unknown> = {}) {
  return environmentSchema.parse({
    name: 't',
    run: 'python train.py',
    objective: { metric: 'val_loss', goal: 'minimize' },
    protected: ['evaluate.py'],
    ...extra,
  });
}

export type Kept = Parameters<ImplementRequest['onAttempt']>[0];

export function request(extra: Partial<ImplementRequest> = {}): ImplementRequest & { readonly attempts: Kept[] } {
  const attempts: Kept[] = [];
  return {
    idea: IDEA,
    environment: environment(),
    files: FILES,
    context: readContext(extra.files ?? FILES, extra.environment ?? environment()),
    key: 'idea-12',
    checker: { check: async () => ({ ok: true, problems: [] }) },
    onAttempt: async (attempt) => {
      attempts.push(attempt);
    },
    verify: async () => true,
    ...extra,
    attempts,
  };
}

/** A model that gives these answers one after the other, and keeps what it was asked. */
export class ScriptedModel implements ModelClient {
  readonly model = 'scripted';
  readonly server = 'memory';
  readonly asked: Completion<unknown>[] = [];
  readonly #answers: readonly (string | { readonly text: string; readonly truncated: true })[];

  constructor(...answers: readonly (string | { readonly text: string; readonly truncated: true })[]) {
    this.#answers = answers;
  }

  async complete<T = string>(completion: Completion<T>): Promise<Completed<T>> {
    const answer = this.#answers[this.asked.length] ?? assert.fail('asked more often than expected');
    this.asked.push({ ...completion, messages: [...completion.messages] } as Completion<unknown>);
    const text = typeof answer === 'string' ? answer : answer.text;
    return {
      value: text as T,
      text,
      usage: { input: 1, cachedInput: 0, output: 1, reasoning: 0, estimated: true },
      call: this.asked.length,
      truncated: typeof answer !== 'string',
    };
  }
}

export function block(path: string, search: string, replace: string): string {
  const lines = (text: string) => (text === '' ? '' : `${text}\n`);
  return `${path}\n\`\`\`python\n<<<<<<< SEARCH\n${lines(search)}=======\n${lines(replace)}>>>>>>> REPLACE\n\`\`\`\n`;
}

export async function refused(work: Promise<unknown>, code: string): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (!isHumanError(error)) throw error;
    assert.equal(error.code, code, error.message);
    return error.message;
  }
  assert.fail(`expected a refusal with the code ${code}`);
}
