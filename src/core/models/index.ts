export { type ClientOptions, createClientOver, createModelClient } from './client.ts';
export type { Patience } from './retry.ts';
export { costOf, estimateTokens } from './tokens.ts';
export type * from './types.ts';
export type * from './wire.ts';
