export { openStore, type StoreParts } from './client.ts';
export type * from './types.ts';
export { REQUEST_KINDS } from './types.ts';
