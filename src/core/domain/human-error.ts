const brand = Symbol.for('research-copilot.HumanError');

/** A button that may stand beside the message: a command of ours, or a file to open at a line. */
export interface ErrorAction {
  readonly title: string;
  readonly command?: string;
  readonly args?: readonly unknown[];
  readonly file?: { readonly path: string; readonly line?: number };
}

export interface HumanErrorDetails {
  /** A stable word for programs: the terminal's `--json`, tests, refusal codes. */
  readonly code?: string;
  readonly actions?: readonly ErrorAction[];
  readonly cause?: unknown;
}

/**
 * A failure a person can understand and act on: the message says what happened, where, and what to do.
 * Everything else that is thrown is a bug of ours and is shown with a report button.
 */
export class HumanError extends Error {
  readonly code: string;
  readonly actions: readonly ErrorAction[];

  constructor(message: string, details: HumanErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'HumanError';
    this.code = details.code ?? 'failed';
    this.actions = details.actions ?? [];
    Object.defineProperty(this, brand, { value: true });
  }
}

/** True for a HumanError of any bundle: bundles do not share classes, so `instanceof` would lie. */
export function isHumanError(error: unknown): error is HumanError {
  return typeof error === 'object' && error !== null && brand in error;
}

/** One line for a person, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
