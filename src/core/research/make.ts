import { HumanError, type Idea } from '../domain/index.ts';
import { readHyperparameters } from '../environment/index.ts';
import { createHyperparameterIdeator, createLlmIdeator, type Ideator } from '../ideator/index.ts';
import { createEditImplementer, createLlmImplementer, type Implementer } from '../implementer/index.ts';
import { createModelClient, type ModelClient } from '../models/index.ts';
import { serverKey } from './consents.ts';
import { modelConfig, type Parts } from './parts.ts';

/** Which ideator would propose now, for the views: the model's name, or what stands in for it. */
export async function describeIdeator(
  parts: Parts,
): Promise<{ readonly lane: 'model' | 'hyperparameter'; readonly label: string }> {
  const own = await parts.host.hostModel?.('ideator');
  if (own) return { lane: 'model', label: own.model };
  const { models } = await modelConfig(parts);
  return models.ideator
    ? { lane: 'model', label: models.ideator }
    : { lane: 'hyperparameter', label: 'hyperparameter ideator (no model is configured)' };
}

export async function makeIdeator(parts: Parts): Promise<Ideator> {
  const client = await makeClient(parts, 'ideator');
  const { random } = parts.system;
  return client ? createLlmIdeator({ client, random }) : createHyperparameterIdeator({ random });
}

/** Structured edits need no model; words do. @throws HumanError `no-model` */
export async function makeImplementer(parts: Parts, idea: Idea): Promise<Implementer> {
  if (idea.edits.length > 0) return createEditImplementer({ readHyperparameters });
  const client = await makeClient(parts, 'implementer');
  if (client) return createLlmImplementer({ client });
  throw new HumanError(
    `Idea #${idea.id} is in words, and no model is configured to implement it. Set a model ` +
      '(research.model.ideator, or models in config.yaml), or continue by hand.',
    { code: 'no-model', actions: [{ title: 'Continue by Hand', command: 'research.continueByHand', args: [idea.id] }] },
  );
}

/** The server whose consent is needed before ideas or patches; undefined where no model is configured. */
export async function modelServer(
  parts: Parts,
): Promise<{ readonly origin: string; readonly model: string } | undefined> {
  const { models } = await modelConfig(parts);
  return models.ideator ? { origin: new URL(models.base_url).origin, model: models.ideator } : undefined;
}

async function makeClient(parts: Parts, role: 'ideator' | 'implementer'): Promise<ModelClient | undefined> {
  const own = await parts.host.hostModel?.(role);
  if (own) return own;
  const { models, prices } = await modelConfig(parts);
  const model = role === 'implementer' ? (models.implementer ?? models.ideator) : models.ideator;
  if (!model) return undefined;
  const { origin } = new URL(models.base_url);
  return createModelClient({
    config: models,
    prices,
    model,
    apiKey: async () => (await parts.host.apiKey(origin)) ?? parts.system.env[models.key_env],
    log: parts.store,
    gate: async () => {
      if (await parts.consents.has('servers', serverKey(parts.repository.root, origin))) return;
      throw new HumanError(`You have not agreed yet to send this repository's files to ${origin}.`, {
        code: 'consent',
      });
    },
    clock: parts.system.clock,
    random: parts.system.random,
  });
}
