import * as z from 'zod';
import { parseDuration } from './duration.ts';
import type { Purpose } from './records.ts';

const duration = z
  .string()
  .refine((text) => (parseDuration(text) ?? 0) > 0, { error: 'expected a duration such as 45s, 30m or 1h30m' })
  .describe('A duration such as 45s, 30m or 1h30m.');
const line = z.string().trim().min(1);
const oneLine = line.refine((text) => !/[\n\r]/.test(text), { error: 'expected one line' });
const inside = (path: string) => !/^[/\\]|^[A-Za-z]:/.test(path) && !path.split(/[/\\]/).includes('..');
const glob = line
  .refine(inside, { error: 'expected a path or glob inside the repository, without .. or a slash in front' })
  .refine(isCheap, { error: 'expected a glob with at most two * in one name, two ** and no (…) groups' })
  .describe('A path or glob relative to the repository root, with / as separator.');
/** A glob of more stars takes for ever to match a long name that it nearly matches: hours, for a repository made for it. */
function isCheap(text: string): boolean {
  const names = text.split('/');
  const stars = (name: string) => name.match(/\*+/g)?.length ?? 0;
  return (
    text.length <= 500 &&
    !/[?*+@!]\(/.test(text) &&
    names.every((name) => stars(name) <= 2) &&
    names.filter((name) => name.includes('**')).length <= 2
  );
}
const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'expected a variable name such as WANDB_API_KEY' });
const inRepository = z
  .string()
  .refine((path) => path !== '' && !/^[/\\]|^[A-Za-z]:|[\n\t\0]/.test(path) && !path.split('/').includes('..'), {
    error: 'expected a path inside the repository, without .. or a slash in front',
  });
const onBox = z.string().regex(/^(\/|[A-Za-z]:[\\/])[^\n\t\0]*$/, {
  error: 'expected an absolute path on the box, such as /datasets/fineweb',
});

export const objectiveSchema = z
  .strictObject({
    metric: oneLine.describe('The name of the metric, as the run prints it.'),
    goal: z.enum(['minimize', 'maximize']),
    summary: z
      .union([z.enum(['last', 'best']), z.strictObject({ target: z.number(), axis: oneLine })])
      .default('last')
      .describe('Which number of the curve counts: last, best, or the value of `axis` when `target` is reached.'),
    valid: z
      .tuple([z.number(), z.number()])
      .optional()
      .describe('The range a real result lies in; others are flagged and never ranked.'),
  })
  .describe("The environment's one number.");

export const metricSourceSchema = z.union([
  line.describe('A regular expression with named groups, one metric a group; `step` is the axis.'),
  z.strictObject({ file: glob }).describe('A file the run writes: JSON lines, CSV, TensorBoard events, offline wandb.'),
]);

export const seedSchema = z.union([
  z.strictObject({ env: variable }).describe('The environment variable that carries the seed.'),
  z.strictObject({ flag: line }).describe('The flag that carries the seed, such as --seed.'),
  z.literal('none').describe('The run takes no seed; replicates then measure hardware noise only.'),
]);

const smokeSchema = z.strictObject({
  run: line.describe('The command of the check, such as one training step.'),
  timeout: duration.default('5m').describe('A check that takes longer has failed.'),
  gpus: z.int().min(0).default(0).describe('What the check takes; with 0, the default, no GPU is touched by it.'),
});

/** `research.yaml`. Keys are those of docs/research-yaml.md. */
export const environmentSchema = z.strictObject({
  name: oneLine.describe('A short name for this research problem.'),
  brief: z.string().default('').describe('What to aim for, in words: a path or inline text, read again each round.'),
  setup: line.optional().describe('Makes $RESEARCH_ENV; runs once per box and content of setup_inputs.'),
  setup_inputs: z.array(glob).default([]),
  run: line.describe('The command that trains, run with /bin/sh in the root of the checkout.'),
  smoke: z
    .union([line, smokeSchema])
    .optional()
    .describe('A quick check of a patch on a box before it takes a GPU: a command, or `run`, `timeout` and `gpus`.'),
  evaluate: line.optional().describe('Prints the number that counts, from a fresh checkout of trusted code.'),
  objective: objectiveSchema,
  metrics: z.array(metricSourceSchema).default([]),
  editable: z.array(glob).default(['**']).describe('What a patch may change.'),
  protected: z.array(glob).default([]).describe('What a patch may never change. Wins over editable.'),
  protected_regions: z.array(z.strictObject({ file: glob, from: oneLine, to: oneLine })).default([]),
  resources: z
    .strictObject({ gpus: z.int().min(0).default(1), timeout: duration.default('1h') })
    .prefault({})
    .describe('What one run takes.'),
  inputs: z.array(glob).default([]).describe('Untracked files the run needs.'),
  links: z.record(inRepository, onBox).default({}).describe('Paths that exist on the box, by path in the checkout.'),
  artifacts: z.array(glob).default([]),
  env: z.record(variable, z.string()).default({}),
  secrets: z.array(variable).default([]).describe('Names only; the values come from the environment or SecretStorage.'),
  seed: seedSchema.default('none'),
  guardrails: z
    .strictObject({
      factor: z
        .number()
        .gt(1)
        .default(2)
        .describe('A result that is better than the baseline by more than this factor is flagged.'),
      min_points: z
        .int()
        .min(0)
        .default(2)
        .describe("A result whose curve has fewer points is flagged, where the baseline's has more."),
    })
    .prefault({})
    .describe('When a result is not ranked until a person or a second seed confirms it.'),
});

export type Environment = z.output<typeof environmentSchema>;
export type Objective = Environment['objective'];
export type Goal = Objective['goal'];
export type SeedRule = Environment['seed'];

/** The check that `smoke` declares, as a whole; undefined where there is none. */
export function smokeOf({ smoke }: Pick<Environment, 'smoke'>): z.output<typeof smokeSchema> | undefined {
  return typeof smoke === 'string' ? smokeSchema.parse({ run: smoke }) : smoke;
}

/** What a run of this purpose does and takes: that of a smoke run is the check alone, and nothing of it is kept. */
export function environmentFor(purpose: Purpose, environment: Environment): Environment {
  const smoke = purpose === 'smoke' ? smokeOf(environment) : undefined;
  if (!smoke) return environment;
  const { run, gpus, timeout } = smoke;
  return { ...environment, run, evaluate: undefined, artifacts: [], resources: { gpus, timeout } };
}

/** The keys whose change makes results incomparable, hence a new base (design §3). */
export const RESULT_KEYS = [
  'setup',
  'setup_inputs',
  'run',
  'evaluate',
  'objective',
  'metrics',
  'protected',
  'protected_regions',
  'resources',
  'inputs',
  'links',
  'env',
  'seed',
] as const satisfies readonly (keyof Environment)[];
