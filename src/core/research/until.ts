import type { Store } from '../store/index.ts';

/**
 * Looks again after every change of the store until there is an answer.
 * @throws what the look throws; the signal's reason
 */
export function untilAnswer<T>(
  store: Pick<Store, 'onDidChange'>,
  look: () => Promise<T | undefined>,
  signal: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let looking = false;
    let again = false;
    const end = (settle: () => void) => {
      subscription.dispose();
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = () => end(() => reject(signal.reason));
    const check = async () => {
      if (looking) {
        again = true;
        return;
      }
      looking = true;
      try {
        do {
          again = false;
          const answer = await look();
          if (answer !== undefined) return end(() => resolve(answer));
        } while (again);
      } catch (error) {
        end(() => reject(error));
      } finally {
        looking = false;
      }
    };
    const subscription = store.onDidChange(() => void check());
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    else void check();
  });
}
