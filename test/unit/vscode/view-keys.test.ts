import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { commandOfKey, isPressed } from '../../../src/vscode/views/view-keys.ts';

interface Key {
  readonly command: string;
  readonly key: string;
  readonly when: string;
  readonly args?: unknown;
}

const { contributes } = JSON.parse(readFileSync(path.resolve('package.json'), 'utf8')) as {
  readonly contributes: { readonly keybindings: readonly Key[] };
};

describe('keys in the views', () => {
  it('do what the line under the cursor allows', () => {
    const on = (context: string) =>
      (['open', 'remove', 'accept', 'edit'] as const).map((key) => commandOfKey('ideas', key, { context }));
    assert.deepEqual(on('idea canEdit canReview canApprove canReject'), [
      'reviewIdea',
      'rejectIdea',
      'approve',
      'editIdea',
    ]);
    assert.deepEqual(on('idea canEdit canReview canFinish canReject'), [
      'reviewIdea',
      'rejectIdea',
      'finishByHand',
      'editIdea',
    ]);
    assert.deepEqual(on('reviewFile undecided'), [undefined, 'rejectFile', 'acceptFile', undefined]);
    assert.deepEqual(on('reviewFile'), [undefined, undefined, undefined, undefined]);
    assert.deepEqual(on('round'), [undefined, undefined, undefined, undefined]);
  });

  it('show why an idea failed, and start no model and no run', () => {
    assert.equal(commandOfKey('ideas', 'open', { context: 'idea canReview canContinue hasAttempts' }), 'showAttempts');
    const proposed = { context: 'idea canEdit canReview canImplement canReject canPin' };
    assert.equal(commandOfKey('ideas', 'open', proposed), undefined);
    assert.equal(commandOfKey('ideas', 'accept', proposed), undefined);
    assert.equal(commandOfKey('ideas', 'accept', { context: 'idea canRun canApply' }), undefined);
  });

  it('cancel a run that goes on and confirm one that is doubted', () => {
    assert.equal(commandOfKey('runs', 'remove', { context: 'run canCancel' }), 'cancelRun');
    assert.equal(commandOfKey('runs', 'remove', { context: 'run canReplicate' }), undefined);
    assert.equal(commandOfKey('runs', 'accept', { context: 'run canReplicate canConfirm' }), 'confirmResult');
  });

  it('belong to our focused view or to our review, so that none takes a key of VS Code elsewhere', () => {
    const pressed = contributes.keybindings.filter(({ command }) => command === 'research.pressKey');
    assert.equal(pressed.length, 6);
    for (const { key, when, args } of pressed) {
      assert.ok(isPressed(args), key);
      assert.equal(when, `focusedView == research.${args.view} && listFocus && !inputFocus`);
    }
    for (const { command, when } of contributes.keybindings.filter((one) => !pressed.includes(one))) {
      assert.ok(when.includes('resourcePath in research.reviewFiles'), command);
    }
    assert.ok(!isPressed({ view: 'boxes', key: 'open' }));
    assert.ok(!isPressed({ view: 'ideas', key: 'constructor' }));
    assert.ok(!isPressed(null));
  });
});
