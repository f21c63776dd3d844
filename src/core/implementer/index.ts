export { createEditImplementer, type EditImplementerOptions } from './edit.ts';
export { createLlmImplementer, type LlmImplementerOptions } from './llm.ts';
export type { RefusalCode } from './refusal.ts';
export type * from './types.ts';
