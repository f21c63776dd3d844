import * as vscode from 'vscode';
import type { Finding, Severity } from '../../core/domain/index.ts';
import type { Disposable } from '../../core/system/index.ts';
import type { OpenReview } from './open-review.ts';

const SEVERITIES: Readonly<Record<Severity, vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  info: vscode.DiagnosticSeverity.Information,
};
/** The end of any line. */
const LINE_END = 10_000;

/** What the gates see in the patches under review, on the lines of their worktrees and in the Problems panel. */
export class FindingMarks implements Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection('Research Copilot');

  /** Marks the findings of all open reviews, and no others. */
  show(reviews: readonly OpenReview[]): void {
    this.#collection.clear();
    for (const review of reviews) {
      for (const [path, findings] of Map.groupBy(review.findings, (finding) => finding.path)) {
        if (path !== '') this.#collection.set(review.fileUri(path), findings.map(toDiagnostic));
      }
    }
  }

  dispose(): void {
    this.#collection.dispose();
  }
}

function toDiagnostic({ line = 1, endLine = line, message, severity, code }: Finding): vscode.Diagnostic {
  const range = new vscode.Range(line - 1, 0, endLine - 1, LINE_END);
  const diagnostic = new vscode.Diagnostic(range, message, SEVERITIES[severity]);
  diagnostic.source = 'Research Copilot';
  diagnostic.code = code;
  return diagnostic;
}
