import type { ClientOptions } from './client.ts';

export * from './budget.ts';
export type { HabitBook } from './habits.ts';
export type { Patience } from './retry.ts';
export { type ModelServer, originOf, type Role, serverOf } from './server.ts';
export { costOf, estimateTokens } from './tokens.ts';
export type * from './types.ts';
export type * from './wire.ts';
export type { ClientOptions };

/** The clients and all that they need, `openai` too: a bundle of its own, loaded when a model is first asked. */
export function loadClients(): Promise<typeof import('./client.ts')> {
  return import('./client.ts');
}
