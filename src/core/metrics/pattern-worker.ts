import { parentPort, workerData } from 'node:worker_threads';
import type { PatternAnswer, PatternBatch, PatternStart } from './pattern-host.ts';

/**
 * The thread that runs the repo's own regular expressions. It may hang: the host watches `current`, which says which
 * pattern is at work, ends the thread and goes on without that pattern.
 */
const { patterns, current: shared } = workerData as PatternStart;
const current = new Int32Array(shared);
const expressions = patterns.map((pattern) => new RegExp(pattern));

parentPort?.on('message', ({ id, lines }: PatternBatch) => {
  const found = lines.map((line) => {
    const groups: [string, string][] = [];
    for (const [index, expression] of expressions.entries()) {
      Atomics.store(current, 0, index);
      for (const [name, text] of Object.entries(expression.exec(line)?.groups ?? {})) {
        if (text !== undefined) groups.push([name, text]);
      }
    }
    return groups;
  });
  parentPort?.postMessage({ id, found } satisfies PatternAnswer);
});
parentPort?.postMessage('ready');
