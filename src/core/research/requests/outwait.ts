import { isHumanError } from '../../domain/index.ts';
import type { Job } from './index.ts';

/** What passes by itself or is mended without us: the same question may be asked again. */
const AWAY = new Set(['model-unreachable', 'model-rate-limited', 'model-cut', 'model-unavailable']);
/** Seconds between two tries: soon at first, for a server that is being restarted; then seldom, for a night. */
const WAITS = [2, 10, 60, 300, 900];

/** True for the code of a failure of the way to a model, or of its server; what was asked is as good as before. */
export function isAway(code: string | undefined): boolean {
  return AWAY.has(code ?? '');
}

/**
 * Does work that asks a model, again and again while its server is away, with the same keys: what was answered is not
 * paid again. A server that has not answered since `since` is not waited for: its address may be wrong.
 * @param enough gives true once waiting is over; the failure is thrown then
 * @throws what the work throws; the signal's reason
 */
export async function outwaitModel<T>(
  { parts, signal }: Pick<Job, 'parts' | 'signal'>,
  since: number,
  say: (text: string) => Promise<void>,
  enough: () => Promise<boolean>,
  work: () => Promise<T>,
): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!isHumanError(error) || !isAway(error.code)) throw error;
      const calls = await parts.store.calls({ since });
      if (!calls.some((call) => call.state === 'answered') || (await enough())) throw error;
      const seconds = WAITS[Math.min(tries, WAITS.length - 1)] ?? 0;
      await say(
        `waiting for the model, next try in ${seconds < 60 ? `${seconds} s` : `${seconds / 60} min`}: ${error.message}`,
      );
      await parts.system.clock.sleep(seconds * 1000, signal);
    }
  }
}
