import * as z from 'zod';
import { bounded, MOVES } from '../domain/index.ts';
import { cleanText, oneLine } from './text.ts';

export const MAX = { title: 120, words: 1_500, details: 8_000 } as const;

export const answeredIdeaSchema = z.object({
  title: z.string().min(1).describe('What is tried, in at most ten words.'),
  hypothesis: z.string().min(1).describe('Why it should move the objective, in two or three sentences.'),
  details: z
    .string()
    .min(1)
    .describe('What to change, for someone who has only this text and the files: names, places, values.'),
  expected: z.string().describe('How the objective and its curve should change, with a number.'),
  risk: z.string().describe('What could go wrong or make the result misleading.'),
  builds_on: z.array(z.string()).describe('Ids of the candidates it builds on, such as "12.1"; empty for a new idea.'),
  move: z
    .enum(MOVES)
    .describe(
      'explore: something new; exploit: improve a named result; crossover: join two; ablation: take a part out.',
    ),
});
export type AnsweredIdea = z.output<typeof answeredIdeaSchema>;

export const answerSchema = z.object({ ideas: z.array(answeredIdeaSchema) });

/** An answered idea fit to be kept and shown: control characters out, lengths bounded. Markdown stays text. */
export function tidyIdea(idea: AnsweredIdea): AnsweredIdea {
  return {
    title: oneLine(idea.title, MAX.title),
    hypothesis: bounded(cleanText(idea.hypothesis).trim(), MAX.words),
    details: bounded(cleanText(idea.details).trim(), MAX.details),
    expected: bounded(cleanText(idea.expected).trim(), MAX.words),
    risk: bounded(cleanText(idea.risk).trim(), MAX.words),
    builds_on: idea.builds_on.slice(0, 8),
    move: idea.move,
  };
}
