import type { SyntaxChecker } from '../implementer/index.ts';
import type { Clock, Disposable } from '../system/index.ts';

/** The one thread that reads what patches wrote, started by the first patch and shared by all of a repository. */
export class Checkers implements Disposable {
  readonly #clock: Clock;
  #made: SyntaxChecker | undefined;
  #disposed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async syntax(): Promise<SyntaxChecker> {
    const { createSyntaxChecker } = await import('../implementer/index.ts');
    this.#made ??= createSyntaxChecker({ clock: this.#clock });
    if (this.#disposed) this.#made.dispose();
    return this.#made;
  }

  dispose(): void {
    this.#disposed = true;
    this.#made?.dispose();
  }
}
