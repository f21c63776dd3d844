import * as vscode from 'vscode';
import { commandId } from '../commands/ids.ts';
import type { Target } from '../commands/target.ts';
import type { OpenReview } from './open-review.ts';
import { linesOf } from './places.ts';

/** Accept and Reject over each undecided hunk of one review, on the proposed side only. */
export function registerLenses(review: OpenReview): vscode.Disposable {
  const pattern = new vscode.RelativePattern(review.folder, '**');
  return vscode.languages.registerCodeLensProvider(
    { scheme: 'file', pattern },
    {
      onDidChangeCodeLenses: review.onDidChange,
      provideCodeLenses(document) {
        const path = review.pathOf(document.uri);
        const file = path === undefined ? undefined : review.undecidedOf(path);
        return (file?.hunks ?? []).flatMap((hunk) => {
          const { first } = linesOf(hunk, document.lineCount);
          const range = new vscode.Range(first, 0, first, 0);
          const target: Target = { candidate: review.id, path: file?.path ?? '', hunk: hunk.id };
          return [
            new vscode.CodeLens(range, {
              title: '$(check) Accept',
              command: commandId('acceptHunk'),
              arguments: [target],
            }),
            new vscode.CodeLens(range, {
              title: '$(discard) Reject',
              command: commandId('rejectHunk'),
              arguments: [target],
            }),
          ];
        });
      },
    },
  );
}
