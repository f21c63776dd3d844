import * as vscode from 'vscode';
import type { Question, ResearchHost } from '../core/research.ts';
import { messageText } from './format.ts';
import { hostWire } from './language-model.ts';
import { implementerSettings, modelSettings, settings } from './settings.ts';

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
    implementerSettings,
    confirm,
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
      secret: async ({ prompt }) =>
        vscode.window.showInputBox({ prompt: messageText(prompt), password: true, ignoreFocusOut: true }),
    },
  };
}

/** A modal dialog does not scroll everywhere. */
const MOST_LINES = 30;

/** Asks in a dialog; where not all of the details fit, they can be read in an editor before the answer. */
async function confirm({ message, detail, yes }: Question): Promise<boolean> {
  const lines = detail.split('\n');
  if (lines.length <= MOST_LINES) {
    return (await vscode.window.showWarningMessage(message, { modal: true, detail }, yes)) === yes;
  }
  const all = 'Show All';
  const head = `${lines.slice(0, MOST_LINES).join('\n')}\n… and ${lines.length - MOST_LINES} more lines`;
  const chosen = await vscode.window.showWarningMessage(message, { modal: true, detail: head }, yes, all);
  if (chosen !== all) return chosen === yes;
  const document = await vscode.workspace.openTextDocument({ content: `${message}\n\n${detail}\n` });
  await vscode.window.showTextDocument(document);
  // Not a dialog, which would stand in front of what is to be read.
  return (await vscode.window.showWarningMessage(message, yes, 'Cancel')) === yes;
}
