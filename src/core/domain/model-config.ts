import * as z from 'zod';
import { parseDuration } from './duration.ts';

const modelName = z.string().trim().min(1);
const address = z.url({ protocol: /^https?$/, error: 'expected an address such as https://api.openai.com/v1' });
const variable = z
  .string()
  .regex(/^[A-Za-z_]\w*$/, { error: 'expected the name of an environment variable, not the key itself' });
const api = z
  .enum(['auto', 'chat', 'responses'])
  .describe(
    'Which of OpenAI’s interfaces the server speaks: chat completions, responses, or auto, which finds out and remembers.',
  );
const timeout = z
  .string()
  .refine((text) => (parseDuration(text) ?? 0) > 0, { error: 'expected a duration such as 4m' })
  .default('4m')
  .describe('How long a server may send nothing before its answer counts as broken off; at most 5m.');

const budget = (over: string) =>
  z
    .strictObject({ money: z.number().positive().optional(), tokens: z.int().positive().optional() })
    .optional()
    .describe(`What model calls may take ${over}: money (by prices), tokens (in and out), or both.`);

/** `models` of config.yaml. */
export const modelsSchema = z
  .strictObject({
    base_url: address.default('https://api.openai.com/v1').describe('Any OpenAI-compatible server.'),
    api: api.default('auto'),
    ideator: modelName.optional().describe('The model that proposes ideas. None: the hyperparameter ideator.'),
    implementer: modelName.optional().describe('The model that writes patches. Default: the ideator’s.'),
    implementer_server: z
      .strictObject({ base_url: address, api: api.default('auto'), key_env: variable.optional() })
      .optional()
      .describe('The server of the implementer’s model, where it is another one. It has a key of its own.'),
    key_env: variable
      .optional()
      .describe('The variable that holds the key of base_url’s server, and of no other. For OpenAI: OPENAI_API_KEY.'),
    temperature: z.number().min(0).max(2).optional(),
    max_output_tokens: z.int().min(256).default(16_000),
    context_tokens: z
      .int()
      .min(2000)
      .default(25_000)
      .describe('How much of the repository a prompt shows, in tokens (an estimate); files beyond it as outlines.'),
    budgets: z
      .strictObject({
        round: budget('in one round of ideas and their patches'),
        day: budget('in any 24 hours'),
        total: budget('in all, in one repository'),
      })
      .prefault({})
      .describe('Before a call that might pass one of these you are asked, or the call is refused.'),
    timeout,
  })
  .prefault({});

/** What a host's settings say of models; each wins over the same key of config.yaml. */
export interface ModelSettings {
  readonly base_url?: string;
  readonly implementer_base_url?: string;
  readonly api?: z.output<typeof api>;
  readonly ideator?: string;
  readonly implementer?: string;
  /** Money, by span. */
  readonly budgets?: { readonly round?: number; readonly day?: number; readonly total?: number };
}
