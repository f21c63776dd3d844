import * as z from 'zod';
import { parseDuration } from './duration.ts';
import { modelsSchema } from './model-config.ts';
import { parseSize } from './size.ts';

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$/, { error: 'expected a short name of letters, digits, dots and dashes' });
const price = z.number().min(0).default(0).describe('Price of one GPU for one hour, in your currency.');
const sandbox = z
  .enum(['auto', 'bwrap', 'docker', 'apptainer', 'none'])
  .default('auto')
  .describe('What keeps a run to its own folder; auto takes the strongest that works on the box.');
const sandbox_image = z
  .string()
  .regex(/^[^-\s]\S*$/, { error: 'expected the name of an image; it may not start with a dash' })
  .optional()
  .describe('The image that sandbox: docker or apptainer runs in. It needs what the runs need, such as Python.');
const size = z
  .string()
  .refine((text) => (parseSize(text) ?? 0) > 0, { error: 'expected a size such as 500MB or 2GiB' });
const max_log = size.default('1GB').describe('How much of what a run prints is kept.');
const max_disk = size.default('100GB').describe('A run whose folder grows beyond this is ended.');
const ask_above = size.default('1GB').describe('A person is asked before more new bytes of inputs go to this box.');
const root = z
  .string()
  .regex(/^[^\n\r\0]+$/, { error: 'expected a folder, without line breaks' })
  .optional()
  .describe('Folder for runs on this box; default ~/.local/share/research-copilot.');
const hours = z.number().positive().default(12).describe('How much measured run time to send ahead.');

const transport = z
  .enum(['auto', 'ssh2', 'system'])
  .default('auto')
  .describe('By the built-in client (ssh2), by the system’s ssh, or by what its ssh configuration needs (auto).');

export const boxSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    name,
    kind: z.literal('local'),
    slots: z.int().min(1).default(1).describe('How many runs at a time.'),
    gpus: z.union([z.literal('all'), z.array(z.int().min(0)), z.literal(0)]).default(0),
    price_per_gpu_hour: price,
    away_hours: hours,
    max_log,
    max_disk,
    root,
  }),
  z.strictObject({
    name,
    kind: z.literal('ssh'),
    host: z
      .string()
      .regex(/^[^-\s][^\s]*$/, {
        error: 'expected an alias of ~/.ssh/config or a host name; it may not start with a dash',
      })
      .describe('An alias of ~/.ssh/config, or a host name.'),
    transport,
    gpus: z.union([z.literal('all'), z.array(z.int().min(0))]).default('all'),
    cpu_slots: z.int().min(0).default(1).describe('How many runs with gpus: 0 at a time.'),
    price_per_gpu_hour: price,
    sandbox,
    sandbox_image,
    away_hours: hours,
    ask_above,
    max_log,
    max_disk,
    root,
  }),
  z.strictObject({
    name,
    kind: z.literal('slurm'),
    host: z.string().regex(/^[^-\s][^\s]*$/),
    transport,
    partition: z.string().optional(),
    account: z.string().optional(),
    time: z
      .string()
      .refine((text) => (parseDuration(text) ?? 0) > 0, { error: 'expected a duration such as 2h' })
      .optional(),
    gpu_type: z.string().optional().describe('The kind of GPU to ask for, as sinfo -o %G shows it.'),
    options: z.array(z.string()).default([]).describe('More options of sbatch, one an item: --mem=32G.'),
    max_jobs: z.int().min(1).default(16).describe('How many runs at most in its queue, waiting and running.'),
    requeue: z.boolean().default(false).describe('Let Slurm start a run again, from scratch, after a preemption.'),
    secrets: z.boolean().default(false).describe('Send secrets, as files that the job removes when it starts.'),
    price_per_gpu_hour: price,
    sandbox,
    sandbox_image,
    ask_above,
    max_log,
    max_disk,
    root,
  }),
]);
export type Box = z.output<typeof boxSchema>;
export type BoxOf<K extends Box['kind']> = Extract<Box, { kind: K }>;

/** `boxes.yaml`, in the user's config folder; never read from a workspace. */
export const boxesSchema = z.strictObject({
  boxes: z.array(boxSchema).superRefine((boxes, context) => {
    const seen = new Set<string>();
    boxes.forEach((box, index) => {
      if (seen.has(box.name)) {
        context.addIssue({ code: 'custom', path: [index, 'name'], message: `two boxes are named ${box.name}` });
      }
      seen.add(box.name);
    });
  }),
});

/** `config.yaml`, in the user's config folder. VS Code settings override it. */
export const configSchema = z.strictObject({
  models: modelsSchema,
  implementer: z
    .strictObject({
      max_changed_files: z.int().min(1).default(30).describe('A patch that changes more files is refused.'),
      max_changed_lines: z.int().min(1).default(3000).describe('A patch that adds and removes more lines is refused.'),
      crash_fixes: z
        .enum(['off', 'once', 'twice'])
        .default('once')
        .describe(
          'How often a run that crashes within its first five minutes goes back to the implementer with its trace.',
        ),
      smoke_runs: z
        .enum(['off', 'unattended', 'always'])
        .default('unattended')
        .describe(
          'When the smoke command of research.yaml runs a new patch on a box: in searches that approve every patch by themselves (unattended), also before a person has seen the patch (always), or never.',
        ),
      max_file_size: size.default('400kB').describe('A patch that makes a file larger than this is refused.'),
    })
    .prefault({})
    .describe('What the implementer may do.'),
  prices: z
    .record(
      z.string(),
      z.strictObject({ input: z.number().min(0), cached: z.number().min(0).optional(), output: z.number().min(0) }),
    )
    .default({})
    .describe('Price per million tokens, by model name.'),
});
export type Config = z.output<typeof configSchema>;
