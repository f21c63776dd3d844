import { answerIdeas } from './ideas.ts';
import { answerPatch } from './patches.ts';
import { readPrompt } from './prompt.ts';
import type { ChatRequest } from './server.ts';

/** What a model would say to a prompt, made of nothing but the prompt: ideas, or a patch where one is asked for. */
export function answerFromPrompt(request: ChatRequest): string {
  const asksForPatch = request.messages.some(
    ({ role, content }) => role !== 'assistant' && content.includes('SEARCH') && content.includes('REPLACE'),
  );
  const prompt = readPrompt(request.messages);
  return asksForPatch ? answerPatch(prompt) : answerIdeas(prompt);
}
