import { parentPort, workerData } from 'node:worker_threads';
import { realClock, realFiles, realProcesses } from '../system/index.ts';
import type { Owner } from './context.ts';
import { type Dispatcher, dispatcher } from './dispatcher.ts';
import { openDatabase } from './open-database.ts';
import { type FromWorker, packError, type ToWorker, type WorkerStart } from './wire.ts';

/** How often other processes' commits are looked for. */
const POLL_MS = 150;

/** The store's worker thread: SQLite blocks, so it blocks here and not where the window is drawn. */
async function main(): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error('the store worker runs as a worker thread');
  const start = workerData as WorkerStart;
  const post = (message: FromWorker): void => port.postMessage(message);

  const owner: Owner = {
    token: start.token,
    pid: start.pid,
    started: realProcesses.startTime(start.pid),
    machine: realProcesses.machine(start.hostname),
  };
  const { sql, setAside } = await openDatabase(realFiles, start.file, start.rollbackJournal, realClock.now());
  const dispatch: Dispatcher = dispatcher(sql, start.file, owner, (pid, started) => realProcesses.alive(pid, started));

  const tell = (): void => {
    try {
      const changes = dispatch.changes();
      if (changes.length > 0) post({ kind: 'changes', changes });
    } catch {
      // Locked or gone for the moment; the next look, or the next call, tells.
    }
  };
  const poll = realClock.every(POLL_MS, tell);

  port.on('message', (message: ToWorker) => {
    if (message.kind === 'close') {
      poll.dispose();
      sql.database.close();
      port.close();
      return;
    }
    try {
      post({ kind: 'result', id: message.id, value: dispatch.call(message.name, message.args, message.now) });
    } catch (error) {
      post({ kind: 'error', id: message.id, error: packError(error) });
    }
    tell();
  });
  post({ kind: 'opened', setAside });
}

main().catch((error: unknown) => {
  parentPort?.postMessage({ kind: 'refused', error: packError(error) } satisfies FromWorker);
  parentPort?.close();
});
