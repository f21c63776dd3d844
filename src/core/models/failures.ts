import { type ErrorAction, HumanError } from '../domain/index.ts';
import { redact } from './redact.ts';
import type { WireFailure } from './wire.ts';

/** Where a question went, for messages. */
export interface Where {
  readonly baseUrl: string;
  readonly model: string;
  /** The variable a terminal takes the key from, where one is named for this server. */
  readonly keyVariable: string | undefined;
  /** A model of the host's own: it has no address, and no key of ours. */
  readonly ofHost?: true;
}

const SET_KEY: ErrorAction = { title: 'Set API Key', command: 'research.setApiKey' };
const SETTING = 'the base URL (setting research.model.baseUrl, or models.base_url in config.yaml)';
const MODEL_SETTING = 'the model names (settings research.model.*, or models in config.yaml)';

/** The failure in words a person can act on. Holds no key, and the server's own words bounded. */
export function humanFailure(failure: WireFailure, where: Where, key: string | undefined): HumanError {
  const words = redact(failure.message, key);
  const { baseUrl, model } = where;
  const ofHost = where.ofHost && hostFailure(failure, where, words);
  if (ofHost) return ofHost;
  if (failure.kind === 'connect') {
    return new HumanError(
      `Could not reach the model server at ${baseUrl} (${failure.code ?? words}). Check that it runs and that ${SETTING} is right.`,
      { code: 'model-unreachable' },
    );
  }
  if (failure.kind === 'cut' && failure.code === 'silent') {
    return new HumanError(
      `The model server at ${baseUrl} broke off its answer twice: ${words}. If "${model}" thinks for that long, raise models.timeout in config.yaml; else try again.`,
      { code: 'model-cut' },
    );
  }
  if (failure.kind === 'cut') {
    return new HumanError(
      `The model server at ${baseUrl} broke off its answer twice (${failure.code ?? words}). What arrived is in the call log; try again.`,
      { code: 'model-cut' },
    );
  }
  const { status = 0 } = failure;
  if (status === 401 || status === 403)
    return authFailure(where, key === undefined ? 'none was sent' : `it answered ${status}`);
  if (status >= 300 && status < 400) {
    return new HumanError(
      `The model server at ${baseUrl} sends elsewhere (${status}: ${words}). Nothing follows it there, because you agreed to one server; set the right address in ${SETTING}.`,
      { code: 'model-unreachable' },
    );
  }
  if (status === 404) {
    return new HumanError(
      `The model server at ${baseUrl} does not know "${model}" (404: ${words}). Check ${MODEL_SETTING} and ${SETTING}; most servers want it to end in /v1.`,
      { code: 'model-not-found' },
    );
  }
  if (failure.code === 'insufficient_quota') {
    return new HumanError(`The account at ${baseUrl} has no quota left (429: ${words}). Check its plan and billing.`, {
      code: 'model-rate-limited',
    });
  }
  if (status === 429) {
    const asks =
      failure.retryAfterMs === undefined ? '' : ` It asks to wait ${Math.ceil(failure.retryAfterMs / 1000)} s.`;
    return new HumanError(
      `The model server at ${baseUrl} takes no more requests for "${model}" right now (429: ${words}).${asks} Try again later, or use another model.`,
      { code: 'model-rate-limited' },
    );
  }
  if (status >= 500 || status === 408) {
    return new HumanError(
      `The model server at ${baseUrl} is in trouble (${status}: ${words}) and stayed so over several tries. Try again later.`,
      { code: 'model-unavailable' },
    );
  }
  return new HumanError(
    `The model server at ${baseUrl} refused the request for "${model}" (${status}: ${words}). If it says the prompt is too long, choose a model with a longer context.`,
    { code: 'model-refused' },
  );
}

/** What else has to be said of a model that VS Code brings: there is no address, key or bill that could be mended. */
function hostFailure(failure: WireFailure, { model }: Where, words: string): HumanError | undefined {
  if (failure.kind === 'connect') {
    return new HumanError(`VS Code could not ask its language model "${model}": ${words}`, {
      code: 'model-unavailable',
    });
  }
  if (failure.status === 403) {
    return new HumanError(
      `VS Code does not let Research Copilot use its language model "${model}": ${words} Run "Manage Language Model Access", or choose another model.`,
      { code: 'model-auth' },
    );
  }
  if (failure.status === 404) {
    return new HumanError(`VS Code does not have its language model "${model}" any more: ${words}`, {
      code: 'model-not-found',
    });
  }
  if (failure.status === 429) {
    return new HumanError(`The quota of VS Code's language model "${model}" is used up: ${words}`, {
      code: 'model-rate-limited',
    });
  }
  return undefined;
}

/** @param why what the server said of the key, or that there is none */
export function authFailure({ baseUrl, keyVariable }: Where, why: string): HumanError {
  const terminal = keyVariable
    ? `in the terminal, set ${keyVariable}`
    : 'for the terminal, name the variable that holds it as key_env beside this server in config.yaml';
  return new HumanError(`The model server at ${baseUrl} wants an API key: ${why}. Run "Set API Key"; ${terminal}.`, {
    code: 'model-auth',
    actions: [SET_KEY],
  });
}

export function refusedAnswer({ model }: Where, words: string): HumanError {
  return new HumanError(`"${model}" declined to answer: ${redact(words, undefined) || 'no reason given'}.`, {
    code: 'model-refused',
  });
}

export function truncatedAnswer({ model }: Where, limit: number): HumanError {
  return new HumanError(
    `The answer of "${model}" was cut off at its limit of tokens (${limit} were asked for). Raise models.max_output_tokens in config.yaml, or ask for fewer ideas at a time.`,
    { code: 'model-truncated' },
  );
}

export function misshapenAnswer({ model, baseUrl }: Where, problem: string): HumanError {
  return new HumanError(
    `The answer of "${model}" at ${baseUrl} did not have the shape that was asked for, nor after one correction: ${redact(problem, undefined)}. Its text is in the call log. Try again, or use a model that follows JSON schemas.`,
    { code: 'model-shape' },
  );
}
