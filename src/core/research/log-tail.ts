import type { Run } from '../domain/index.ts';
import { withoutSecrets } from '../environment/index.ts';
import { logFile, type Parts } from './parts.ts';

/** What launchers and trackers say after the error itself may be longer than what a model is told. */
const LEAST_BYTES = 64 * 1024;

/**
 * The last lines of a run's log as a model is told them: at most so many characters, less what says nothing of why it
 * ended, and what looks like a key or a password taken out: programs print their settings.
 */
export async function logTail({ repository, system }: Parts, run: Run, characters: number): Promise<string> {
  // A character may be four bytes.
  const from = Math.max(0, run.logBytes - Math.max(LEAST_BYTES, 4 * characters));
  const bytes = await system.files.readRange(logFile(repository, run.id), from, run.logBytes - from);
  const { boundedTail } = await import('../ideator/index.ts');
  // Before it is bounded: a key that is cut in two would no longer look like one.
  return boundedTail(withoutSecrets(bytes.toString('utf8')).text, characters);
}
