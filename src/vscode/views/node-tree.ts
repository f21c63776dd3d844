import * as vscode from 'vscode';
import { commandId } from '../commands/ids.ts';
import type { Target } from '../commands/target.ts';
import { withoutIcons } from '../format.ts';
import { treeChanges } from './tree-changes.ts';
import { itemId, type TreeNode } from './tree-node.ts';

/**
 * One line as VS Code holds it: the same object as long as the line is there under one id, whatever it says by now. Under
 * another id it is another object: VS Code takes a line whose id changed for several, and shows them in wrong places.
 */
export class TreeLine {
  node: TreeNode;

  constructor(node: TreeNode) {
    this.node = node;
  }

  /** What commands read of the line that was clicked. */
  get target(): Target | undefined {
    return this.node.target;
  }

  get copy(): string | undefined {
    return this.node.copy;
  }
}

/** Shows a tree of plain nodes in a view. */
export class NodeTree implements vscode.TreeDataProvider<TreeLine>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<TreeLine[] | undefined>();
  readonly #lines = new Map<string, TreeLine>();
  readonly #parents = new Map<string, string>();
  #roots: readonly TreeNode[] = [];
  #shown = '';
  readonly onDidChangeTreeData = this.#changed.event;

  /** Replaces what is shown; does nothing when it is the same. */
  set(roots: readonly TreeNode[]): void {
    const text = JSON.stringify(roots);
    if (text === this.#shown) return;
    const changes = treeChanges(this.#roots, roots);
    this.#shown = text;
    this.#roots = roots;
    this.#parents.clear();
    const known = new Set<string>();
    this.#note(roots, known);
    for (const id of this.#lines.keys()) if (!known.has(id)) this.#lines.delete(id);
    // Together: a line that went from one parent to another must be gone there before it comes here.
    this.#changed.fire(changes === 'all' ? undefined : changes.flatMap((id) => this.#lines.get(id) ?? []));
  }

  get roots(): readonly TreeNode[] {
    return this.#roots;
  }

  getChildren(line?: TreeLine): TreeLine[] {
    const nodes = (line ? line.node.children : this.#roots) ?? [];
    return nodes.flatMap((node) => this.#lines.get(itemId(node)) ?? []);
  }

  getParent(line: TreeLine): TreeLine | undefined {
    const parent = this.#parents.get(itemId(line.node));
    return parent === undefined ? undefined : this.#lines.get(parent);
  }

  getTreeItem(line: TreeLine): vscode.TreeItem {
    const { node } = line;
    const children = node.children ?? [];
    const folds = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(
      withoutIcons(node.label),
      children.length === 0 ? folds.None : node.expanded ? folds.Expanded : folds.Collapsed,
    );
    item.id = itemId(node);
    if (node.description !== undefined) item.description = withoutIcons(node.description);
    if (node.tooltip !== undefined) {
      const tooltip = new vscode.MarkdownString(node.tooltip);
      tooltip.isTrusted = false;
      tooltip.supportHtml = false;
      item.tooltip = tooltip;
    }
    if (node.icon)
      item.iconPath = new vscode.ThemeIcon(node.icon, node.color ? new vscode.ThemeColor(node.color) : undefined);
    if (node.context !== undefined) item.contextValue = node.context;
    if (node.command) item.command = { command: commandId(node.command), title: node.label, arguments: [line] };
    return item;
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #note(nodes: readonly TreeNode[], known: Set<string>): void {
    for (const node of nodes) {
      const id = itemId(node);
      known.add(id);
      const line = this.#lines.get(id);
      if (line) line.node = node;
      else this.#lines.set(id, new TreeLine(node));
      for (const child of node.children ?? []) this.#parents.set(itemId(child), id);
      this.#note(node.children ?? [], known);
    }
  }
}
