import {
  applyAnswer,
  checkChanges,
  checkConfigs,
  checkPython,
  createSyntaxChecker,
} from '../../../src/core/implementer/index.ts';
import { realClock } from '../../../src/core/system/index.ts';

export interface Refused {
  readonly code: string;
  readonly message: string;
}

export type Outcome =
  | { readonly ok: true; readonly changes: ReadonlyMap<string, string | null> }
  | { readonly ok: false; readonly refusals: readonly Refused[] };

export interface Answered {
  readonly answer: string;
  readonly truncated: boolean;
  readonly files: ReadonlyMap<string, string>;
  readonly protected: readonly string[];
}

/**
 * What the product makes of an answer before a person sees it: the applier, then the gates that need neither a box nor
 * a metric's name. The syntax checker is the product's own, from the built bundle; end it with `dispose`.
 */
export class ProductApplier {
  readonly #checker = createSyntaxChecker({ clock: realClock });

  async apply({ answer, truncated, files, ...rules }: Answered): Promise<Outcome> {
    const applied = applyAnswer(files, answer, { truncated });
    if (!applied.ok) return applied;
    const environment = { editable: ['**'], protected: [...rules.protected], protected_regions: [] };
    const { changes, renames } = applied;
    const bounds = refusing(checkChanges(files, changes, environment));
    if (bounds.length > 0) return { ok: false, refusals: bounds };
    const found = [
      ...(await checkPython(files, changes, this.#checker, renames)),
      ...(await checkConfigs(files, changes, this.#checker, renames)),
    ];
    const unread = found.find((one) => one.code === 'not-checked');
    if (unread) throw new Error(unread.message);
    // An undefined name is the gates' matter; here it is about whether an answer was applied as it was meant.
    const refusals = refusing(found).filter((one) => one.code === 'syntax');
    return refusals.length > 0 ? { ok: false, refusals } : { ok: true, changes };
  }

  dispose(): void {
    this.#checker.dispose();
  }
}

function refusing<T extends { readonly severity: string }>(findings: readonly T[]): T[] {
  return findings.filter((one) => one.severity === 'error');
}
