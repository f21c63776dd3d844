export { describeCurve } from './curve.ts';
export { createHyperparameterIdeator, type HyperparameterIdeatorOptions } from './hyperparameter.ts';
export { createLlmIdeator } from './llm.ts';
export { similarity, TWIN } from './similarity.ts';
export { boundedTail } from './tail.ts';
export { cleanText } from './text.ts';
export type * from './types.ts';
