import { existsSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { PATIENCE_MS } from '../../support/patience.ts';
import type { Fixture } from './fake-host.entry.ts';
import { THEMES, type ThemeName, themeSheet } from './themes.ts';

/*
 * The built page as the editor would hold it: the same policy, the editor's colours, and a host played by
 * fake-host.entry.ts.
 */

declare const BUNDLE_FOLDER: string;

const root = path.resolve(BUNDLE_FOLDER, '..');
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const NONCE = 'bm9uY2Utb2YtdGhlLXRlc3Q';
const POLICY = [
  "default-src 'none'",
  `script-src 'nonce-${NONCE}'`,
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' data:",
].join('; ');

/** Why these tests cannot run here; undefined where they can. With CI=true a missing part is a failure. */
export function missingPart(): string | undefined {
  if (existsSync(executablePath)) return undefined;
  const words = `no ${executablePath}: apt-get install chromium, or set CHROMIUM`;
  if (process.env.CI === 'true') throw new Error(words);
  return words;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.ttf': 'font/ttf',
};

function pageHtml(theme: ThemeName): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Leaderboard</title>
<link rel="stylesheet" href="/theme/${theme}.css">
<link rel="stylesheet" href="/dist/webview.css">
</head>
<body class="${THEMES[theme].bodyClass}" data-vscode-theme-kind="${THEMES[theme].bodyClass}">
<div id="root"></div>
<script nonce="${NONCE}" src="/fake-host.js"></script>
<script nonce="${NONCE}" type="module" src="/dist/webview.js"></script>
</body>
</html>`;
}

async function answer(url: string): Promise<{ readonly type: string; readonly body: string | Buffer } | undefined> {
  const theme = /^\/theme\/(\w+)\.css$/.exec(url)?.[1];
  if (theme !== undefined && theme in THEMES) return { type: 'text/css', body: themeSheet(theme as ThemeName) };
  const page = /^\/(\w+)$/.exec(url)?.[1];
  if (page !== undefined && page in THEMES) return { type: 'text/html', body: pageHtml(page as ThemeName) };
  if (url === '/fake-host.js') {
    const file = path.join(root, 'out/test/ui/leaderboard/fake-host.entry.js');
    // Built as CommonJS like every test; a page has no `module`.
    return { type: 'text/javascript', body: `{ const module = {};\n${await fs.readFile(file, 'utf8')}}` };
  }
  const name = /^\/dist\/([\w.-]+)$/.exec(url.split('?')[0] ?? '')?.[1];
  const type = TYPES[path.extname(name ?? '')];
  if (name === undefined || type === undefined) return undefined;
  return { type, body: await fs.readFile(path.join(BUNDLE_FOLDER, name)) };
}

export interface Scene extends Partial<Fixture> {
  readonly theme?: ThemeName;
  readonly width?: number;
  readonly height?: number;
  readonly reducedMotion?: boolean;
}

/** One browser and one server for a file of tests; a fresh page for each. */
export class Stage {
  readonly #browser: Browser;
  readonly #server: http.Server;
  #context: BrowserContext | undefined;

  private constructor(browser: Browser, server: http.Server) {
    this.#browser = browser;
    this.#server = server;
  }

  static async open(): Promise<Stage> {
    const server = http.createServer((request, response) => {
      answer(request.url ?? '').then(
        (found) => {
          const type = found?.type ?? 'text/plain';
          const headers = type === 'text/html' ? { 'content-security-policy': POLICY } : {};
          response.writeHead(found ? 200 : 404, { 'content-type': `${type}; charset=utf-8`, ...headers });
          response.end(found?.body);
        },
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--force-color-profile=srgb'] });
    return new Stage(browser, server);
  }

  /** A page with the board of a fixture; resolves once something of it is drawn. */
  async show(scene: Scene): Promise<Page> {
    await this.#context?.close();
    const { theme = 'dark', width = 1280, height = 800, reducedMotion = true, ...fixture } = scene;
    this.#context = await this.#browser.newContext({
      viewport: { width, height },
      reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
      permissions: ['clipboard-read', 'clipboard-write'],
      timezoneId: 'UTC',
    });
    this.#context.setDefaultTimeout(PATIENCE_MS);
    const page = await this.#context.newPage();
    page.on('pageerror', (error) => console.error('page error:', error.message));
    await page.addInitScript((given) => {
      window.fixture = given as Fixture;
    }, fixture);
    const { port } = this.#server.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/${theme}`);
    await page.waitForSelector('.app > *');
    return page;
  }

  async close(): Promise<void> {
    await this.#context?.close();
    await this.#browser.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** What a person reads there. */
export async function textOf(place: Locator): Promise<string> {
  return (await place.allInnerTexts()).join('\n');
}

/** Saves a picture under out/screens/. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: path.join(root, 'out/screens', `leaderboard-${name}.png`) });
}

/** Serious and critical findings of axe, one line each. */
export async function seriousFindings(page: Page): Promise<readonly string[]> {
  const source = await fs.readFile(path.join(root, 'node_modules/axe-core/axe.min.js'), 'utf8');
  await page.evaluate(source);
  return page.evaluate(async () => {
    const axe = (window as unknown as { axe: { run(options: object): Promise<AxeResult> } }).axe;
    const result = await axe.run({ resultTypes: ['violations'] });
    return result.violations
      .filter((each) => each.impact === 'serious' || each.impact === 'critical')
      .flatMap((each) =>
        each.nodes.map((node) => `${each.id}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ''}`),
      );
  });
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly html: string; readonly any: readonly { readonly message: string }[] }[];
  }[];
}
