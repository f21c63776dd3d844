import * as assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { type BrowserContext, chromium, type FrameLocator, type Locator, type Page } from 'playwright-core';
import { CHROMIUM_FLAGS, findChromium } from '../../../scripts/vscode/chromium.ts';
import { installExtension, type Server, startServer } from '../../../scripts/vscode/server.ts';
import { PATIENCE_MS } from '../patience.ts';

export type Theme = 'light' | 'dark' | 'hc';

const THEMES: Readonly<Record<Theme, { readonly id: string; readonly label: string; readonly file: string }>> = {
  light: { id: 'Light Modern', label: 'Light Modern', file: 'light_modern' },
  dark: { id: 'Dark Modern', label: 'Dark Modern', file: 'dark_modern' },
  hc: { id: 'Default High Contrast', label: 'Dark High Contrast', file: 'hc_black' },
};

/** Nothing that pops up by itself, nothing from the internet, the same picture every time. */
const SETTINGS: Readonly<Record<string, unknown>> = {
  'telemetry.telemetryLevel': 'off',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'extensions.ignoreRecommendations': true,
  'extensions.autoCheckUpdates': false,
  'git.autofetch': false,
  'git.openRepositoryInParentFolders': 'never',
  'chat.disableAIFeatures': true,
  'editor.cursorBlinking': 'solid',
  'files.autoSave': 'off',
};

export interface StartOptions {
  /** What is open; an empty window without. */
  readonly folder?: string;
  /** The extension from its folder, as it is built there; default is this repository. */
  readonly extensionPath?: string;
  /** The extension as a person installs it; then no extension is loaded from a folder. */
  readonly vsix?: string;
  readonly userSettings?: Readonly<Record<string, unknown>>;
  /** Added to the environment of the extension host; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly theme?: Theme;
  /** Where `screenshot()` puts its PNGs; default out/screenshots. */
  readonly screenshots?: string;
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly workspaceTrust?: boolean;
}

export interface VsCode {
  readonly page: Page;
  /** User data, extensions and browser profile; gone after close(). */
  readonly scratch: string;
  /** Runs a command by its full title in the palette ("Research Copilot: Generate Ideas"). */
  runCommand(title: string): Promise<void>;
  /** Opens a view container of the activity bar by its title. */
  openView(title: string): Promise<void>;
  /** The row of a tree, list or quick pick that shows the text. */
  row(text: string | RegExp): Locator;
  /** The inside of the webview whose tab is in front. */
  webview(): FrameLocator;
  /** A button of a notification. */
  notificationButton(text: string): Locator;
  setTheme(theme: Theme): Promise<void>;
  /** Writes user settings and reloads the window: this server reads its settings file only at start. */
  setSettings(settings: Readonly<Record<string, unknown>>): Promise<void>;
  /** Saves a PNG of the window and gives its path. */
  screenshot(name: string): Promise<string>;
  /**
   * Closes the window and the server, then starts both again on the same data, as a person reopens VS Code. VS Code
   * itself writes down open editors some seconds late: do not count on those.
   */
  restart(): Promise<void>;
  /** What the extension host and the page logged as errors. */
  errors(): readonly string[];
  close(): Promise<void>;
}

/**
 * A real VS Code (server and Chromium) with the extension in it, for flows in the ui ring.
 * @throws when the server or Chromium is missing: npm run provision
 */
export async function startVsCode(options: StartOptions = {}): Promise<VsCode> {
  const scratch = await fs.mkdtemp(path.join(os.tmpdir(), 'rc-ui-'));
  const window = new Window(scratch, options);
  try {
    await window.setUp();
    await window.start();
    return window;
  } catch (error) {
    await window.close();
    throw error;
  }
}

class Window implements VsCode {
  readonly scratch: string;
  private readonly options: StartOptions;
  private readonly logged: string[] = [];
  private settings: Record<string, unknown>;
  private server: Server | undefined;
  private context: BrowserContext | undefined;
  private current: Page | undefined;
  private port = 0;

  constructor(scratch: string, options: StartOptions) {
    this.scratch = scratch;
    this.options = options;
    this.settings = {
      ...SETTINGS,
      'workbench.colorTheme': THEMES[options.theme ?? 'dark'].id,
      ...options.userSettings,
    };
  }

  get page(): Page {
    assert.ok(this.current, 'The window is closed.');
    return this.current;
  }

  private get settingsFile(): string {
    return path.join(this.scratch, 'user-data/User/settings.json');
  }

  private get serverOptions() {
    return {
      userData: path.join(this.scratch, 'user-data'),
      extensions: path.join(this.scratch, 'extensions'),
      ...(this.options.env ? { env: this.options.env } : {}),
      ...(this.options.workspaceTrust ? { workspaceTrust: true } : {}),
    };
  }

  async setUp(): Promise<void> {
    await this.writeSettings();
    if (this.options.vsix) await installExtension(this.serverOptions, path.resolve(this.options.vsix));
    else await this.linkExtension(path.resolve(this.options.extensionPath ?? process.cwd()));
  }

  /**
   * Installed by a link, not as an extension under development: that would need the server's smoke-test driver, which
   * shows no notifications.
   */
  private async linkExtension(folder: string): Promise<void> {
    const { name, publisher, version } = JSON.parse(await fs.readFile(path.join(folder, 'package.json'), 'utf8'));
    await fs.mkdir(this.serverOptions.extensions, { recursive: true });
    await fs.symlink(folder, path.join(this.serverOptions.extensions, `${publisher}.${name}-${version}`), 'dir');
  }

