import * as vscode from 'vscode';
import { configFolder, type FileKind } from '../core/environment/index.ts';
import type { Disposable, System } from '../core/system/index.ts';
import { DisposableStore } from './disposables.ts';

/** Whoever has this one gets the same from the JSON Schemas that package.json contributes. */
const OTHER = 'redhat.vscode-yaml';

/** Completion and hover in research.yaml, boxes.yaml and config.yaml: VS Code has none for YAML of its own. */
export function assistYaml(system: System): Disposable {
  const store = new DisposableStore();
  const folder = vscode.Uri.file(configFolder(system));
  const selectors: readonly (readonly [FileKind, vscode.DocumentSelector])[] = [
    ['research', { scheme: 'file', pattern: '**/research.yaml' }],
    ['boxes', { scheme: 'file', pattern: new vscode.RelativePattern(folder, 'boxes.yaml') }],
    ['config', { scheme: 'file', pattern: new vscode.RelativePattern(folder, 'config.yaml') }],
  ];
  for (const [kind, selector] of selectors) {
    store.add(vscode.languages.registerCompletionItemProvider(selector, completion(kind), ' ', ':'));
    store.add(vscode.languages.registerHoverProvider(selector, hover(kind)));
  }
  return store;
}

function completion(kind: FileKind): vscode.CompletionItemProvider {
  return {
    async provideCompletionItems(document, position) {
      if (vscode.extensions.getExtension(OTHER)) return undefined;
      const { completionsAt } = await import('../core/research.ts');
      return completionsAt(kind, document.getText(), position.line + 1, position.character).map((one) => {
        const kinds = vscode.CompletionItemKind;
        const item = new vscode.CompletionItem(one.label, one.kind === 'key' ? kinds.Property : kinds.Value);
        item.insertText = one.insert;
        item.documentation = one.detail;
        return item;
      });
    },
  };
}

function hover(kind: FileKind): vscode.HoverProvider {
  return {
    async provideHover(document, position) {
      if (vscode.extensions.getExtension(OTHER)) return undefined;
      const { hoverAt } = await import('../core/research.ts');
      const text = hoverAt(kind, document.getText(), position.line + 1, position.character);
      return text === undefined ? undefined : new vscode.Hover(new vscode.MarkdownString().appendText(text));
    },
  };
}
