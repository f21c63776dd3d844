import { itemId, type TreeNode } from './tree-node.ts';

/** What must be drawn again: everything, or the lines with these ids (each with what is beneath it). */
export type TreeChanges = 'all' | readonly string[];

/**
 * Which lines of a tree changed. A line whose words changed is drawn again alone: drawing all of it again would lose what
 * the pointer is on, and a click in that moment would act on nothing. Pure.
 */
export function treeChanges(before: readonly TreeNode[], after: readonly TreeNode[]): TreeChanges {
  if (!sameIds(before, after)) return 'all';
  const changed: string[] = [];
  const visit = (old: readonly TreeNode[], now: readonly TreeNode[]) => {
    now.forEach((node, index) => {
      const was = old[index];
      if (!was) return;
      const [ownBefore, ownAfter] = [withoutChildren(was), withoutChildren(node)];
      const [beneathBefore, beneathAfter] = [was.children ?? [], node.children ?? []];
      if (ownBefore !== ownAfter || !sameIds(beneathBefore, beneathAfter)) {
        changed.push(itemId(node));
        return;
      }
      visit(beneathBefore, beneathAfter);
    });
  };
  visit(before, after);
  return changed;
}

function sameIds(a: readonly TreeNode[], b: readonly TreeNode[]): boolean {
  return (
    a.length === b.length &&
    a.every((node, index) => {
      const other = b[index];
      return other !== undefined && itemId(node) === itemId(other);
    })
  );
}

function withoutChildren({ children: _, ...own }: TreeNode): string {
  return JSON.stringify(own);
}
