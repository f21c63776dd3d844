import * as assert from 'node:assert/strict';
import manifest from '../../../package.json' with { type: 'json' };
import { vscodeVersion } from '../../../scripts/vscode/install.ts';

describe('the oldest VS Code', () => {
  it('that the full tests run in is the one the manifest promises, and the one the types are of', () => {
    const [major, minor] = vscodeVersion('oldest').split('.');
    assert.equal(manifest.engines.vscode, `^${major}.${minor}.0`);
    assert.equal(manifest.devDependencies['@types/vscode'], `${major}.${minor}.0`);
  });
});
