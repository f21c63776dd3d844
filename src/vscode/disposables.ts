import type { Disposable } from '../core/system/index.ts';

/** Owns things that must end together; ends them last come, first gone. Adding to an ended store ends the thing. */
export class DisposableStore implements Disposable {
  readonly #items: Disposable[] = [];
  #disposed = false;

  add<T extends Disposable>(item: T): T {
    if (this.#disposed) item.dispose();
    else this.#items.push(item);
    return item;
  }

  /** Ends what is there and stays usable. */
  clear(): void {
    for (const item of this.#items.splice(0).reverse()) item.dispose();
  }

  dispose(): void {
    this.#disposed = true;
    this.clear();
  }
}
