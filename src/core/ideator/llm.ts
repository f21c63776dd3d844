import { HumanError, isHumanError } from '../domain/index.ts';
import type { Completion, ModelClient } from '../models/index.ts';
import type { Random } from '../system/index.ts';
import { type AnsweredIdea, answeredIdeaSchema, answerSchema, MAX, tidyIdea } from './answer.ts';
import { ElementReader } from './elements.ts';
import { againPrompt, ideaPrompt } from './prompt.ts';
import { Slots } from './slots.ts';
import { oneLine } from './text.ts';
import { Twins } from './twins.ts';
import type { IdeaRequest, Ideator, ProposedIdea } from './types.ts';

/** Failures after which what has arrived stands, and only the rest is asked for. */
const GO_ON = new Set(['model-truncated', 'model-shape', 'model-cut']);

/** The ideator that asks a language model. Each idea is handed over as soon as its last brace has arrived. */
export function createLlmIdeator(parts: { readonly client: ModelClient; readonly random: Random }): Ideator {
  const { client, random } = parts;
  return {
    lane: 'model',
    label: client.model,
    propose: (request) => new Proposing(client, random, request).run(),
  };
}

interface Twin {
  readonly idea: AnsweredIdea;
  readonly of: string;
}

const MOST_UNUSABLE = 10;

/** One round's request under way. */
class Proposing {
  readonly #client: ModelClient;
  readonly #request: IdeaRequest;
  readonly #slots: Slots;
  readonly #earlier: Twins;
  /** What this request has seen already, word for word: an answer that is asked again or corrected repeats it. */
  readonly #seen = new Set<string>();
  /** Ideas that lack something, by title, with what; a corrected answer may bring them whole. */
  readonly #unusable = new Map<string, string>();
  readonly #titles = new Set<string>();
  readonly #stop = new AbortController();
  #twins: Twin[] = [];
  #handingOver: Promise<void> = Promise.resolve();
  #handed = 0;

  constructor(client: ModelClient, random: Random, request: IdeaRequest) {
    this.#client = client;
    this.#request = request;
    this.#slots = new Slots(request, request.parents, request.history, random);
    this.#earlier = new Twins(request.history);
  }

  async run(): Promise<void> {
    if (this.#slots.open === 0) return;
    const { key } = this.#request;
    const wanted = { explore: this.#slots.explore, exploit: this.#slots.exploit };
    const request = { ...this.#request, ...wanted };
    const answer = await this.#ask(ideaPrompt(request), `${key}/ideas`);
    const twins = this.#twins;
    if (this.#slots.open > 0) {
      this.#twins = [];
      const told = twins.map(({ idea, of }) => ({ title: idea.title, twin: of }));
      await this.#ask(againPrompt(request, answer, told, this.#slots), `${key}/ideas/again`);
    }
    // What is still a twin, or was and got no replacement, is kept as dropped, so that nothing paid for disappears.
    const left = [...this.#twins, ...twins].slice(0, this.#slots.open);
    for (const { idea, of } of left) this.#handOver(idea, `too close to ${of}`);
    for (const [title, why] of this.#unusable) {
      if (!this.#titles.has(title)) this.#keepUnusable(title, why);
    }
    await this.#handingOver;
    if (this.#handed === 0) {
      throw new HumanError(
        `${this.#client.model} proposed no idea for round ${request.round}. Its answer is in the call log. Say more in the brief, or try another model.`,
        { code: 'no-ideas' },
      );
    }
  }

  /** Asks, and hands ideas over while the answer streams. Gives the answer's text. */
  async #ask(messages: Completion<unknown>['messages'], key: string): Promise<string> {
    const { base, round, context } = this.#request;
    let reader = new ElementReader('ideas');
    let read = '';
    const onText = (soFar: string) => {
      if (!soFar.startsWith(read)) {
        // A broken stream was asked again: this is another answer.
        reader = new ElementReader('ideas');
        read = '';
      }
      const piece = soFar.slice(read.length);
      read = soFar;
      for (const element of reader.push(piece)) {
        const idea = answeredIdeaSchema.safeParse(element);
        if (idea.success) this.#take(idea.data);
        else this.#noteUnusable(element, idea.error.issues[0]?.path.join('.'));
      }
    };
    const signal = this.#request.signal
      ? AbortSignal.any([this.#request.signal, this.#stop.signal])
      : this.#stop.signal;
    try {
      const { value, text } = await this.#client.complete({
        messages,
        schema: answerSchema,
        name: 'ideas',
        purpose: 'ideas',
        key,
        base: base.id,
        round,
        files: context.files.map(({ path }) => path),
        leftOut: context.leftOut,
        signal,
        onText,
        onProgress: this.#request.onProgress,
      });
      for (const idea of value.ideas) this.#take(idea);
      await this.#handingOver;
      return text;
    } catch (error) {
      // When handing over failed, that is the reason; the stopped call only follows from it.
      await this.#handingOver;
      if (isHumanError(error) && GO_ON.has(error.code) && this.#handed > 0) return read;
      throw error;
    }
  }

  #take(answered: AnsweredIdea): void {
    const idea = tidyIdea(answered);
    const print = JSON.stringify([idea.title, idea.details]);
    if (this.#seen.has(print)) return;
    this.#seen.add(print);
    if (idea.title === '' || idea.details === '') {
      this.#noteUnusable(idea, idea.title === '' ? 'title' : 'details');
      return;
    }
    this.#titles.add(idea.title);
    const of = this.#earlier.find(idea, this.#slots.named(idea));
    if (of !== undefined) this.#twins.push({ idea, of });
    else this.#handOver(idea);
  }

  #noteUnusable(element: unknown, lacks: string | undefined): void {
    if (this.#unusable.size >= MOST_UNUSABLE) return;
    const named = typeof element === 'object' && element !== null && 'title' in element ? element.title : undefined;
    const title = typeof named === 'string' ? oneLine(named, MAX.title) : '';
    const what =
      lacks === undefined || lacks === ''
        ? 'it is no object'
        : `its ${oneLine(lacks, 40)} is missing or of the wrong kind`;
    this.#unusable.set(title === '' ? 'An idea without a title' : title, `not usable: ${what}`);
  }

  /** What a model was paid for and nobody can use is kept, dropped, with the reason. */
  #keepUnusable(title: string, dropped: string): void {
    const none = { hypothesis: '', details: '', expected: '', risk: '', edits: [], parents: [] };
    this.#hand({ title, ...none, move: 'explore', dropped });
  }

  #handOver(idea: AnsweredIdea, dropped?: string): void {
    const place = this.#slots.take(idea);
    if (!place) return;
    this.#earlier.add(idea, this.#slots.named(idea));
    this.#handed += 1;
    const { title, hypothesis, details, expected, risk } = idea;
    const proposed = {
      title,
      hypothesis,
      details,
      expected,
      risk,
      edits: [],
      ...place,
      ...(dropped ? { dropped } : {}),
    };
    this.#hand(proposed);
  }

  #hand(proposed: ProposedIdea): void {
    this.#handingOver = this.#handingOver.then(() => this.#request.onIdea(proposed));
    this.#handingOver.catch((error: unknown) => this.#stop.abort(error));
  }
}
