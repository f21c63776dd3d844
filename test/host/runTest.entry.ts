import * as assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { runTests } from '@vscode/test-electron';
import { SCENARIOS, type Scenario } from './scenarios.ts';

/**
 * Runs the host suite: one window of VS Code per scenario that has tests. VS Code is `$VSCODE_TEST_EXECUTABLE` (the
 * stand-in where there is no desktop), or what @vscode/test-electron downloads.
 * Environment: HOST_TESTS_ONLY (part of a test file's path), HOST_TESTS_GREP (part of a title), HOST_TESTS_REPORT (file),
 * HOST_TESTS_VERSION (the VS Code it must be, such as 1.106.3).
 */
const root = process.cwd();

interface Stats {
  readonly passes: number;
  readonly failures: number;
  readonly pending: number;
}

/** The built test files of a scenario: its folder's, or those right in test/host. What was built before is not asked. */
async function filesOf(scenario: Scenario): Promise<string[]> {
  const pattern = scenario.folder ? `test/host/${scenario.folder}/**/*.test.ts` : 'test/host/*.test.ts';
  const files = await Array.fromAsync(fs.glob(pattern, { cwd: root }));
  const only = process.env.HOST_TESTS_ONLY ?? '';
  return files
    .map((file) => path.join('out', file.replace(/\.ts$/, '.js')))
    .filter((file) => file.includes(only))
    .sort()
    .map((file) => path.join(root, file));
}

async function userData(scratch: string, scenario: Scenario): Promise<string> {
  const folder = path.join(scratch, 'u');
  const settings = {
    'telemetry.telemetryLevel': 'off',
    'workbench.startupEditor': 'none',
    'extensions.ignoreRecommendations': true,
    'git.autofetch': false,
    'chat.disableAIFeatures': true,
    'files.autoSave': 'off',
    ...scenario.settings,
  };
  await fs.mkdir(path.join(folder, 'User'), { recursive: true });
  await fs.writeFile(path.join(folder, 'User/settings.json'), JSON.stringify(settings));
  return folder;
}

/** One window, one scenario: its mocha counts. */
async function run(scenario: Scenario, files: readonly string[]): Promise<Stats> {
  // Short: the desktop puts a socket in its user data, and a socket's path has room for 103 characters.
  const scratch = await fs.mkdtemp(path.join(os.tmpdir(), 'rc-host-'));
  const report = path.join(scratch, 'report.json');
  try {
    const open = await scenario.prepare(path.join(scratch, 'work'));
    // Installed: a browser's window takes one extension under development.
    for (const folder of scenario.extensions ?? []) {
      await fs.cp(path.join(root, folder), path.join(scratch, 'e', path.basename(folder)), { recursive: true });
    }
    const data = await userData(scratch, scenario);
    const gitConfig = path.join(scratch, 'gitconfig');
    await fs.writeFile(
      gitConfig,
      '[user]\n\tname = Test\n\temail = test@example.invalid\n[init]\n\tdefaultBranch = main\n',
    );
    const executable = process.env.VSCODE_TEST_EXECUTABLE;
    const version = process.env.HOST_TESTS_VERSION;
    await runTests({
      ...(executable ? { vscodeExecutablePath: executable } : {}),
      ...(version ? { version } : {}),
      extensionDevelopmentPath: root,
      extensionTestsPath: path.join(root, 'out/test/host/suite/index.entry.js'),
      launchArgs: [
        ...(open ? [open] : []),
        `--user-data-dir=${data}`,
        `--extensions-dir=${path.join(scratch, 'e')}`,
        '--disable-telemetry',
      ],
      extensionTestsEnv: {
        HOST_TESTS_FILES: JSON.stringify(files),
        HOST_TESTS_REPORT: report,
        ...(version ? { HOST_TESTS_VERSION: version } : {}),
        HOST_TESTS_SCRATCH: scratch,
        XDG_CONFIG_HOME: path.join(scratch, 'config'),
        XDG_STATE_HOME: path.join(scratch, 'state'),
        XDG_DATA_HOME: path.join(scratch, 'data'),
        GIT_CONFIG_GLOBAL: gitConfig,
        GIT_CONFIG_NOSYSTEM: '1',
        ...(scenario.trust === 'ask' ? { VSCODE_TEST_TRUST: 'ask' } : {}),
        ...(await scenario.env?.(scratch)),
      },
    }).catch((error: unknown) => console.error(String(error)));
    const stats: Stats = JSON.parse(await fs.readFile(report, 'utf8')).stats;
    return stats;
  } catch (error) {
    console.error(`${scenario.name}: the suite left no report (${String(error)})`);
    return { passes: 0, failures: 1, pending: 0 };
  } finally {
    await fs.rm(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function main(): Promise<void> {
  const names = new Set(SCENARIOS.map((scenario) => scenario.folder));
  for await (const folder of fs.glob('test/host/*/*.test.ts', { cwd: root })) {
    const name = path.basename(path.dirname(folder));
    assert.ok(
      names.has(name),
      `test/host/${name} is no scenario of test/host/scenarios.ts: its tests would never run.`,
    );
  }
  const total = { passes: 0, failures: 0, pending: 0 };
  for (const scenario of SCENARIOS) {
    const files = await filesOf(scenario);
    if (files.length === 0) continue;
    console.log(`\nhost: ${scenario.name}`);
    const stats = await run(scenario, files);
    total.passes += stats.passes;
    total.failures += stats.failures;
    total.pending += stats.pending;
  }
  const report = process.env.HOST_TESTS_REPORT;
  if (report) await fs.writeFile(report, JSON.stringify({ stats: total }));
  process.exitCode = total.failures === 0 ? 0 : 1;
}

void main();
