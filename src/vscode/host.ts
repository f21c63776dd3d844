import * as vscode from 'vscode';
import type { ResearchHost } from '../core/research.ts';
import { hostWire } from './language-model.ts';
import { modelSettings, settings } from './settings.ts';

const API_KEY = 'api-key:';
const RUN_SECRET = 'run-secret:';

/** Keys of model servers in VS Code's secret storage, each bound to the origin it was given for. */
export class ApiKeys {
  readonly #secrets: vscode.SecretStorage;

  constructor(secrets: vscode.SecretStorage) {
    this.#secrets = secrets;
  }

  get(origin: string): Thenable<string | undefined> {
    return this.#secrets.get(API_KEY + origin);
  }

  async set(origin: string, key: string | undefined): Promise<void> {
    if (key === undefined) await this.#secrets.delete(API_KEY + origin);
    else await this.#secrets.store(API_KEY + origin, key);
  }
}

/** What the core asks of VS Code: secrets, consent, settings, host keys. */
export function createHost(
  context: vscode.ExtensionContext,
  apiKeys: ApiKeys,
  log: vscode.LogOutputChannel,
): ResearchHost {
  return {
    // Run secrets are asked for when first needed by a run that a person started, and kept by name.
    secret: async (name) => (await context.secrets.get(RUN_SECRET + name)) ?? process.env[name],
    apiKey: async (origin) => apiKeys.get(origin),
    modelSettings,
    confirm: async ({ message, detail, yes }) =>
      (await vscode.window.showWarningMessage(message, { modal: true, detail: bounded(detail) }, yes)) === yes,
    log: (level, text) => log[level](text),
    hostWire: async (purpose) => (settings.provider === 'vscode' ? hostWire(purpose, context) : undefined),
    asker: {
      trustHostKey: async ({ host, keyType, fingerprint }) => {
        const trust = 'Trust This Key';
        const chosen = await vscode.window.showWarningMessage(
          `The ssh host ${host} is not known yet. Trust its key?`,
          {
            modal: true,
            detail: `${keyType} key, fingerprint:\n${fingerprint}\n\nCompare it with what the owner of ${host} tells you.`,
          },
          trust,
        );
        return chosen === trust;
      },
      secret: async ({ prompt }) => vscode.window.showInputBox({ prompt, password: true, ignoreFocusOut: true }),
    },
  };
}

/** A modal dialog does not scroll everywhere: many lines become a head and a count. */
function bounded(detail: string): string {
  const lines = detail.split('\n');
  const shown = lines.slice(0, 30);
  return lines.length > 30 ? `${shown.join('\n')}\n… and ${lines.length - 30} more lines` : detail;
}
