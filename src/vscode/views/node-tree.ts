import * as vscode from 'vscode';
import { commandId } from '../commands/ids.ts';
import type { TreeNode } from './tree-node.ts';

/** Shows a tree of plain nodes in a view. */
export class NodeTree implements vscode.TreeDataProvider<TreeNode>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #parents = new Map<string, TreeNode>();
  #roots: readonly TreeNode[] = [];
  #shown = '';
  readonly onDidChangeTreeData = this.#changed.event;

  /** Replaces what is shown; does nothing when it is the same. */
  set(roots: readonly TreeNode[]): void {
    const text = JSON.stringify(roots);
    if (text === this.#shown) return;
    this.#shown = text;
    this.#roots = roots;
    this.#parents.clear();
    this.#note(roots);
    this.#changed.fire(undefined);
  }

  get roots(): readonly TreeNode[] {
    return this.#roots;
  }

  getChildren(node?: TreeNode): TreeNode[] {
    return [...((node ? node.children : this.#roots) ?? [])];
  }

  getParent(node: TreeNode): TreeNode | undefined {
    return this.#parents.get(node.id);
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    const children = node.children ?? [];
    const folds = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(
      node.label,
      children.length === 0 ? folds.None : node.expanded ? folds.Expanded : folds.Collapsed,
    );
    // An id that says whether it is unfolded at first: VS Code keeps the fold of an id it knows, and a node that had
    // nothing to unfold yet counts as folded.
    item.id = node.expanded && children.length > 0 ? `${node.id}#open` : node.id;
    if (node.description !== undefined) item.description = node.description;
    if (node.tooltip !== undefined) {
      const tooltip = new vscode.MarkdownString(node.tooltip);
      tooltip.isTrusted = false;
      tooltip.supportHtml = false;
      item.tooltip = tooltip;
    }
    if (node.icon)
      item.iconPath = new vscode.ThemeIcon(node.icon, node.color ? new vscode.ThemeColor(node.color) : undefined);
    if (node.context !== undefined) item.contextValue = node.context;
    if (node.command) item.command = { command: commandId(node.command), title: node.label, arguments: [node] };
    return item;
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #note(nodes: readonly TreeNode[]): void {
    for (const node of nodes) {
      for (const child of node.children ?? []) this.#parents.set(child.id, node);
      this.#note(node.children ?? []);
    }
  }
}
