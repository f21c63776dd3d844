import { HumanError, type Idea, isHumanError } from '../domain/index.ts';
import { readHyperparameters } from '../environment/index.ts';
import type { Ideator } from '../ideator/index.ts';
import type { Implementer } from '../implementer/index.ts';
import { type ClientOptions, loadClients, type ModelClient, originOf, type Role, serverOf } from '../models/index.ts';
import { requireBudget, requirePrice } from './budget.ts';
import { serverKey } from './consents.ts';
import { modelConfig, type Parts } from './parts.ts';

/** The model that a role would ask now: where it is, and how to reach it. */
interface ChosenModel {
  readonly model: string;
  /** What consent is bound to: a server's origin, or the host's own name for it. */
  readonly server: string;
  open(options: Omit<ClientOptions, 'apiKey'>): Promise<ModelClient>;
}

/** The host's own model first, then the one of the settings; undefined where neither is chosen. */
async function chooseModel(parts: Parts, role: Role): Promise<ChosenModel | undefined> {
  const own = await parts.host.hostWire?.(role);
  if (own) {
    const { wire, model, server } = own;
    return {
      model,
      server,
      open: async (options) => (await loadClients()).createClientOver(wire, { ...options, server }),
    };
  }
  const { models } = await modelConfig(parts);
  const settings = parts.host.modelSettings();
  const ideator = settings.ideator ?? models.ideator;
  const model = role === 'implementer' ? (settings.implementer ?? models.implementer ?? ideator) : ideator;
  if (!model || !ideator) return undefined;
  const at = serverOf(models, settings, role);
  const server = originOf(at.baseUrl);
  const variable = at.keyVariable;
  const apiKey = async () =>
    (await parts.host.apiKey(server)) || (variable === undefined ? undefined : parts.system.env[variable]);
  return {
    model,
    server,
    open: async (options) => (await loadClients()).createModelClient({ ...options, at, apiKey }),
  };
}

/** Which ideator would propose now, for the views: the model's name, or what stands in for it. */
export async function describeIdeator(
  parts: Parts,
): Promise<{ readonly lane: 'model' | 'hyperparameter'; readonly label: string }> {
  let chosen: ChosenModel | undefined;
  try {
    chosen = await chooseModel(parts, 'ideator');
  } catch (error) {
    // Whoever asks for ideas is told why; a view shows that there is none.
    if (!isHumanError(error) || error.code !== 'no-language-model') throw error;
    return { lane: 'model', label: 'model of VS Code (none is offered that the settings name)' };
  }
  return chosen
    ? { lane: 'model', label: chosen.model }
    : { lane: 'hyperparameter', label: 'hyperparameter ideator (no model is configured)' };
}

export async function makeIdeator(parts: Parts): Promise<Ideator> {
  const client = await makeClient(parts, 'ideator');
  const { createHyperparameterIdeator, createLlmIdeator } = await import('../ideator/index.ts');
  const { random } = parts.system;
  return client ? createLlmIdeator({ client, random }) : createHyperparameterIdeator({ random });
}

/** Structured edits need no model; words do. @throws HumanError `no-model` */
export async function makeImplementer(parts: Parts, idea: Idea): Promise<Implementer> {
  const { createEditImplementer, createLlmImplementer } = await import('../implementer/index.ts');
  if (idea.edits.length > 0) return createEditImplementer({ readHyperparameters });
  const client = await makeClient(parts, 'implementer');
  if (client) return createLlmImplementer({ client });
  throw new HumanError(
    `Idea #${idea.id} is in words, and no model is configured to implement it. Set a model ` +
      '(research.model.ideator, or models in config.yaml), or continue by hand.',
    { code: 'no-model', actions: [{ title: 'Continue by Hand', command: 'research.continueByHand', args: [idea.id] }] },
  );
}

/** The servers whose consent is needed before these roles ask, each once; none where no model is configured. */
export async function modelServers(
  parts: Parts,
  roles: readonly Role[],
): Promise<readonly { readonly origin: string; readonly model: string }[]> {
  const found = new Map<string, { readonly origin: string; readonly model: string }>();
  for (const role of roles) {
    const chosen = await chooseModel(parts, role);
    if (chosen && !found.has(chosen.server)) found.set(chosen.server, { origin: chosen.server, model: chosen.model });
  }
  return [...found.values()];
}

/**
 * Before a search with a budget in money: what its models cost is known, or a person agrees that it is not counted.
 * @throws HumanError `budget`
 */
export async function requirePrices(parts: Parts, ...roles: readonly Role[]): Promise<void> {
  const { prices } = await modelConfig(parts);
  for (const role of roles) {
    const chosen = await chooseModel(parts, role);
    if (chosen) await requirePrice(parts, prices, chosen.model);
  }
}

/** A model for a role, or undefined where none is chosen. */
export async function makeClient(parts: Parts, role: Role): Promise<ModelClient | undefined> {
  const chosen = await chooseModel(parts, role);
  if (!chosen) return undefined;
  const { models, prices } = await modelConfig(parts);
  const { model, server } = chosen;
  return chosen.open({
    config: models,
    prices,
    model,
    log: parts.store,
    gate: async (call) => {
      if (!(await parts.consents.has('servers', serverKey(parts.repository.root, server)))) {
        throw new HumanError(`You have not agreed yet to send this repository's files to ${server}.`, {
          code: 'consent',
        });
      }
      await requireBudget(parts, await modelConfig(parts), call);
    },
    clock: parts.system.clock,
    random: parts.system.random,
    habitBook: parts.habitBook,
  });
}
