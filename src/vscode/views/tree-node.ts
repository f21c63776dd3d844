import type { CommandName } from '../commands/ids.ts';
import type { Target } from '../commands/target.ts';

/** One line of a tree view, as plain data: what is shown is decided by pure functions and tested without VS Code. */
export interface TreeNode {
  /** Stable over refreshes, so that what is unfolded and selected stays so. */
  readonly id: string;
  readonly label: string;
  readonly description?: string;
  /** Markdown of our own making; what comes from elsewhere in it is escaped. */
  readonly tooltip?: string;
  /** A codicon and, where it says something, a theme colour. */
  readonly icon?: string;
  readonly color?: string;
  /** Words that `when` clauses look for: `idea canReview canRun`. */
  readonly context?: string;
  readonly target?: Target;
  /** What a click does; its argument is the node. */
  readonly command?: CommandName;
  /** What *Copy Fix* puts on the clipboard. */
  readonly copy?: string;
  readonly expanded?: boolean;
  readonly children?: readonly TreeNode[];
}

/**
 * What VS Code knows a line by: an id that says whether it is unfolded at first. It keeps the fold of an id it knows, and
 * a node that had nothing to unfold yet counts as folded.
 */
export function itemId({ id, expanded, children = [] }: TreeNode): string {
  return expanded && children.length > 0 ? `${id}#open` : id;
}

export function flags(...words: readonly (string | false | undefined)[]): string {
  return words.filter(Boolean).join(' ');
}
