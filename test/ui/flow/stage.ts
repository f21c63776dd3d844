import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import type { Locator } from 'playwright-core';
import { type ModelServer, type ModelServerOptions, startModelServer } from '../../support/model-server/index.ts';
import { checkout, makePlace, type Place } from '../../support/research.ts';
import { startBox, type TestBox } from '../../support/sshd/box.ts';
import { startVsCode, type VsCode } from '../../support/vscode/index.ts';
import { Pace } from './pace.ts';

const KEY = 'a-key-for-the-flow';
export const BOX = 'lab-1';

interface Picture {
  readonly over?: Locator;
  readonly docs?: readonly ('dark' | 'light')[];
  /** Its name in the docs. */
  readonly as?: string;
  readonly clip?: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
}

/** The window without its title bar and status bar. */
const NO_TITLE = { x: 0, y: 36, width: 1440, height: 833 };

/** A person's desk: a copy of a training repository, the quickstart if none is named, one ssh box, a model server, VS Code on it. */
export class Desk {
  readonly place: Place;
  readonly box: TestBox;
  readonly model: ModelServer;
  readonly pace: Pace;
  readonly code: VsCode;

  private constructor(place: Place, box: TestBox, model: ModelServer, pace: Pace, code: VsCode) {
    this.place = place;
    this.box = box;
    this.model = model;
    this.pace = pace;
    this.code = code;
  }

  /** @param options the repository copied, and what the model says, where the quickstart and its answers do not do */
  static async open(
    options: { readonly from?: string; readonly answers?: ModelServerOptions['answers'] } = {},
  ): Promise<Desk> {
    const pace = new Pace();
    const undo: (() => unknown)[] = [() => pace.dispose()];
    try {
      const box = await startBox({ name: BOX, env: pace.env });
      undo.unshift(() => box.stop());
      const model = await startModelServer({ apiKey: KEY, ...(options.answers ? { answers: options.answers } : {}) });
      undo.unshift(() => model.close());
      const place = makePlace(options.from, { RESEARCH_COPILOT_SSH_CONFIG: box.sshConfigFile });
      undo.unshift(() => place.dispose());
      place.boxes(`boxes:\n  - { name: ${BOX}, kind: ssh, host: ${box.name}, gpus: [], cpu_slots: 2 }\n`);
      writeFileSync(
        path.join(place.config, 'config.yaml'),
        `models:\n  base_url: ${model.url}\n  ideator: test-model\n  key_env: FLOW_KEY\n`,
      );
      const gitConfig = path.join(place.root, 'gitconfig');
      writeFileSync(gitConfig, '[user]\n\tname = A Person\n\temail = person@localhost\n');
      const code = await startVsCode({
        folder: place.repo,
        extensionPath: builtExtension(place.root),
        env: {
          XDG_CONFIG_HOME: place.env.XDG_CONFIG_HOME,
          XDG_STATE_HOME: place.env.XDG_STATE_HOME,
          XDG_DATA_HOME: place.env.XDG_DATA_HOME,
          RESEARCH_COPILOT_SSH_CONFIG: box.sshConfigFile,
          GIT_CONFIG_GLOBAL: gitConfig,
          FLOW_KEY: KEY,
        },
        userSettings: {
          'remote.autoForwardPorts': false,
          'diffEditor.wordWrap': 'on',
          // A terminal drawn by the GPU has no text to read.
          'terminal.integrated.gpuAcceleration': 'off',
          'workbench.preferredDarkColorTheme': 'Dark Modern',
          'workbench.preferredLightColorTheme': 'Light Modern',
        },
        screenshots: path.join(checkout, 'out/screens'),
      });
      return new Desk(place, box, model, pace, code);
    } catch (error) {
      for (const one of undo) await one();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.pace.letGo();
    await this.code.close();
    await this.box.stop();
    await this.model.close();
    this.place.dispose();
    this.pace.dispose();
  }

  /** A dialog that stops everything until it is answered. */
  async answer(button: string): Promise<void> {
    const dialog = this.code.page.locator('.monaco-dialog-box');
    await dialog.locator('.monaco-button', { hasText: button }).click();
    await dialog.first().waitFor({ state: 'hidden' });
  }

  /** Picks a row of the quick pick that is open under a title, by the keyboard: the next question comes up at once. */
  async pick(title: string, text: string): Promise<void> {
    const widget = this.code.page.locator('.quick-input-widget');
    const input = widget.locator('input.input');
    await widget.locator('.quick-input-title', { hasText: title }).waitFor();
    await widget.locator('.monaco-list-row', { hasText: text }).first().waitFor();
    const wanted = widget.locator('.monaco-list-row.focused', { hasText: text });
    for (let left = 40; left > 0 && !(await wanted.isVisible()); left -= 1) await input.press('ArrowDown');
    await input.press('Enter');
  }

  /** A row of one of our three trees. */
  tree(view: 'Ideas' | 'Runs' | 'Boxes', text: string | RegExp): Locator {
    return this.code.page
      .locator('.part.sidebar .pane', { has: this.code.page.locator('.pane-header', { hasText: view }) })
      .locator('.monaco-list-row', { hasText: text })
      .first();
  }

  /** The hover of a row may lie over the next one, and stays as long as the pointer is on it. */
  async moveAway(): Promise<void> {
    await this.code.page.mouse.move(720, 899);
    await this.code.page.locator('.monaco-hover:visible').first().waitFor({ state: 'hidden' });
  }

  /** Presses a button that a row of a tree shows while the pointer is on it; again where the row moved away. */
  async press(row: Locator, button: string): Promise<void> {
    const action = row.locator(`.action-label[aria-label^="${button}"]`);
    for (let left = 20; ; left -= 1) {
      await this.moveAway();
      await row.hover();
      try {
        await action.click({ timeout: 4000 });
        return;
      } catch (error) {
        if (left === 0) throw error;
      }
    }
  }

  /** A file's part of the multi-file diff that is on screen: VS Code keeps those of closed ones, hidden. */
  changed(file: string): Locator {
    return this.code.page.locator('.multiDiffEntry:visible', { hasText: file });
  }

  /** One step where choosing a theme from the list is four. */
  private async toggleTheme(to: 'light' | 'dark'): Promise<void> {
    await this.code.runCommand('Preferences: Toggle between Light/Dark Themes');
    await this.code.page.locator(`.monaco-workbench.vscode-theme-defaults-themes-${to}_modern-json`).waitFor();
  }

  /**
   * The window as it is now, dark and light, with the pointer on a row where one is named. With UPDATE_PICTURES set, the
   * named themes go to docs/pictures too, cut to what the page shows.
   */
  async pictures(name: string, options: Picture = {}): Promise<void> {
    const { code } = this;
    await code.runCommand('Notifications: Clear All Notifications');
    for (const theme of ['dark', 'light'] as const) {
      if (theme === 'light') await this.toggleTheme('light');
      // Away first: a pointer that does not move brings up no hover.
      await code.page.mouse.move(720, 899);
      if (options.over) {
        await options.over.hover();
        await code.page.locator('.monaco-hover:visible').waitFor();
      }
      await code.screenshot(`${name}-${theme}`);
      if (process.env.UPDATE_PICTURES === undefined || !options.docs?.includes(theme)) continue;
      const file = path.join(checkout, 'docs/pictures', `${options.as ?? name}-${theme}.png`);
      await code.page.screenshot({ path: file, animations: 'disabled', caret: 'hide', clip: options.clip ?? NO_TITLE });
    }
    await code.page.mouse.move(720, 899);
    await this.toggleTheme('dark');
  }

  /** The same in high contrast, and in a small window. */
  async otherLooks(name: string): Promise<void> {
    const { code } = this;
    await code.setTheme('hc');
    await code.screenshot(`${name}-hc`);
    await code.setTheme('dark');
    await code.page.setViewportSize({ width: 800, height: 900 });
    await code.webview().locator('.app.narrow').waitFor();
    await code.screenshot(`${name}-narrow`);
    await code.page.setViewportSize({ width: 1440, height: 900 });
    await code.webview().locator('.app:not(.narrow)').waitFor();
  }

  /** Drags the edge of the side bar. */
  async widenSideBar(by: number): Promise<void> {
    const { page } = this.code;
    const edge = await page.locator('.part.sidebar').boundingBox();
    if (!edge) throw new Error('There is no side bar.');
    await this.drag(edge.x + edge.width + 1, edge.y + edge.height / 2, by);
  }

  /** Drags the edge between the leaderboard's table and its detail. */
  async widenTable(by: number): Promise<void> {
    const edge = await this.code.webview().locator('.splitter').boundingBox();
    if (!edge) throw new Error('There is no splitter.');
    await this.drag(edge.x + edge.width / 2, edge.y + edge.height / 2, by);
  }

  private async drag(x: number, y: number, by: number): Promise<void> {
    const { page } = this.code;
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + by, y, { steps: 5 });
    await page.mouse.up();
  }

