import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { type Engine, isServerInstalled, serverMain, serverNode, vscodeVersion } from './install.ts';

export interface ServerOptions {
  /** Which VS Code; the current one without. */
  readonly engine?: Engine;
  /** User settings, state and logs; made where missing. */
  readonly userData: string;
  /** Installed extensions. */
  readonly extensions: string;
  /** Loopback port; 0 takes a free one. */
  readonly port?: number;
  /** Connection token a browser must bring; none for tests. */
  readonly token?: string;
  /** Ask before running code of a folder; off unless a test is about trust. */
  readonly workspaceTrust?: boolean;
  /** Lets the page's address name an extension under development and a test suite. */
  readonly smokeTest?: boolean;
  /** Added to the environment of the server and so of the extension host; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface ServerWindow {
  /** A folder or a .code-workspace file; an empty window without. */
  readonly open?: string;
  /** Folders of extensions under development; needs `smokeTest`. */
  readonly extensionPaths?: readonly string[];
  /** A module exporting `run()`; needs `smokeTest`. */
  readonly extensionTestsPath?: string;
}

export interface Server {
  readonly port: number;
  /** The address of a window. */
  url(window: ServerWindow): string;
  /** Ends the server and its extension hosts. What they detached (runs) lives on. */
  stop(): Promise<void>;
}

function environment(added: ServerOptions['env']): NodeJS.ProcessEnv {
  // A server started from a VS Code terminal or `npm run` must not think that it is part of either.
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|VSCODE_|ELECTRON_|NODE_OPTIONS$)/i.test(name));
  return { ...Object.fromEntries(own), ...added };
}

function end(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Ended already.
  }
}

function engineOf(options: ServerOptions): Engine {
  return options.engine ?? 'current';
}

function flags(options: ServerOptions): string[] {
  return [
    serverMain(engineOf(options)),
    '--host=127.0.0.1',
    `--port=${options.port ?? 0}`,
    ...(options.token ? [`--connection-token=${options.token}`] : ['--without-connection-token']),
    '--accept-server-license-terms',
    '--disable-telemetry',
    '--disable-experiments',
    ...(options.workspaceTrust ? [] : ['--disable-workspace-trust']),
    ...(options.smokeTest ? ['--enable-smoke-test-driver'] : []),
    `--user-data-dir=${options.userData}`,
    `--extensions-dir=${options.extensions}`,
  ];
}

function address(options: ServerOptions, port: number, window: ServerWindow): string {
  const remote = (file: string) => `vscode-remote://127.0.0.1:${port}${file}`;
  const query = new URLSearchParams();
  if (options.token) query.set('tkn', options.token);
  if (window.open?.endsWith('.code-workspace')) query.set('workspace', window.open);
  else if (window.open) query.set('folder', window.open);
  else query.set('ew', 'true');
  if (options.smokeTest) {
    const payload = [
      ...(window.extensionPaths ?? []).map((folder) => ['extensionDevelopmentPath', remote(folder)]),
      ...(window.extensionTestsPath ? [['extensionTestsPath', remote(window.extensionTestsPath)]] : []),
      ['skipWelcome', 'true'],
    ];
    query.set('payload', JSON.stringify(payload));
  }
  return `http://127.0.0.1:${port}/?${query}`;
}

/**
 * Starts the VS Code server on loopback with the Node of its engine. Its output goes to `server.log` in `userData`.
 * @throws when it is not installed, or does not come up within a minute
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const engine = engineOf(options);
  if (!isServerInstalled(engine)) {
    const line = engine === 'oldest' ? 'npm run provision -- --full' : 'npm run provision';
    throw new Error(`The server of VS Code ${vscodeVersion(engine)} is not installed: ${line}`);
  }
  await fs.mkdir(options.userData, { recursive: true });
  await fs.mkdir(options.extensions, { recursive: true });
  const logFile = path.join(options.userData, 'server.log');
  const log = createWriteStream(logFile, { flags: 'a' });
  const child = spawn(serverNode(engine), flags(options), {
    cwd: options.userData,
    env: environment(options.env),
    // Its own group, so that one signal ends the extension hosts with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const onExit = () => end(child, 'SIGKILL');
  process.once('exit', onExit);
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const port = await new Promise<number>((resolve, reject) => {
    let seen = '';
    const giveUp = (why: string) => {
      end(child, 'SIGKILL');
      reject(new Error(`The VS Code server ${why}; see ${logFile}`));
    };
    const timer = setTimeout(() => giveUp('did not come up within 60 s'), 60_000);
    child.once('error', (error) => giveUp(`did not start (${error.message})`));
    child.once('exit', (code) => giveUp(`ended at once (exit code ${code})`));
    child.stdout.on('data', (data: Buffer) => {
      seen += data;
      const found = /Extension host agent listening on (\d+)/.exec(seen);
      if (!found) return;
      clearTimeout(timer);
      child.stdout.removeAllListeners('data').pipe(log, { end: false });
      resolve(Number(found[1]));
    });
  });
  return {
    port,
    url: (window) => address(options, port, window),
    async stop() {
      process.off('exit', onExit);
      end(child, 'SIGTERM');
      const timer = setTimeout(() => end(child, 'SIGKILL'), 5000);
      await closed;
      clearTimeout(timer);
      log.end();
    },
  };
}

/**
 * Installs an extension from a VSIX into an extensions folder, without starting the server.
 * @throws with the server's own words when it refuses
 */
export async function installExtension(options: ServerOptions, vsix: string): Promise<void> {
  const args = [
    serverMain(engineOf(options)),
    `--install-extension=${vsix}`,
    '--force',
    '--accept-server-license-terms',
    `--user-data-dir=${options.userData}`,
    `--extensions-dir=${options.extensions}`,
  ];
  const child = spawn(serverNode(engineOf(options)), args, {
    env: environment(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.on('data', (data: Buffer) => {
    said += data;
  });
  child.stderr.on('data', (data: Buffer) => {
    said += data;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`Installing ${vsix} failed (exit code ${code}):\n${said}`);
}
