import type { ChatRequest } from './server.ts';

/** Placeholder until the answers are there. */
export function answerFromPrompt(_request: ChatRequest): string {
  return JSON.stringify({ ideas: [] });
}
