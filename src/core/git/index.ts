export { openRepository } from './open.ts';
export { pathProblem } from './paths.ts';
export type { GitTools } from './run.ts';
export type * from './types.ts';
