import { HumanError } from '../domain/index.ts';
import { type Hyperparameter, readHyperparameters as readFromFiles } from '../environment/index.ts';
import type { Random } from '../system/index.ts';
import { knobsOf } from './hyperparameter-knobs.ts';
import { exploits, pairs, signature, singles } from './hyperparameter-moves.ts';
import { type Draft, inWords } from './hyperparameter-words.ts';
import type { IdeaRequest, Ideator } from './types.ts';

export interface HyperparameterIdeatorOptions {
  readonly random: Random;
  /** How to find hyperparameters in files by path; default: the environment room's. */
  readonly readHyperparameters?: (files: ReadonlyMap<string, string>) => readonly Hyperparameter[];
}

/**
 * Proposes structured edits of the repo's own hyperparameters, with no model: single changes first, then what won,
 * combined and taken further. The control lane that every model has to beat. Repeatable for a given Random.
 */
export function createHyperparameterIdeator(options: HyperparameterIdeatorOptions): Ideator {
  const read = options.readHyperparameters ?? readFromFiles;
  return {
    lane: 'hyperparameter',
    label: 'hyperparameter ideator',
    async propose(request) {
      const knobs = knobsOf(request.files, request.base.environment, read(request.files));
      if (knobs.length === 0) throw nothingFound(request);
      const tried = new Set(request.history.map(({ idea }) => signature(idea.edits)));
      for (const draft of plan(request, knobs, options.random, tried)) {
        request.signal?.throwIfAborted();
        await request.onIdea(inWords(draft, request));
      }
    },
  };
}

/** The drafts of a round. Exploit drafts that cannot be made become explore drafts, so that a round is full. */
function plan(
  request: IdeaRequest,
  knobs: ReturnType<typeof knobsOf>,
  random: Random,
  tried: ReadonlySet<string>,
): readonly Draft[] {
  const seen = new Set(tried);
  const drafts: Draft[] = [];
  const take = (source: Iterable<Draft>, count: number) => {
    const goal = drafts.length + count;
    for (const draft of source) {
      if (drafts.length >= goal) return;
      const key = signature(draft.changes.map(({ edit }) => edit));
      if (seen.has(key)) continue;
      seen.add(key);
      drafts.push(draft);
    }
  };
  const fresh = singles(knobs, request, random);
  take(exploits(request.parents, knobs, fresh, request), request.exploit);
  const wanted = request.explore + request.exploit;
  take(
    fresh.map((change): Draft => ({ move: 'explore', changes: [change], from: [] })),
    wanted - drafts.length,
  );
  take(asDrafts(pairs(fresh)), wanted - drafts.length);
  return drafts;
}

function* asDrafts(found: Iterable<Draft['changes']>): Generator<Draft> {
  for (const changes of found) yield { move: 'explore', changes, from: [] };
}

function nothingFound(request: IdeaRequest): HumanError {
  const files = [...request.files.keys()].filter((file) => /\.(py|ya?ml)$/.test(file));
  const { editable } = request.base.environment;
  return new HumanError(
    'No hyperparameter was found that may be changed. Looked for argparse defaults, fields of dataclasses, ' +
      `module-level constants and YAML values in ${files.length > 0 ? files.join(', ') : 'no file at all'}, ` +
      `as far as research.yaml lets a patch change them (editable: ${editable.join(', ')}). ` +
      'Give train.py an argument with a numeric default, widen `editable`, or configure a model.',
    { code: 'no-hyperparameters' },
  );
}
