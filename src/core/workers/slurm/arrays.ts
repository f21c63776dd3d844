import type { Shipment } from '../types.ts';

/** Runs that differ in their seed only, together: each list becomes one array. Keeps the order. */
export function arraysOf(shipments: readonly Shipment[]): Shipment[][] {
  const groups = new Map<string, Shipment[]>();
  for (const shipment of shipments) {
    const { repo, commit, trusted, purpose, environment, inputs, startBefore, secrets } = shipment;
    const contents = inputs.map(({ path, sha256 }) => [path, sha256]);
    const key = JSON.stringify([
      repo,
      commit,
      trusted,
      purpose,
      environment,
      contents,
      startBefore,
      Object.keys(secrets),
    ]);
    const group = groups.get(key);
    if (group) group.push(shipment);
    else groups.set(key, [shipment]);
  }
  return [...groups.values()];
}