  /** Waits for a notification with these words, and puts it away. */
  async said(words: RegExp): Promise<void> {
    await this.code.page.locator('.notification-list-item', { hasText: words }).first().waitFor();
    await this.code.runCommand('Notifications: Clear All Notifications');
  }

  /** Has an idea implemented and its whole patch approved from the tree. */
  async approveWhole(idea: string): Promise<void> {
    await this.code.runCommand('Research Copilot: Implement Idea');
    await this.pick('Implement Idea', `${idea} `);
    await this.tree('Ideas', new RegExp(`^${idea} .*ready`)).waitFor();
    await this.press(this.tree('Ideas', `${idea} `), 'Approve');
    await this.answer('Approve the Whole Patch');
    await this.tree('Ideas', new RegExp(`^${idea} .*approved`)).waitFor();
  }

  /** Run on GPU from the palette. */
  async runOn(box: string, candidate: string): Promise<void> {
    await this.code.runCommand('Research Copilot: Run on GPU');
    await this.pick('Run on GPU', candidate);
    await this.pick(`Run ${candidate}`, box);
  }

  /** The runs on the box, by id. */
  runs(): readonly string[] {
    return readdirSync(path.join(this.box.root, 'runs')).sort();
  }

  /** The bytes of a run's log on the box and here, as hashes. */
  logsOf(run: string): { readonly box: string; readonly here: string; readonly lines: readonly string[] } {
    const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    const here = readFileSync(path.join(this.place.repo, '.git/research/logs', `${run}.log`));
    const box = readFileSync(path.join(this.box.root, 'runs', run, 'log'));
    return { box: sha(box), here: sha(here), lines: here.toString('utf8').trimEnd().split('\n') };
  }
}

/** The extension as it is built now: another build must not swap bundles under a running window. */
function builtExtension(under: string): string {
  const folder = path.join(under, 'extension');
  mkdirSync(folder);
  for (const part of ['package.json', 'dist', 'media']) {
    cpSync(path.join(checkout, part), path.join(folder, part), { recursive: true });
  }
  return folder;
}
