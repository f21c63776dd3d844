export { type Completion, completionsAt, hoverAt } from './assist.ts';
export { type Context, type ContextFile, mayShow, programFiles, readContext } from './context.ts';
export { contextText } from './context-text.ts';
export type { Answers, DetectOptions } from './detect/index.ts';
export { configFolder, stateFolder } from './folders.ts';
export { environmentHash } from './hash.ts';
export {
  isTunable,
  readHyperparameters,
  segmentsOf,
  withinReach,
  withoutGiven,
  withoutOverridden,
  withoutPassed,
} from './hyperparameters/index.ts';
export {
  checkFile,
  lineOf,
  loadBoxes,
  loadConfig,
  loadEnvironment,
  parseBoxes,
  parseConfig,
  parseEnvironment,
} from './load.ts';
export { changeable, matcher } from './paths.ts';
export { type FileKind, type JsonSchema, jsonSchemaOf } from './schema.ts';
export { secretIn, withoutSecrets } from './secrets.ts';
export type * from './types.ts';

/** What reads an unknown repository, loaded when one is set up. */
export function loadDetection(): Promise<typeof import('./detect/index.ts')> {
  return import('./detect/index.ts');
}
