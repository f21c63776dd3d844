import * as assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';

/** What test/fixtures/language-models gives. */
export interface Control {
  answer: string;
  readonly asked: readonly { readonly model: string; readonly prompt: string }[];
  readonly cancelled: number;
  offer(models: readonly { readonly id: string; readonly family: string }[]): void;
}

/** A setting of ours about models, for the whole window. */
export const setModel = (key: string, value: unknown) =>
  vscode.workspace.getConfiguration('research.model').update(key, value, vscode.ConfigurationTarget.Global);

/** A person who agreed before that files go to this server. */
function agree(root: string, server: string): void {
  const folder = path.join(process.env.XDG_STATE_HOME ?? '', 'research-copilot');
  const key = createHash('sha256')
    .update(JSON.stringify([root, server]))
    .digest('hex');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'consents.json'), JSON.stringify({ servers: [key] }));
}

/** The extension that brings models, and ours told to take them, with the consent given. */
export async function takeModels(root: string): Promise<Control> {
  const bringer = vscode.extensions.getExtension<Control>('research-copilot-test.language-models');
  assert.ok(bringer, 'the extension that brings models is not there');
  const control = await bringer.activate();
  agree(root, 'vscode.lm/research-test');
  await setModel('provider', 'vscode');
  return control;
}

/** As if none of it had been. */
export async function leaveModels(control: Control): Promise<void> {
  control.offer([]);
  for (const key of ['provider', 'vendor', 'ideator']) await setModel(key, undefined);
}
