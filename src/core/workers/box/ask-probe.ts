import { type BoxOf, HumanError } from '../../domain/index.ts';
import type { Clock } from '../../system/index.ts';
import type { BoxReport } from '../types.ts';
import type { BoxCalls } from './calls.ts';

/** A box that says nothing for so long while it is asked how it is does not answer; each step of probe.sh is shorter. */
const IDLE_MS = 20_000;
/** For all of it, on an open connection. */
const WHOLE_MS = 60_000;

export interface ProbeOptions {
  readonly signal?: AbortSignal;
  /** What it said before: then only what changes by the minute is asked. */
  readonly last?: BoxReport;
  /** Milliseconds for all of it, once it is connected. */
  readonly wholeMs?: number;
}

/**
 * Asks a box how it is.
 * @throws HumanError `unreachable` also where it answers but does not come to an end
 */
export async function askProbe(
  calls: BoxCalls,
  box: BoxOf<'ssh'> | BoxOf<'slurm'>,
  clock: Clock,
  { signal, last, wholeMs = WHOLE_MS }: ProbeOptions = {},
): Promise<BoxReport> {
  const { parseClock, parseGlance, parseProbe } = await import('../probe.ts');
  // The first call pays for the connection, with a person's answers to its questions, and for the scripts.
  if (!last) await calls.call('probe', ['clock'], { signal, idleMs: IDLE_MS });
  const limit = AbortSignal.timeout(wholeMs);
  const call = { signal: signal ? AbortSignal.any([signal, limit]) : limit, idleMs: IDLE_MS };
  try {
    if (last) {
      const glance = parseGlance(await calls.text('probe', ['glance'], call), box, last, clock.now());
      if (glance === undefined) throw calls.cut();
      if (glance !== 'changed') return glance;
    }
    const before = clock.now();
    const start = clock.monotonic();
    const time = await calls.text('probe', ['clock'], call);
    const latencyMs = clock.monotonic() - start;
    const clockSkewMs = parseClock(time, before, before + latencyMs);
    const words = ['all', box.sandbox, box.sandbox_image ?? ''];
    const asked = { latencyMs, clockSkewMs, now: clock.now() };
    const report = parseProbe(await calls.text('probe', words, call), box, asked);
    if (!report) throw calls.cut();
    return report;
  } catch (error) {
    if (error !== limit.reason) throw error;
    throw new HumanError(
      `${calls.where} did not finish telling how it is in ${wholeMs / 1000} s. Something on it hangs: log in and look at its disks and its GPU driver.`,
      { code: 'unreachable' },
    );
  }
}
