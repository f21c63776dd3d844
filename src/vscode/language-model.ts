import * as vscode from 'vscode';
import type { Wire, WireAnswer, WireFailure, WireRequest } from '../core/models/index.ts';
import { settings } from './settings.ts';

export interface HostWire {
  readonly wire: Wire;
  /** For labels and the call log. */
  readonly model: string;
  /** What consent is bound to. */
  readonly server: string;
}

/**
 * One of VS Code's own language models as a way to a model server; undefined where none is offered. The person's
 * choice is a model's family or id; without one the first model offered is taken.
 */
export async function hostWire(
  purpose: 'ideator' | 'implementer',
  context: vscode.ExtensionContext,
): Promise<HostWire | undefined> {
  const wanted = (purpose === 'implementer' ? settings.implementer : '') || settings.ideator;
  const models = await vscode.lm.selectChatModels();
  const model = wanted === '' ? models[0] : models.find((one) => one.id === wanted || one.family === wanted);
  if (!model) return undefined;
  return { wire: wireTo(model, context), model: model.id, server: `vscode.lm/${model.vendor}` };
}

function wireTo(model: vscode.LanguageModelChat, context: vscode.ExtensionContext): Wire {
  return {
    async send(request: WireRequest): Promise<WireAnswer | WireFailure> {
      request.signal?.throwIfAborted();
      if (context.languageModelAccessInformation.canSendRequest(model) === false) {
        return failure('VS Code does not let Research Copilot use this model.', 'NoPermissions', 403);
      }
      const cancel = new vscode.CancellationTokenSource();
      const onAbort = () => cancel.cancel();
      request.signal?.addEventListener('abort', onAbort, { once: true });
      let text = '';
      try {
        const options = { justification: 'To propose research ideas and write their patches.' };
        const answer = await model.sendRequest(messages(request), options, cancel.token);
        for await (const piece of answer.text) {
          text += piece;
          request.onText?.(text);
        }
        request.signal?.throwIfAborted();
        return { ok: true, text, finish: 'stop' };
      } catch (error) {
        request.signal?.throwIfAborted();
        if (error instanceof vscode.LanguageModelError) return failure(error.message, error.code, statusOf(error));
        return { ok: false, kind: text === '' ? 'connect' : 'cut', message: String(error), partial: text };
      } finally {
        request.signal?.removeEventListener('abort', onAbort);
        cancel.dispose();
      }
    },
  };
}

function messages(request: WireRequest): vscode.LanguageModelChatMessage[] {
  // The API has no system role: such words go first, as the user's.
  return request.messages.map((message) =>
    message.role === 'assistant'
      ? vscode.LanguageModelChatMessage.Assistant(message.content)
      : vscode.LanguageModelChatMessage.User(message.content),
  );
}

function failure(message: string, code: string, status: number): WireFailure {
  return { ok: false, kind: 'status', status, message, code };
}

function statusOf(error: vscode.LanguageModelError): number {
  if (error.code === vscode.LanguageModelError.NoPermissions.name) return 403;
  if (error.code === vscode.LanguageModelError.NotFound.name) return 404;
  return 400;
}
