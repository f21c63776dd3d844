import { HumanError, isHumanError, type Message } from '../domain/index.ts';
import { withoutSecrets } from '../environment/index.ts';
import type { ModelClient } from '../models/index.ts';
import type { Op } from './answer/ops.ts';
import { applyAnswer } from './apply/answer.ts';
import { implementPrompt } from './context/prompt.ts';
import { finish } from './finish.ts';
import type { BlockReport, Refusal, RefusalCode } from './refusal.ts';
import { feedbackText } from './revise/feedback.ts';
import type { Implementation, Implementer, ImplementRequest } from './types.ts';

export interface LlmImplementerOptions {
  readonly client: ModelClient;
  /** Answers per trajectory: the first and its revisions. */
  readonly answers?: number;
  /** Trajectories: a fresh one starts without the history of the failed one. */
  readonly trajectories?: number;
}

/** Most of what revising can mend, two revisions mend; after that a fresh start does better. */
const ANSWERS = 3;
const TRAJECTORIES = 2;

type Tried =
  | { readonly ok: true; readonly implementation: Implementation }
  | { readonly ok: false; readonly refusals: readonly Refusal[]; readonly standing: readonly Op[] };

/** Asks a language model for search/replace blocks, takes its answer whole or not at all, and feeds refusals back: what found its place is kept meanwhile. */
export function createLlmImplementer(options: LlmImplementerOptions): Implementer {
  const { client } = options;
  const answers = options.answers ?? ANSWERS;
  const trajectories = options.trajectories ?? TRAJECTORIES;
  return {
    label: client.model,
    async implement(request) {
      const seen = new Set<string>();
      let refusals: readonly Refusal[] = [];
      let calls = 0;
      for (let trajectory = 0; trajectory < trajectories; trajectory += 1) {
        const messages: Message[] = implementPrompt(request);
        let before = '';
        let standing: readonly Op[] = [];
        for (let turn = 0; turn < answers; turn += 1) {
          request.onProgress?.(turn === 0 ? `Asking ${client.model}` : `Asking ${client.model} to mend its answer`);
          const completed = await client.complete({
            messages,
            purpose: turn === 0 ? 'patch' : 'revision',
            key: `${request.key}/${trajectory}.${turn}`,
            idea: request.idea.id,
            round: request.idea.round,
            base: request.idea.base,
            files: request.context.files.map(({ path }) => path),
            leftOut: request.context.leftOut,
            ...(request.signal ? { signal: request.signal } : {}),
            ...(request.onProgress ? { onProgress: request.onProgress } : {}),
          });
          calls += 1;
          const tried = await tryAnswer(request, completed.text, completed, standing);
          if (tried.ok) return tried.implementation;
          ({ refusals, standing } = tried);
          const again = signatureOf(tried.refusals);
          const repeated = seen.has(completed.text) || again === before;
          seen.add(completed.text);
          before = again;
          if (repeated) break;
          messages.push({ role: 'assistant', content: completed.text });
          messages.push({ role: 'user', content: feedbackOf(request, refusals, standing) });
        }
      }
      const [first] = refusals;
      throw new HumanError(
        `${client.model} gave no patch for idea #${request.idea.id} that could be applied (${calls} answers). The last one: ${refusals.map((one) => one.message).join(' ')} Try again, edit the idea, or continue by hand.`,
        { code: first?.code ?? 'no-edits' },
      );
    },
  };
}

/** What an answer was refused for and where: the same twice in a row is not mended by asking once more. */
function signatureOf(refusals: readonly Refusal[]): string {
  return JSON.stringify(refusals.map(({ code, path, search, message }) => [code, path, search ?? message]));
}

/** One answer from its text to an implementation; the attempt is kept whatever came of it. */
async function tryAnswer(
  request: ImplementRequest,
  answer: string,
  completed: { readonly call: number; readonly truncated: boolean },
  before: readonly Op[],
): Promise<Tried> {
  const keep = (report: readonly BlockReport[], diff: string) =>
    request.onAttempt({ modelCall: completed.call, answer, report, diff });
  const fail = (refusals: readonly Refusal[], report: readonly BlockReport[]) => {
    const rest = refusals.filter((one) => !report.some((row) => row.detail === one.message));
    const told = rest.map((one) => ({ path: one.path ?? '', outcome: one.code, detail: one.message }));
    return keep([...report, ...told], '');
  };
  const applied = applyAnswer(request.files, answer, { truncated: completed.truncated, standing: before });
  if (!applied.ok) {
    await fail(applied.refusals, applied.report);
    return applied;
  }
  try {
    const finished = await finish(request, applied.changes, applied.placed, applied.renames);
    if (!finished.ok) {
      await fail(finished.findings, applied.report);
      // What a gate refused is one change with all the rest: the model says it anew.
      return { ok: false, refusals: finished.findings, standing: [] };
    }
    await keep([...applied.report, ...finished.notes], finished.diff);
    return { ok: true, implementation: finished.implementation };
  } catch (error) {
    if (isHumanError(error) && error.code === 'patch-refused') {
      await fail([{ code: error.code as RefusalCode, message: error.message }], applied.report);
    }
    throw error;
  }
}

/** What is told of a refused answer; what its lines quote of a file may hold what the file's own text was shown without. */
function feedbackOf(request: ImplementRequest, refusals: readonly Refusal[], standing: readonly Op[]): string {
  return withoutSecrets(feedbackText(refusals, readable(request), standing)).text;
}

/** What of the files may be quoted back: an answer may name any path, also that of a file that holds secrets. */
function readable({ files, context }: ImplementRequest): ReadonlyMap<string, string> {
  const shown = context.files.filter((file) => !file.readOnly);
  return new Map(
    shown.map(({ path, form, text }) => [path, form === 'whole' ? text : withoutSecrets(files.get(path) ?? '').text]),
  );
}
