import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';

describe('in VS Code', () => {
  it('the extension is there', () => {
    console.log(`VS Code ${vscode.version}, Node ${process.versions.node}`);
    const extension = vscode.extensions.getExtension('research-copilot.research-copilot');
    assert.ok(extension);
    assert.equal(extension.extensionKind, vscode.ExtensionKind.Workspace);
  });

  it('VS Code is the one that was asked for', () => {
    assert.equal(vscode.version, process.env.HOST_TESTS_VERSION ?? vscode.version);
  });

  it('a repository is open', () => {
    const folder = vscode.workspace.workspaceFolders?.[0];
    assert.ok(folder);
    assert.equal(folder.uri.path.split('/').at(-1), 'work');
  });
});
