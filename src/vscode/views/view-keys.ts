import type { CommandName } from '../commands/ids.ts';
import type { TreeNode } from './tree-node.ts';

export type KeyView = 'ideas' | 'runs';
export type ViewKey = 'open' | 'remove' | 'accept' | 'edit';

type Choices = readonly (readonly [flag: string, command: CommandName])[];

/**
 * What a key does to a line, by what the line allows: the first that fits. None begins what costs money or a GPU without
 * asking: a patch is opened by a key only when it is there.
 */
const KEYS: Readonly<Record<KeyView, Readonly<Partial<Record<ViewKey, Choices>>>>> = {
  ideas: {
    open: [
      ['canApprove', 'reviewIdea'],
      ['canFinish', 'reviewIdea'],
      ['canContinue', 'showAttempts'],
    ],
    remove: [
      ['undecided', 'rejectFile'],
      ['canReject', 'rejectIdea'],
    ],
    accept: [
      ['undecided', 'acceptFile'],
      ['canFinish', 'finishByHand'],
      ['canApprove', 'approve'],
    ],
    edit: [['canEdit', 'editIdea']],
  },
  runs: {
    remove: [['canCancel', 'cancelRun']],
    accept: [['canConfirm', 'confirmResult']],
  },
};

/** What is said where a key has nothing to do. */
export const NOTHING: Readonly<Record<ViewKey, string>> = {
  open: 'There is nothing to open here',
  remove: 'There is nothing to reject or cancel here',
  accept: 'There is nothing to approve here',
  edit: 'There is nothing to edit here',
};

/** The command that a key means on a line; undefined where the line has no use for it. */
export function commandOfKey(view: KeyView, key: ViewKey, node: Pick<TreeNode, 'context'>): CommandName | undefined {
  const allowed = new Set(node.context?.split(' '));
  return KEYS[view][key]?.find(([flag]) => allowed.has(flag))?.[1];
}

export interface Pressed {
  readonly view: KeyView;
  readonly key: ViewKey;
}

/** Whether the argument of a key in package.json is one of ours. */
export function isPressed(value: unknown): value is Pressed {
  const { view, key } = (value ?? {}) as Partial<Pressed>;
  return view !== undefined && key !== undefined && Object.hasOwn(KEYS, view) && Object.hasOwn(NOTHING, key);
}
