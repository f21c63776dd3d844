import type { FunnelStage } from '../../src/core/search/index.ts';
import { type ChatRequest, promptOf } from './model-server/index.ts';

/** An answer of the model: a text, or one that ends in the middle because the limit of tokens was reached. */
export type Answer = string | { readonly cut: string };

/** An idea as the model proposes it, what it answers when asked for the patch, and what must come of it. */
export interface PlayedIdea {
  readonly title: string;
  readonly details: string;
  readonly hypothesis: string;
  /** In the order in which they are asked for; the last one again and again. */
  readonly answers: readonly Answer[];
  readonly truth: { readonly stage: FunnelStage; readonly lost?: string; readonly calls?: number };
}

/**
 * A model that proposes the ideas once, and answers for each patch what its script says next.
 * @param asked how often each title was asked for, kept up to date
 */
export function playIdeas(ideas: readonly PlayedIdea[], asked: Map<string, number>): (request: ChatRequest) => Answer {
  let proposed = false;
  return (request) => {
    const title = /^Title: (.*)$/m.exec(promptOf(request))?.[1];
    if (title === undefined) {
      const again = proposed;
      proposed = true;
      const all = ideas.map(({ title: name, hypothesis, details }) => ({
        ...{ title: name, hypothesis, details },
        ...{ expected: 'val_loss falls by a hundredth.', risk: 'Noise.', builds_on: [], move: 'explore' },
      }));
      return JSON.stringify({ ideas: again ? [] : all });
    }
    const idea = ideas.find((one) => one.title === title);
    const turn = asked.get(title) ?? 0;
    asked.set(title, turn + 1);
    return idea?.answers[Math.min(turn, idea.answers.length - 1)] ?? 'I have nothing to say to this.';
  };
}
