import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { activated, until } from './extension.ts';

function tabs(): readonly vscode.Tab[] {
  return vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter(
      (tab) => tab.input instanceof vscode.TabInputWebview && tab.input.viewType.endsWith('research.leaderboard'),
    );
}

describe('the leaderboard panel', () => {
  it('opens once, however often it is asked for', async () => {
    await activated();
    await vscode.commands.executeCommand('research.openLeaderboard');
    await vscode.commands.executeCommand('research.openLeaderboard');
    const [tab, ...others] = await until(
      'the panel',
      vscode.window.tabGroups.onDidChangeTabs,
      () => tabs().length > 0 && tabs(),
    );
    assert.equal(tab?.label, 'Leaderboard');
    assert.deepEqual(others, []);
  });

  it('can be closed and opened again', async () => {
    await vscode.window.tabGroups.close(tabs());
    assert.deepEqual(tabs(), []);
    await vscode.commands.executeCommand('research.openLeaderboard');
    await until('the panel', vscode.window.tabGroups.onDidChangeTabs, () => tabs().length === 1);
    await vscode.window.tabGroups.close(tabs());
  });
});