  async start(): Promise<void> {
    const executablePath = findChromium();
    assert.ok(executablePath, 'No Chromium on this machine: npm run provision');
    // The same port again after a restart: what VS Code keeps of a window it keeps by the address.
    this.server = await startServer({ ...this.serverOptions, port: this.port });
    this.port = this.server.port;
    this.context = await chromium.launchPersistentContext(path.join(this.scratch, 'browser'), {
      executablePath,
      args: [...CHROMIUM_FLAGS],
      headless: true,
      viewport: this.options.viewport ?? { width: 1440, height: 900 },
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    this.context.setDefaultTimeout(PATIENCE_MS);
    const page = this.context.pages()[0] ?? (await this.context.newPage());
    page.on('console', (message) => {
      if (message.type() === 'error') this.logged.push(message.text());
    });
    page.on('pageerror', (error) => this.logged.push(String(error)));
    // "Do you want to leave?" is asked of a person who edits, not of a test that restarts.
    page.on('dialog', (dialog) => void dialog.accept());
    this.current = page;
    await page.goto(
      this.server.url({
        ...(this.options.folder ? { open: this.options.folder } : {}),
      }),
    );
    await this.untilReady();
  }

  private async untilReady(): Promise<void> {
    const { page } = this;
    await page.locator('.monaco-workbench .part.activitybar .action-item').first().waitFor();
    // Stands there only once the connection to the extension host is up.
    await page.locator('#status\\.host').waitFor();
    await page.locator('.monaco-workbench[class*="vscode-theme-"]').waitFor();
  }

  private async stop(): Promise<void> {
    await this.context?.close();
    await this.server?.stop();
    this.context = undefined;
    this.server = undefined;
    this.current = undefined;
  }

  async restart(): Promise<void> {
    await this.page.goto('about:blank');
    await this.stop();
    await this.start();
  }

  async close(): Promise<void> {
    await this.stop();
    await fs.rm(this.scratch, { recursive: true, force: true, maxRetries: 5 });
  }

  async runCommand(title: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget input.input');
    const found = this.page.locator('.quick-input-list .monaco-list-row').filter({
      has: this.page.locator('.quick-input-list-label', { hasText: title }),
    });
    const focused = found.and(this.page.locator('.focused'));
    // A webview that comes up takes the focus late, and the palette goes away with it: then once more.
    for (let left = 5; ; left -= 1) {
      await this.page.keyboard.press('F1');
      try {
        await input.fill(`>${title}`, { timeout: 8000 });
        await found.first().waitFor({ timeout: 8000 });
        // Not a click: a quick pick that the command opens would stand under the pointer.
        for (let steps = 0; steps < 40 && !(await focused.isVisible()); steps += 1) await input.press('ArrowDown');
        await input.press('Enter', { timeout: 8000 });
        return;
      } catch (error) {
        if (left === 0) throw error;
        if (await input.isVisible()) await this.page.keyboard.press('Escape');
      }
    }
  }

  async openView(title: string): Promise<void> {
    const label = this.page.locator(`.action-label[aria-label^="${title}"]`);
    const item = this.page.locator('.part.activitybar .action-item', { has: label });
    await item.waitFor();
    // A second click would close the side bar again.
    if (!(await item.getAttribute('class'))?.includes('checked')) await item.click();
    await this.page.locator('.part.sidebar .composite.title', { hasText: new RegExp(title, 'i') }).waitFor();
  }

  row(text: string | RegExp): Locator {
    return this.page.locator('.monaco-list-row', { hasText: text }).first();
  }

  webview(): FrameLocator {
    return this.page.frameLocator('iframe.webview.ready').first().frameLocator('iframe#active-frame');
  }

  notificationButton(text: string): Locator {
    return this.page.locator('.notifications-toasts .monaco-button', { hasText: text }).first();
  }

  async setSettings(settings: Readonly<Record<string, unknown>>): Promise<void> {
    this.settings = { ...this.settings, ...settings };
    await this.writeSettings();
    await this.page.reload();
    await this.untilReady();
  }

  async setTheme(theme: Theme): Promise<void> {
    const { id, label, file } = THEMES[theme];
    const applied = this.page.locator(`.monaco-workbench.vscode-theme-defaults-themes-${file}-json`);
    if (await applied.isVisible()) return;
    await this.runCommand('Preferences: Color Theme');
    await this.page.locator('.quick-input-widget input.input').fill(label);
    await this.row(label).click();
    await applied.waitFor();
    // Shown before it is kept: a restart right now would lose it.
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await fs.readFile(this.settingsFile, 'utf8')).includes(`"${id}"`)) {
      assert.ok(Date.now() < deadline, `VS Code did not keep the theme ${id}.`);
      await this.page.waitForTimeout(50);
    }
    this.settings['workbench.colorTheme'] = id;
  }

  async screenshot(name: string): Promise<string> {
    const folder = this.options.screenshots ?? path.join(process.cwd(), 'out/screenshots');
    const file = path.join(folder, `${name}.png`);
    await fs.mkdir(folder, { recursive: true });
    await this.page.screenshot({ path: file, animations: 'disabled', caret: 'hide' });
    return file;
  }

  errors(): readonly string[] {
    return this.logged;
  }

  private async writeSettings(): Promise<void> {
    await fs.mkdir(path.dirname(this.settingsFile), { recursive: true });
    await fs.writeFile(this.settingsFile, JSON.stringify(this.settings, undefined, 2));
  }
}
