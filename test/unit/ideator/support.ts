import { glob, readFile } from 'node:fs/promises';
import * as path from 'node:path';
import { type Base, type Candidate, environmentSchema, type Idea } from '../../../src/core/domain/index.ts';
import { readContext } from '../../../src/core/environment/index.ts';
import type { IdeaRequest, Outcome, ProposedIdea } from '../../../src/core/ideator/index.ts';

export const QUICKSTART = path.resolve('examples/quickstart');

/** The Python files of the example, entry script first. */
export async function quickstartFiles(): Promise<Map<string, string>> {
  const names = (await Array.fromAsync(glob('*.py', { cwd: QUICKSTART }))).toSorted(
    (a, b) => Number(b === 'train.py') - Number(a === 'train.py') || a.localeCompare(b),
  );
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(path.join(QUICKSTART, name), 'utf8')] as const)),
  );
}

export const base: Base = {
  id: 1,
  commit: 'a'.repeat(40),
  snapshot: false,
  environmentHash: 'h',
  environment: environmentSchema.parse({
    name: 'quickstart',
    run: 'python3 train.py',
    objective: { metric: 'val_loss', goal: 'minimize' },
    protected: ['evaluate.py', 'data.py'],
  }),
  branch: 'main',
  createdAt: 0,
};

export function outcome(id: number, words: Partial<Idea>, told: Partial<Outcome> & Pick<Outcome, 'verdict'>): Outcome {
  const idea: Idea = {
    id,
    base: 1,
    round: 0,
    lane: 'model',
    move: 'explore',
    title: `Idea ${id}`,
    hypothesis: '',
    details: '',
    expected: '',
    risk: '',
    edits: [],
    parents: [],
    pinned: false,
    createdAt: 0,
    ...words,
  };
  return { idea, candidate: { id: `${id}.1`, idea: id } as Candidate, ...told };
}

export function request(
  more: Partial<IdeaRequest> & Pick<IdeaRequest, 'files'>,
): IdeaRequest & { readonly got: ProposedIdea[] } {
  const got: ProposedIdea[] = [];
  return {
    base,
    round: 0,
    explore: 4,
    exploit: 0,
    parents: [],
    history: [],
    brief: 'Lower the validation loss.',
    context: readContext(more.files, base.environment),
    key: 'base-1/round-0/request-1',
    onIdea: async (idea) => {
      got.push(idea);
    },
    ...more,
    got,
  };
}
