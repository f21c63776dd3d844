import * as assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { activated, until } from './extension.ts';

describe('research.yaml in the editor', () => {
  const file = () => path.join(vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '', 'research.yaml');
  let text: string;

  before(async () => {
    await activated();
    text = readFileSync(file(), 'utf8');
  });
  after(() => writeFileSync(file(), text));

  it('a mistake is marked on its line, and gone once it is mended', async () => {
    const lines = text.split('\n').length;
    writeFileSync(file(), `${text}editabel: ['*.py']\n`);
    const uri = vscode.Uri.file(file());
    const ours = () => vscode.languages.getDiagnostics(uri).filter((one) => one.source === 'Research Copilot');
    const [problem] = await until(
      'a problem',
      vscode.languages.onDidChangeDiagnostics,
      () => ours().length > 0 && ours(),
    );
    assert.equal(problem?.range.start.line, lines - 1);
    assert.match(problem?.message ?? '', /editabel/);
    writeFileSync(file(), text);
    await until('no problem', vscode.languages.onDidChangeDiagnostics, () => ours().length === 0);
  });

  it('its keys are completed and explained', async () => {
    const uri = vscode.Uri.file(file());
    const document = await vscode.workspace.openTextDocument(uri);
    const end = document.lineAt(document.lineCount - 1).range.end;
    const list = await vscode.commands.executeCommand<vscode.CompletionList>(
      'vscode.executeCompletionItemProvider',
      uri,
      end,
    );
    assert.ok(list.items.some((item) => item.label === 'artifacts'));
    const run = document.positionAt(document.getText().search(/^run:/m) + 1);
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', uri, run);
    const words = hovers.flatMap((hover) => hover.contents.map((one) => (typeof one === 'string' ? one : one.value)));
    assert.match(words.join(), /command/);
  });
});
