import { type Base, type Config, isHumanError, smokeOf } from '../domain/index.ts';
import { readyToRun } from './agree.ts';
import { modelConfig, type Parts, requireBase } from './parts.ts';

/** Who stands behind a patch that is still being made: nobody looks at it before it runs, or a person wrote it. */
export interface Behind {
  readonly unattended?: boolean | undefined;
  readonly byHand?: boolean;
}

/**
 * Whether a patch that nobody has approved may run its smoke command: a person's own may, a model's where a search
 * approves every patch by itself, or where the person said so.
 */
export function maySmoke(
  policy: Config['implementer']['smoke_runs'],
  { unattended = false, byHand = false }: Behind,
): boolean {
  return policy === 'always' || (policy === 'unattended' && (unattended || byHand));
}

/** Whether a candidate of this base is tried on a box before it is ready. */
export async function smokes(parts: Parts, base: Pick<Base, 'environment'>, behind: Behind): Promise<boolean> {
  if (!smokeOf(base.environment)) return false;
  return maySmoke((await modelConfig(parts)).implementer.smoke_runs, behind);
}

/**
 * Asks for what a smoke run needs, where a candidate of this base may be tried. A no refuses nothing but that run: the
 * patch then says that none was made.
 * @returns whether a candidate may be tried
 */
export async function agreeToSmoke(parts: Parts, base: number, behind: Behind): Promise<boolean> {
  if (!(await smokes(parts, await requireBase(parts, base), behind))) return false;
  try {
    await readyToRun(parts, base);
  } catch (error) {
    if (!isHumanError(error)) throw error;
  }
  return true;
}
