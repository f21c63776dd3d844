import { addBase, addRun, openTestStore } from '../../support/store.ts';

/**
 * A process that wants to drive: asks for the lease until it has it, says so, then writes a run every few
 * milliseconds and prints its id, until the store refuses. With `wait` it writes one run and the next only when the
 * lease has changed hands.
 * Arguments: the database, its name, optionally `wait`.
 */
async function main(): Promise<void> {
  const [file, name, wait] = process.argv.slice(2);
  if (!file || !name) throw new Error('leader.entry FILE NAME');
  const store = await openTestStore(file);
  const base = await addBase(store);
  let lease = await store.acquireLease(name);
  while (!lease) {
    await new Promise((resolve) => store.onDidChange(resolve) && setTimeout(resolve, 50));
    lease = await store.acquireLease(name);
  }
  const own = String(lease.generation);
  const taken = new Promise<void>((resolve) => {
    store.onDidChange((changes) => {
      if (changes.some((change) => change.table === 'lease' && change.key !== own)) resolve();
    });
  });
  // The store alone keeps no process alive.
  const alive = setInterval(() => {}, 1000);
  console.log(`leads ${lease.generation}`);
  while (alive) {
    const run = await addRun(store, lease, base.id, { seed: lease.generation });
    console.log(`wrote ${run.id}`);
    if (wait) await taken;
  }
}

main().catch((error: unknown) => {
  console.log(`failed ${(error as { code?: string }).code} ${(error as Error).message}`);
  process.exit(1);
});
