import * as assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Research } from '../../src/core/research.ts';
import type { ExtensionApi } from '../../src/extension.ts';
import { activated, until } from './extension.ts';
import { type Control, leaveModels, takeModels } from './language-models.ts';

const shown = () => vscode.window.activeTextEditor?.document;

/** What a person does where a model does not get there, by the commands of the views. */
describe('a person steers', () => {
  let api: ExtensionApi;
  let research: Research;
  let control: Control;
  let idea: number;

  const candidate = async (id: string) => {
    const nodes = (await research.state()).rounds.flatMap(({ ideas }) => ideas);
    return nodes.flatMap((node) => node.candidates).find((one) => one.id === id);
  };

  before(async () => {
    api = await activated();
    research = await api.session.research();
    control = await takeModels(research.root);
    // Nobody can answer here whether a patch may be tried on a box.
    const config = path.join(process.env.XDG_CONFIG_HOME ?? '', 'research-copilot');
    mkdirSync(config, { recursive: true });
    writeFileSync(path.join(config, 'config.yaml'), 'implementer: { smoke_runs: off }\n');
    control.offer([{ id: 'only-1', family: 'only' }]);
    await until(
      'the model',
      vscode.lm.onDidChangeChatModels,
      async () => (await vscode.lm.selectChatModels()).length === 1,
    );
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await leaveModels(control);
    rmSync(path.join(process.env.XDG_CONFIG_HOME ?? '', 'research-copilot/config.yaml'));
    await api.session.refresh();
  });

  it('Show Attempts opens every answer of a candidate that failed, with what came of each', async () => {
    control.answer = 'train.py\n```python\n<<<<<<< SEARCH\nno such line\n=======\nx = 1\n>>>>>>> REPLACE\n```\n';
    ({ id: idea } = await research.addIdea({ title: 'Do nothing', details: 'As it says.' }));
    await assert.rejects(research.implement(idea), { code: 'no-match' });
    const attempts = await research.attempts(`${idea}.1`);
    assert.ok(attempts.length >= 2);
    await vscode.commands.executeCommand('research.showAttempts', { idea });
    await until('the attempts', vscode.window.onDidChangeActiveTextEditor, () =>
      shown()?.getText().includes('## Attempt 1'),
    );
    const text = shown()?.getText() ?? '';
    assert.equal(text.split('no such line\n=======').length - 1, attempts.length, 'each answer in full');
    assert.match(text, /no-match/);
    const uri = shown()?.uri;
    assert.equal(uri && vscode.workspace.fs.isWritableFileSystem(uri.scheme), undefined);
    const links =
      uri && (await vscode.commands.executeCommand<vscode.DocumentLink[]>('vscode.executeLinkProvider', uri));
    assert.ok((links ?? []).filter((link) => link.target?.scheme === 'research-calls').length >= attempts.length);
  });

  it('Continue by Hand opens a folder to write in, and Finish takes it through the same gates', async () => {
    const begun = vscode.commands.executeCommand('research.continueByHand', { candidate: `${idea}.1` });
    // It asks which file to begin with: the first is taken, as Enter does.
    await until('a file to write in', vscode.window.onDidChangeActiveTextEditor, async () => {
      await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      return shown()?.uri.path.includes('/.research/review/');
    });
    await begun;
    const handle = (await research.reviews()).find((one) => one.idea.id === idea);
    assert.ok(handle);
    assert.equal(handle.candidate.byHand, true);
    const file = path.join(handle.review.folder, 'train.py');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, `${text}\nundefined_name_here()\n`);
    await assert.rejects(research.finishByHand(handle.candidate.id), {
      code: 'gate-refused',
      message: /undefined_name_here/,
    });
    assert.equal((await candidate(handle.candidate.id))?.state, 'implementing', 'an error of a gate stops it');
    writeFileSync(file, `${text}\nMARK = 1\n`);
    await vscode.commands.executeCommand('research.finishByHand', { candidate: handle.candidate.id });
    const made = await candidate(handle.candidate.id);
    assert.deepEqual([made?.state, made?.revises, made?.byHand], ['ready', `${idea}.1`, true]);
  });

  it('a file that moved is one line and one decision, and its diff is against what it was', async () => {
    control.answer = [
      ...['*** Begin Patch', '*** Update File: model.py', '*** Move to: network.py', '@@'],
      ...['-INIT_SCALE = 0.5  # spread of the first weights', '+INIT_SCALE = 0.4  # spread of the first weights'],
      ...['*** Update File: train.py', '@@', '-from model import Model', '+from network import Model'],
      ...['*** End Patch', ''],
    ].join('\n');
    const { id } = await research.addIdea({ title: 'Another name', details: 'As it says.' });
    await vscode.commands.executeCommand('research.reviewIdea', { idea: id });
    const review = await until('the review', api.reviews.onDidChange, () =>
      api.reviews.all.find((one) => one.handle.idea.id === id),
    );
    const lines = () =>
      api.views.trees.ideas.flatMap((round) => round.children ?? []).find((one) => one.target?.idea === id)?.children;
    const shownLines = await until('its files', api.reviews.onDidChange, () => (lines()?.length ?? 0) > 0 && lines());
    assert.deepEqual(
      shownLines.map((line) => line.target?.path),
      ['network.py', 'train.py'],
    );
    assert.match(shownLines[0]?.description ?? '', /^\+1 −1 · 2 hunks to decide · from model\.py$/);
    await vscode.commands.executeCommand('research.openReviewFile', { candidate: review.id, path: 'network.py' });
    const tab = await until('its diff', vscode.window.tabGroups.onDidChangeTabs, () =>
      vscode.window.tabGroups.all
        .flatMap((group) => group.tabs)
        .find((one) => one.label.startsWith('model.py → network.py')),
    );
    assert.ok(tab.input instanceof vscode.TabInputTextDiff);
    const left = (await vscode.workspace.openTextDocument(tab.input.original)).getText();
    assert.match(left, /INIT_SCALE = 0\.5/);
    await vscode.commands.executeCommand('research.acceptFile', { candidate: review.id, path: 'network.py' });
    assert.deepEqual(
      review.undecided.map((one) => one.path),
      ['train.py'],
    );
    const names = (await review.handle.review.accepted()).map(({ path: name, kind }) => `${kind} ${name}`);
    assert.deepEqual(names.sort(), ['added network.py', 'deleted model.py']);
    await research.rejectIdea(id, 'A test.');
  });

  it('Edit Brief opens what the next round will read', async () => {
    await vscode.commands.executeCommand('research.editBrief');
    const { file, text } = await research.brief();
    await until('the brief', vscode.window.onDidChangeActiveTextEditor, () => shown()?.uri.fsPath === file);
    assert.ok(
      shown()
        ?.getText()
        .includes(text.trim().split('\n')[0] ?? ''),
    );
  });
});
