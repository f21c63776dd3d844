import { type ErrorAction, HumanError, isHumanError } from '../domain/index.ts';
import type { MethodName } from './method-list.ts';
import type { Change } from './types.ts';

/** What the worker is started with. */
export interface WorkerStart {
  readonly file: string;
  readonly rollbackJournal: boolean;
  readonly pid: number;
  readonly hostname: string;
  readonly token: string;
}

export type ToWorker =
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly name: MethodName;
      readonly args: readonly unknown[];
      readonly now: number;
    }
  | { readonly kind: 'close' };

export type FromWorker =
  | { readonly kind: 'opened'; readonly setAside?: string }
  | { readonly kind: 'refused'; readonly error: SentError }
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: SentError }
  | { readonly kind: 'changes'; readonly changes: readonly Change[] };

export interface SentError {
  readonly message: string;
  readonly stack?: string;
  /** Set for a HumanError: its class and brand do not cross threads. */
  readonly human?: { readonly code: string; readonly actions: readonly ErrorAction[] };
}

export function packError(error: unknown): SentError {
  if (isHumanError(error)) {
    return { message: error.message, human: { code: error.code, actions: [...error.actions] } };
  }
  return error instanceof Error ? { message: error.message, stack: error.stack } : { message: String(error) };
}

export function unpackError({ message, stack, human }: SentError): Error {
  if (human) return new HumanError(message, human);
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
