import * as assert from 'node:assert/strict';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { activated, contributedCommands } from './extension.ts';

describe('in a described repository', () => {
  it('the research opens by itself', async () => {
    const { session } = await activated();
    const { state } = session;
    assert.equal(state.kind, 'open', state.kind === 'failed' ? state.message : state.kind);
    if (state.kind !== 'open') return;
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
    assert.equal(path.basename(state.state.root), path.basename(folder));
    assert.equal(state.state.environment.ok, true);
  });

  it('exactly the commands of package.json are registered', async () => {
    await activated();
    const ours = (await vscode.commands.getCommands(true)).filter(
      (command) => command.startsWith('research.') && !/^research\.(?:ideas|runs|boxes)\./.test(command),
    );
    assert.deepEqual(ours.sort(), [...contributedCommands()].sort());
  });

  it('nothing of it lands in the working tree but what a person asked for', async () => {
    const { session } = await activated();
    assert.equal(session.state.kind, 'open');
    const git = vscode.extensions.getExtension('vscode.git');
    assert.ok(git);
    const { execFileSync } = await import('node:child_process');
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
    assert.equal(execFileSync('git', ['status', '--porcelain'], { cwd: folder, encoding: 'utf8' }), '');
  });
});
