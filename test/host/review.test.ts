import * as assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Hunk } from '../../src/core/git/types.ts';
import type { ExtensionApi } from '../../src/extension.ts';
import type { OpenReview } from '../../src/vscode/review/open-review.ts';
import { activated, until } from './extension.ts';

function git(folder: string, ...args: readonly string[]): string {
  return execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8' });
}

interface GitApi {
  readonly repositories: readonly { readonly rootUri: vscode.Uri }[];
}

function gitApi(): GitApi {
  return vscode.extensions.getExtension('vscode.git')?.exports.getAPI(1);
}

/** What a review comes to: the index as a tree, and the file as it is on disk. */
function outcome(review: OpenReview, file: string): { readonly index: string; readonly disk: string } {
  return { index: git(review.folder, 'write-tree').trim(), disk: readFileSync(path.join(review.folder, file), 'utf8') };
}

function hunks(review: OpenReview, file: string): readonly Hunk[] {
  return review.undecidedOf(file)?.hunks ?? [];
}

/** A hunk as the editor names a change: 1-based, an end of 0 where a side has no line. */
function lineChange(hunk: Hunk) {
  return {
    originalStartLineNumber: hunk.oldStart,
    originalEndLineNumber: hunk.oldCount === 0 ? 0 : hunk.oldStart + hunk.oldCount - 1,
    modifiedStartLineNumber: hunk.newStart,
    modifiedEndLineNumber: hunk.newCount === 0 ? 0 : hunk.newStart + hunk.newCount - 1,
  };
}

/** The Git extension shows a new index after a moment; a person sees it before they press a button. */
async function leftSideShows(review: OpenReview, file: string): Promise<void> {
  const index = git(review.folder, 'cat-file', 'blob', `:${file}`);
  await until('the left side', vscode.workspace.onDidChangeTextDocument, () =>
    vscode.workspace.textDocuments.some(
      (one) => one.uri.scheme === 'git' && one.uri.path === review.fileUri(file).path && one.getText() === index,
    ),
  );
}

