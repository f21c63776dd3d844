import * as z from 'zod';

/** What each request carries. Written by this program, read back maybe by another version of it: so checked. */
export const ideasPayload = z.object({ count: z.int().min(1).max(200) });
export const implementPayload = z.object({
  idea: z.int(),
  feedback: z.string().optional(),
  revises: z.string().optional(),
});
/** Run ids are made by whoever asks, so that a request done twice queues nothing twice. */
const newRuns = z.array(z.object({ id: z.string(), seed: z.int(), attempt: z.int().min(1).optional() }));
export const runPayload = z.object({
  candidate: z.string(),
  box: z.string().optional(),
  runs: newRuns,
  baselineSeeds: z.int().min(1).default(3),
});
export const baselinePayload = z.object({ base: z.int(), box: z.string().optional(), runs: newRuns });
export const smokePayload = z.object({ candidate: z.string(), commit: z.string() });
export const mendPayload = z.object({ candidate: z.string() });
export const queuePayload = z.object({ paused: z.boolean() });
export const boxPayload = z.object({ name: z.string(), to: z.enum(['drain', 'resume', 'give-up']) });
export const priorityPayload = z.object({ runs: z.array(z.string()), to: z.enum(['front', 'back']) });
export const searchPayload = z.object({
  approve: z.enum(['ask', 'policy', 'all']),
  rounds: z.int().min(1),
  ideasPerRound: z.int().min(1),
  seeds: z.int().min(1),
  baselineSeeds: z.int().min(1),
  boxes: z.array(z.string()),
  budgets: z.object({
    ideas: z.number().optional(),
    runs: z.number().optional(),
    gpuHours: z.number().optional(),
    money: z.number().optional(),
    wallHours: z.number().optional(),
  }),
});
export type SearchPayload = z.output<typeof searchPayload>;
