import * as path from 'node:path';
import type * as vscode from 'vscode';

/** Puts the `research-copilot` command on the PATH of integrated terminals, with the editor's own runtime to run it. */
export function offerInTerminals(context: vscode.ExtensionContext): void {
  const variables = context.environmentVariableCollection;
  variables.description = 'The research-copilot command';
  variables.prepend('PATH', `${path.join(context.extensionPath, 'media', 'bin')}${path.delimiter}`);
  variables.replace('RESEARCH_COPILOT_NODE', process.execPath);
}
