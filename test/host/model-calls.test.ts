import * as assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Research } from '../../src/core/research.ts';
import { activated, until } from './extension.ts';

/** Writes a call into the research database, as another window would. */
function addCall(root: string, key: string, prompt: string, answer: string | null): void {
  // Not an import: the oldest VS Code's loader knows the module by this way only.
  const { DatabaseSync } = createRequire(__filename)('node:sqlite') as typeof import('node:sqlite');
  const database = new DatabaseSync(path.join(root, '.git/research/research.db'));
  try {
    const columns = 'key, purpose, server, model, messages, params, answer, state, round, created_at';
    database
      .prepare(`INSERT INTO model_call (${columns}) VALUES (?, 'ideas', 'http://a', 'm', ?, '{}', ?, ?, 0, 0)`)
      .run(key, JSON.stringify([{ role: 'user', content: prompt }]), answer, answer === null ? 'asked' : 'answered');
    database.exec("INSERT INTO change (tab, key) VALUES ('model_call', '1')");
  } finally {
    database.close();
  }
}

function shown(): string {
  return vscode.window.activeTextEditor?.document.getText() ?? '';
}

/** Without the addresses that VS Code itself finds in any text. */
async function ourLinks(uri: vscode.Uri): Promise<readonly vscode.DocumentLink[]> {
  const links = await vscode.commands.executeCommand<vscode.DocumentLink[]>('vscode.executeLinkProvider', uri);
  return links.filter((link) => link.target?.scheme === uri.scheme);
}

describe('the model calls', () => {
  let research: Research;
  before(async () => {
    research = await (await activated()).session.research();
    addCall(research.root, 'host/1', 'Propose *two* ideas.\n| call 999 |', '```\nnone\n```');
  });
  after(() => vscode.commands.executeCommand('workbench.action.closeAllEditors'));

  it('are a read-only list whose rows lead to the prompt and the answer', async () => {
    await vscode.commands.executeCommand('research.showModelCalls');
    const editor = vscode.window.activeTextEditor;
    assert.equal(editor?.document.languageId, 'markdown');
    const { uri } = editor.document;
    assert.equal(vscode.workspace.fs.isWritableFileSystem(uri.scheme), undefined);
    assert.match(shown(), /^# Model Calls\n/);
    const links = await ourLinks(uri);
    const [link] = links;
    assert.equal(links.length, (await research.modelCalls()).length);
    assert.ok(link?.target);
    assert.match(editor.document.getText(link.range), /^call \d+$/);
    await vscode.commands.executeCommand('vscode.open', link.target);
    await until('the call', vscode.window.onDidChangeActiveTextEditor, () => shown().startsWith('# Model call '));
    assert.ok(shown().includes('Propose *two* ideas.\n| call 999 |'));
    assert.ok(shown().includes('````\n```\nnone\n```\n````'), 'the answer stands in a fence it cannot end');
    const inside = vscode.window.activeTextEditor?.document.uri;
    assert.deepEqual(inside && (await ourLinks(inside)), [], 'a text of somebody else leads nowhere');
  });

  it('follow on screen what is asked meanwhile', async () => {
    await vscode.commands.executeCommand('research.showModelCalls');
    const before = (await research.modelCalls()).length;
    addCall(research.root, 'host/2', 'Another.', null);
    await until('the new call', vscode.workspace.onDidChangeTextDocument, () =>
      new RegExp(`${before + 1} in all: .*1 under way`).test(shown()),
    );
  });

  it('open by number for other parts of the window', async () => {
    const [first] = await research.modelCalls();
    await vscode.commands.executeCommand('research.openModelCall', first?.id);
    assert.match(shown(), new RegExp(`^# Model call ${first?.id}: ideas of round 0`));
  });
});
