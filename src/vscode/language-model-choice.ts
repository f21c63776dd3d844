import { HumanError } from '../core/domain/index.ts';

/** What is known of a model that VS Code offers. */
export interface OfferedModel {
  readonly vendor: string;
  readonly id: string;
  readonly family: string;
  readonly name: string;
}

/** What a person set: empty texts leave it open. */
export interface WantedModel {
  readonly vendor: string;
  /** A model's id, family or name. */
  readonly model: string;
}

const SHOWN = 12;

/**
 * The model to ask, of those that VS Code offers: by id, else by family, else by name; without a wish the first.
 * @throws HumanError `no-language-model`: none is offered, or none of the vendor, or none of that name; it says which
 *   there are. Never another one than was asked for.
 */
export function chooseOffered<T extends OfferedModel>(offered: readonly T[], { vendor, model }: WantedModel): T {
  const own = vendor === '' ? offered : offered.filter((one) => one.vendor === vendor);
  const found =
    model === ''
      ? own[0]
      : (own.find((one) => one.id === model) ??
        own.find((one) => one.family === model) ??
        own.find((one) => one.name === model));
  if (found) return found;
  const settings = { title: 'Open Settings', command: 'workbench.action.openSettings', args: ['research.model'] };
  const others = 'or set research.model.provider to openai for a model server.';
  if (offered.length === 0) {
    throw new HumanError(
      `VS Code offers no language model, and research.model.provider is vscode. Install an extension that brings models, such as GitHub Copilot, and sign in; ${others}`,
      { code: 'no-language-model', actions: [settings] },
    );
  }
  const names = offered
    .slice(0, SHOWN)
    .map((one) => `${one.vendor}: ${one.family === one.id ? one.id : `${one.id} (${one.family})`}`);
  const more = offered.length > SHOWN ? ` and ${offered.length - SHOWN} more` : '';
  const wish = [
    model === '' ? '' : `named ${model} (research.model.ideator or implementer)`,
    vendor === '' ? '' : `of ${vendor} (research.model.vendor)`,
  ].filter((text) => text !== '');
  throw new HumanError(
    `VS Code offers no language model ${wish.join(' ')}. There are ${names.join(', ')}${more}. Choose one of them, ${others}`,
    { code: 'no-language-model', actions: [settings] },
  );
}
