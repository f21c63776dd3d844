import * as assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { ExtensionApi } from '../../src/extension.ts';
import type { SessionState } from '../../src/vscode/session.ts';
import { PATIENCE_MS } from '../support/patience.ts';

const ID = 'research-copilot.research-copilot';

/** The running extension, activated and settled. */
export async function activated(): Promise<ExtensionApi> {
  const extension = vscode.extensions.getExtension<ExtensionApi>(ID);
  assert.ok(extension, `${ID} is not there`);
  const api = await extension.activate();
  await api.session.settled();
  return api;
}

/** The ids that package.json contributes. */
export function contributedCommands(): readonly string[] {
  const extension = vscode.extensions.getExtension(ID);
  const file = path.join(extension?.extensionPath ?? '', 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly contributes: { readonly commands: readonly { readonly command: string }[] };
  };
  return manifest.contributes.commands.map((one) => one.command);
}

/** Resolves when the condition holds, looking again after each event; fails where it hangs, saying what it waited for. */
export function until<T>(
  what: string,
  event: vscode.Event<unknown>,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  seconds = PATIENCE_MS / 1000,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(deadline);
      clearInterval(poll);
      subscription.dispose();
      settle();
    };
    const check = async () => {
      try {
        const value = await condition();
        if (value !== undefined && value !== false) end(() => resolve(value as T));
      } catch (error) {
        end(() => reject(error));
      }
    };
    const deadline = setTimeout(
      () => end(() => reject(new Error(`waited ${seconds} s in vain for ${what}`))),
      seconds * 1000,
    );
    // What other parts of VS Code do has no event of ours.
    const poll = setInterval(() => void check(), 250);
    const subscription = event(() => void check());
    void check();
  });
}

/**
 * The window shows why there is no research, every command is there, and one that needs a repo ends with a message
 * instead of an exception.
 */
export async function showsWhy(kind: SessionState['kind']): Promise<void> {
  const api = await activated();
  const { state } = api.session;
  assert.equal(state.kind, kind, state.kind === 'failed' ? state.message : undefined);
  assert.deepEqual(api.views.trees, { ideas: [], runs: [], boxes: [] });
  const known = new Set(await vscode.commands.getCommands(true));
  assert.deepEqual(
    contributedCommands().filter((command) => !known.has(command)),
    [],
  );
  await vscode.commands.executeCommand('research.generateIdeas');
  await vscode.commands.executeCommand('research.runOnGpu', { candidate: '1.1' });
  await assert.rejects(
    () => api.session.research(),
    (error: Error & { code?: string }) => error.code === kind && error.message.length > 20,
  );
}
