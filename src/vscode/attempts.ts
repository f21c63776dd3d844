import type * as vscode from 'vscode';
import type { CandidateId } from '../core/domain/index.ts';
import { ReadOnlyDocuments } from './documents.ts';
import type { Session } from './session.ts';

export const ATTEMPTS_SCHEME = 'research-attempts';

/** Every answer that was given for a candidate, as a read-only document. */
export class AttemptDocuments extends ReadOnlyDocuments {
  readonly #session: Session;

  constructor(session: Session) {
    super(ATTEMPTS_SCHEME);
    this.#session = session;
  }

  open(candidate: CandidateId): Promise<void> {
    return this.show(`/Attempts of ${candidate}.md`);
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const candidate = /(\d+\.\d+)\.md$/.exec(uri.path)?.[1] ?? '';
    return (await this.#session.research()).attemptsText(candidate);
  }
}
