import * as vscode from 'vscode';
import type { Disposable, System } from '../../core/system/index.ts';
import { DisposableStore } from '../disposables.ts';
import type { Session } from '../session.ts';
import { PageConnection } from './connection.ts';
import { pageHtml } from './page-html.ts';

const VIEW_TYPE = 'research.leaderboard';

/** The leaderboard's panel: one of it, brought back after a restart. */
export class Leaderboards implements Disposable {
  readonly #store = new DisposableStore();
  readonly #extension: vscode.Uri;
  readonly #session: Session;
  readonly #system: System;
  readonly #log: vscode.LogOutputChannel;
  #panel: vscode.WebviewPanel | undefined;

  constructor(extension: vscode.Uri, session: Session, system: System, log: vscode.LogOutputChannel) {
    this.#extension = extension;
    this.#session = session;
    this.#system = system;
    this.#log = log;
    this.#store.add(
      vscode.window.registerWebviewPanelSerializer(VIEW_TYPE, {
        deserializeWebviewPanel: async (panel) => this.#adopt(panel),
      }),
    );
  }

  /**
   * Opens the panel, or brings it to the front. With `keepFocus` the keyboard stays where it is: work that ends after
   * a while must not take it from what a person has begun to type since.
   */
  async open(keepFocus = false): Promise<void> {
    if (this.#panel) {
      this.#panel.reveal(undefined, keepFocus);
      return;
    }
    const place = { viewColumn: vscode.ViewColumn.Active, preserveFocus: keepFocus };
    this.#adopt(vscode.window.createWebviewPanel(VIEW_TYPE, 'Leaderboard', place, {}));
  }

  #adopt(panel: vscode.WebviewPanel): void {
    this.#panel?.dispose();
    this.#panel = panel;
    const dist = vscode.Uri.joinPath(this.#extension, 'dist');
    const media = vscode.Uri.joinPath(this.#extension, 'media');
    panel.iconPath = {
      light: vscode.Uri.joinPath(media, 'research-light.svg'),
      dark: vscode.Uri.joinPath(media, 'research.svg'),
    };
    const { webview } = panel;
    webview.options = { enableScripts: true, enableForms: false, enableCommandUris: false, localResourceRoots: [dist] };
    const connection = new PageConnection({
      session: this.#session,
      system: this.#system,
      log: this.#log,
      post: (message) => webview.postMessage(message),
      run: (command, target) => vscode.commands.executeCommand(command, target),
    });
    const ofPanel = new DisposableStore();
    ofPanel.add(connection);
    ofPanel.add(webview.onDidReceiveMessage((message: unknown) => void connection.receive(message)));
    ofPanel.add(panel.onDidChangeViewState(() => connection.setVisible(panel.visible)));
    panel.onDidDispose(() => {
      ofPanel.dispose();
      if (this.#panel === panel) this.#panel = undefined;
    });
    webview.html = pageHtml({
      script: webview.asWebviewUri(vscode.Uri.joinPath(dist, 'webview.js')).toString(),
      style: webview.asWebviewUri(vscode.Uri.joinPath(dist, 'webview.css')).toString(),
      source: webview.cspSource,
      nonce: this.#system.random.word(32),
    });
  }

  dispose(): void {
    this.#panel?.dispose();
    this.#store.dispose();
  }
}
