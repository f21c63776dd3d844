import { type Change, readChanges, tell } from './changes.ts';
import { type Knob, knobsOf } from './code.ts';
import { scaled } from './patches.ts';
import type { ReadPrompt, Tried } from './prompt.ts';
import { type Sketch, structuralSketches } from './recipes.ts';

/** What people try first for a number of this name, as factors in order; words for why. */
const HABITS: readonly { readonly name: RegExp; readonly factors: readonly number[]; readonly why: string }[] = [
  {
    name: /init|scale|std/i,
    factors: [0.125, 0.5, 2],
    why: 'Large first weights make confident mistakes that the run must unlearn before it learns anything.',
  },
  {
    name: /min.*(lr|learning_rate)/i,
    factors: [0.1, 3, 0.3],
    why: 'The last steps decide where the run settles, and their size is set here.',
  },
  {
    name: /(lr|learning_rate)/i,
    factors: [3, 0.5, 6, 0.25],
    why: 'The run is short, so the distance it can travel is bounded by its step size.',
  },
  {
    name: /batch/i,
    factors: [0.25, 0.5, 2],
    why: 'The amount of data is fixed, so smaller batches buy more updates from it.',
  },
  {
    name: /decay/i,
    factors: [0.1, 0, 10],
    why: 'The model is small beside its data: pulling its weights to zero costs more than it guards against.',
  },
  {
    name: /clip/i,
    factors: [4, 0.5, 2],
    why: 'Clipping shortens most gradients at the start, when they carry the most.',
  },
  {
    name: /warm/i,
    factors: [0.2, 2, 4],
    why: 'A warmup this long spends part of a short run on steps that hardly move.',
  },
  {
    name: /smooth|drop/i,
    factors: [2, 4, 1],
    why: 'Spreading a little of the target keeps the model from being certain of what it saw once.',
  },
];
const OTHER = {
  factors: [2, 0.5, 4, 0.25],
  why: 'Nothing in the files says this value was tuned, and the objective should tell.',
};

/** The ideas a prompt asks for, made of the numbers and functions its files hold and of the results it tells. */
export function answerIdeas(prompt: ReadPrompt): string {
  if (prompt.files.size === 0) return JSON.stringify({ ideas: [] });
  const open = new Map([...prompt.files].filter(([path]) => !prompt.protectedPaths.includes(path)));
  const taken = new Set([...`${prompt.words}\n${prompt.said}`.matchAll(/"([^"\n]+)"/g)].map(([, title]) => title));
  const fresh = sketches(open).filter((sketch) => !taken.has(sketch.title));
  const ideas: object[] = fresh.slice(0, prompt.explore).map((sketch) => exploreIdea(sketch, prompt.tried));
  const combined = new Set(prompt.tried.map(({ details }) => fingerprint(readChanges(details))));
  for (let count = 0; count < prompt.exploit && prompt.parents.length > 0; count += 1) {
    const parent = prompt.parents[count % prompt.parents.length] as Tried;
    const idea = exploitIdea(parent, sketches(open), taken, combined);
    if (!idea) continue;
    ideas.push(idea);
  }
  return JSON.stringify({ ideas });
}

/** Two numbers in two files first (a review can take one and leave the other), then structure, then one number each. */
function sketches(files: ReadonlyMap<string, string>): Sketch[] {
  const knobs = knobsOf(files);
  const single = [0, 1, 2, 3].flatMap((turn) => knobs.flatMap((knob) => oneKnob(knob, turn)));
  return [...pairs(knobs), ...structuralSketches(files), ...single];
}

function oneKnob(knob: Knob, turn: number): Sketch[] {
  const habit = HABITS.find(({ name }) => name.test(knob.name)) ?? OTHER;
  const factor = habit.factors[turn];
  if (factor === undefined) return [];
  const to = factor === 0 ? '0.0' : scaled(knob.literal, factor);
  if (to === knob.literal) return [];
  const more = Number(to) > Number(knob.literal.replaceAll('_', ''));
  const change: Change = { kind: 'set', path: knob.path, name: knob.name, from: knob.literal, to };
  return [{ title: `${more ? 'Raise' : 'Lower'} ${knob.name} to ${to}`, why: habit.why, changes: [change] }];
}

function pairs(knobs: readonly Knob[]): Sketch[] {
  const [first] = knobs.filter(({ name }) => /init|scale/i.test(name));
  const other = knobs.find((knob) => knob.path !== first?.path && /(lr|learning_rate|batch)/i.test(knob.name));
  if (!first || !other) return [];
  const [calm, fast] = [oneKnob(first, 0)[0], oneKnob(other, 0)[0]];
  if (!calm || !fast) return [];
  return [
    {
      title: `Begin near zero and move faster: ${first.name} with ${other.name}`,
      why: `${calm.why} With smaller weights to begin with, the steps may be larger as well; each of the two changes also stands alone.`,
      changes: [...calm.changes, ...fast.changes],
    },
  ];
}

function exploreIdea({ title, why, changes }: Sketch, tried: readonly Tried[]): object {
  const told = tried.find(({ result }) => /was better/.test(result)) ?? tried[0];
  return {
    title,
    hypothesis: told ? `${why} So far #${told.idea} ("${told.title}") ${told.result}.` : why,
    details: changes.map(tell).join('\n\n'),
    expected:
      'The objective improves by more than the spread between seeds; the curve falls faster from the first evaluation on.',
    risk: 'The default may have been chosen together with the other values, and the change may need one of them to move too.',
    builds_on: [],
    move: 'explore',
  };
}

/** A parent's own change, kept, and one more on top of it. */
function exploitIdea(
  parent: Tried,
  all: readonly Sketch[],
  taken: ReadonlySet<string | undefined>,
  combined: Set<string>,
) {
  const kept = readChanges(parent.details);
  const touched = new Set(kept.map(what));
  for (const sketch of all) {
    const title = `#${parent.idea} and also: ${sketch.title}`;
    if (taken.has(title) || sketch.changes.some((change) => touched.has(what(change)))) continue;
    const changes = [...kept, ...sketch.changes];
    const print = fingerprint(changes);
    if (combined.has(print)) continue;
    combined.add(print);
    return {
      title,
      hypothesis: `#${parent.idea} ("${parent.title}") ${parent.result}. ${sketch.why} The two should add up.`,
      details: changes.map(tell).join('\n\n'),
      expected: `A further step beyond what #${parent.idea} reached.`,
      risk: 'Both changes may mend the same weakness; then the second adds nothing.',
      builds_on: parent.candidate ? [parent.candidate] : [],
      move: 'exploit',
    };
  }
  return undefined;
}

/** The same for the same changes in any order: this on top of that is that on top of this. */
function fingerprint(changes: readonly Change[]): string {
  return JSON.stringify(changes.map(tell).toSorted());
}

function what(change: Change): string {
  return `${change.path} ${change.kind === 'line' ? change.old : change.name}`;
}
