import type { BoxNode } from '../core/research/index.ts';

/** The boxes that need a person and did not at the last look. `told` holds the names of those that do. */
export function newlyNeedy(
  told: Set<string>,
  boxes: readonly Pick<BoxNode, 'name' | 'problem'>[],
): { readonly name: string; readonly problem: string }[] {
  const needy = boxes.flatMap(({ name, problem }) => (problem === undefined ? [] : [{ name, problem }]));
  const fresh = needy.filter(({ name }) => !told.has(name));
  told.clear();
  for (const { name } of needy) told.add(name);
  return fresh;
}
