import * as vscode from 'vscode';
import type { Wire, WireAnswer, WireFailure, WireRequest } from '../core/models/index.ts';
import { chooseOffered } from './language-model-choice.ts';
import { settings } from './settings.ts';

export interface HostWire {
  readonly wire: Wire;
  /** For labels and the call log. */
  readonly model: string;
  /** What consent is bound to. */
  readonly server: string;
}

/**
 * One of VS Code's own language models as a way to a model server.
 * @throws HumanError `no-language-model` where there is none of those that the settings name
 */
export async function hostWire(
  purpose: 'ideator' | 'implementer',
  context: vscode.ExtensionContext,
): Promise<HostWire> {
  const { vendor } = settings;
  const name = (purpose === 'implementer' ? settings.implementer : '') || settings.ideator;
  // Naming the vendor has VS Code wake the extension that brings its models.
  const offered = await vscode.lm.selectChatModels(vendor === '' ? {} : { vendor });
  const all = offered.length > 0 || vendor === '' ? offered : await vscode.lm.selectChatModels();
  const model = chooseOffered(all, { vendor, model: name });
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
        if (error instanceof vscode.LanguageModelError) return failure(error.message, codeOf(error), statusOf(error));
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

/** A quota that is used up is not waited for. */
function codeOf({ code }: vscode.LanguageModelError): string {
  return code === vscode.LanguageModelError.Blocked.name ? 'insufficient_quota' : code;
}

/** As a model server would say it. `Blocked` is VS Code's word for a used-up quota. */
function statusOf(error: vscode.LanguageModelError): number {
  if (error.code === vscode.LanguageModelError.NoPermissions.name) return 403;
  if (error.code === vscode.LanguageModelError.Blocked.name) return 429;
  if (error.code === vscode.LanguageModelError.NotFound.name) return 404;
  return 400;
}
