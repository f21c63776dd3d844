import { HumanError, isHumanError } from '../../domain/index.ts';

/** Stands as the cause of an error that the library met and the system's ssh would not. */
class SystemCan extends Error {}

/** An error of the library whose way around is the system's own ssh. `why`: what the library lacks, in words. */
export function systemCould(message: string, code: 'ssh-unsupported' | 'host-key' | 'auth', why: string): HumanError {
  return new HumanError(message, { code, cause: new SystemCan(why) });
}

/** What the library lacked, where the system's ssh may do better; undefined for any other error. */
export function whySystemCould(error: unknown): string | undefined {
  return isHumanError(error) && error.cause instanceof SystemCan ? error.cause.message : undefined;
}