describe('reviewing an idea', () => {
  let api: ExtensionApi;
  let review: OpenReview;
  const file = 'train.py';
  let mine: string;

  before(async () => {
    api = await activated();
    const root = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
    mine = git(root, 'status', '--porcelain') + git(root, 'rev-parse', 'HEAD') + git(root, 'write-tree');
  });

  it('ideas come into the view, and it says that no model made them', async () => {
    await vscode.commands.executeCommand('research.generateIdeas');
    const roots = await until('ideas', api.session.onDidChange, () => {
      const [round] = api.views.trees.ideas;
      return (round?.children?.length ?? 0) > 1 && api.views.trees.ideas;
    });
    assert.equal(roots[0]?.label, 'Round 0');
    assert.match(api.views.ideasMessage ?? '', /no model is configured/);
  });

  it('Review implements the idea first and opens its patch', async () => {
    const idea = api.views.trees.ideas[0]?.children?.[0];
    await vscode.commands.executeCommand('research.reviewIdea', idea);
    review = await until('the review', api.reviews.onDidChange, () => api.reviews.all[0]);
    assert.ok(review.native, 'the Git extension opened the review worktree');
    assert.ok(review.undecided.length > 0);
    await until('the diff of the whole idea', vscode.window.tabGroups.onDidChangeTabs, () =>
      vscode.window.tabGroups.all.some((group) => group.tabs.some((tab) => tab.label.startsWith(review.title))),
    );
    const node = api.views.trees.ideas[0]?.children?.find((one) => one.target?.idea === review.handle.idea.id);
    assert.match(node?.description ?? '', /in review/);
    assert.deepEqual(
      node?.children?.map((child) => child.target?.path),
      review.handle.files.map((one) => one.path),
    );
  });

  it('what the gates see in it stands on its line in the Problems panel, and goes with it', async () => {
    const target = path.join(review.folder, file);
    const good = readFileSync(target, 'utf8');
    const marks = () =>
      vscode.languages.getDiagnostics(review.fileUri(file)).filter((one) => one.source === 'Research Copilot');
    writeFileSync(target, `${good}\nprint(no_such_name)\n`);
    const line = good.split('\n').length;
    const [mark] = await until('the diagnostic', vscode.languages.onDidChangeDiagnostics, () => {
      const found = marks().filter((one) => one.code === 'undefined-name');
      return found.length > 0 && found;
    });
    assert.equal(mark?.range.start.line, line);
    assert.equal(mark?.severity, vscode.DiagnosticSeverity.Error);
    assert.match(mark?.message ?? '', /no_such_name/);
    writeFileSync(target, good);
    await until(
      'no diagnostic',
      vscode.languages.onDidChangeDiagnostics,
      () => !marks().some((one) => one.code === 'undefined-name'),
    );
  });

  it('what a person writes into the worktree is part of it', async () => {
    const target = path.join(review.folder, file);
    const lines = readFileSync(target, 'utf8').split('\n');
    lines.splice(0, 0, '# first');
    lines.splice(8, 0, '# second');
    lines.splice(lines.length - 3, 0, '# third');
    writeFileSync(target, lines.join('\n'));
    await until('three hunks', api.reviews.onDidChange, () => hunks(review, file).length >= 3);
  });

  it('the diff of the whole idea stays open beside that of a file', async () => {
    await vscode.commands.executeCommand('workbench.action.keepEditor');
    assert.ok(vscode.window.tabGroups.activeTabGroup.tabs.some((tab) => tab.label.startsWith(review.title)));
  });

  it('native Stage and Revert come to the same index and file as Accept and Reject', async () => {
    const before = outcome(review, file);
    const [accepted, rejected] = hunks(review, file) as [Hunk, Hunk];
    await vscode.commands.executeCommand('research.acceptHunk', {
      candidate: review.id,
      path: file,
      hunk: accepted.id,
    });
    const place = hunks(review, file).find((hunk) => hunk.lines.join() === rejected.lines.join());
    await vscode.commands.executeCommand('research.rejectHunk', { candidate: review.id, path: file, hunk: place?.id });
    const ours = outcome(review, file);
    assert.notDeepEqual(ours, before);
    await vscode.commands.executeCommand('research.undoReview', { candidate: review.id });
    await vscode.commands.executeCommand('research.undoReview', { candidate: review.id });
    assert.deepEqual(outcome(review, file), before);

    await vscode.commands.executeCommand('research.openReviewFile', { candidate: review.id, path: file });
    const editor = await until('the diff editor', vscode.window.onDidChangeVisibleTextEditors, () =>
      vscode.window.visibleTextEditors.find((one) => one.document.uri.toString() === review.fileUri(file).toString()),
    );
    await review.refresh();
    await leftSideShows(review, file);
    await until(
      'the right side',
      vscode.workspace.onDidChangeTextDocument,
      () => editor.document.getText() === before.disk,
    );
    const changes = hunks(review, file).map(lineChange);
    await vscode.commands.executeCommand('git.stageChange', editor.document.uri, changes, 0);
    await until('the staged hunk', api.reviews.onDidChange, () => outcome(review, file).index === ours.index);
    await review.refresh();
    await leftSideShows(review, file);
    const rest = hunks(review, file);
    assert.equal(rest.length, changes.length - 1);
    await vscode.commands.executeCommand('git.revertChange', editor.document.uri, rest.map(lineChange), 0);
    await until('the reverted hunk', api.reviews.onDidChange, () => outcome(review, file).disk === ours.disk);
    assert.deepEqual(outcome(review, file), ours);
    await until('the view to follow', api.reviews.onDidChange, () => hunks(review, file).length === changes.length - 2);
  });

  it('each undecided hunk has its Accept and Reject above it, on the proposed side only', async () => {
    const uri = review.fileUri(file);
    await vscode.workspace.openTextDocument(uri);
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', uri, 100);
    const ours = lenses.filter((lens) => lens.command?.command.startsWith('research.'));
    assert.equal(ours.length, 2 * hunks(review, file).length);
    const own = vscode.Uri.file(path.join(vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '', file));
    await vscode.workspace.openTextDocument(own);
    const outside = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', own, 100);
    assert.deepEqual(
      outside.filter((lens) => lens.command?.command.startsWith('research.')),
      [],
    );
  });

  it('Approve refuses while a hunk is undecided', async () => {
    assert.ok(review.undecided.length > 0);
    await vscode.commands.executeCommand('research.approve', { candidate: review.id });
    assert.equal(api.reviews.all.length, 1);
    const state = await api.session.now();
    assert.equal(candidate(state, review.id)?.state, 'ready');
  });

  it('Approve commits what was accepted, ends the review and closes what it opened', async () => {
    for (const open of review.undecided) {
      await vscode.commands.executeCommand('research.acceptFile', { candidate: review.id, path: open.path });
    }
    assert.deepEqual(review.undecided, []);
    const tree = git(review.folder, 'write-tree').trim();
    await vscode.commands.executeCommand('research.approve', { candidate: review.id });
    const state = await api.session.now();
    const approved = candidate(state, review.id);
    assert.equal(approved?.state, 'approved');
    assert.equal(git(state.root, 'rev-parse', `${approved?.approved}^{tree}`).trim(), tree);
    assert.deepEqual(api.reviews.all, []);
    const open = vscode.window.tabGroups.all.flatMap((group) => group.tabs.map((tab) => tab.label));
    assert.deepEqual(
      open.filter((label) => label.includes(`#${review.id}`)),
      [],
    );
    assert.deepEqual(
      gitApi()
        .repositories.filter((one) => one.rootUri.fsPath.includes('.research'))
        .map((one) => one.rootUri.fsPath),
      [],
    );
    assert.ok(gitApi().repositories.length > 0, "the person's own repository stays open");
  });

  it("the person's own branch, index and files are as they were", () => {
    const root = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
    assert.equal(git(root, 'status', '--porcelain') + git(root, 'rev-parse', 'HEAD') + git(root, 'write-tree'), mine);
  });
});

function candidate(state: Awaited<ReturnType<ExtensionApi['session']['now']>>, id: string) {
  return state.rounds
    .flatMap((round) => round.ideas)
    .flatMap((node) => node.candidates)
    .find((one) => one.id === id);
}
