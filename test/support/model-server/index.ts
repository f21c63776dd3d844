export type { Fault } from './faults.ts';
export { searchReplace } from './patches.ts';
export {
  type ChatMessage,
  type ChatRequest,
  type ModelServer,
  type ModelServerOptions,
  promptOf,
  startModelServer,
} from './server.ts';
