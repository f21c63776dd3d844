import { isHumanError } from '../../domain/index.ts';

/** The process goes away, or another one drives: the work is not over, and whoever drives next goes on with it. */
export function isHandedOver(reason: unknown): boolean {
  return isHumanError(reason) && (reason.code === 'closing' || reason.code === 'lease-lost');
}
