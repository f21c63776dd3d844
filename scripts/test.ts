import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { build } from './build.ts';
import { installLine, missingFor, RINGS, type Ring } from './provision/parts.ts';
import { type Engine, isServerInstalled, vscodeVersion } from './vscode/install.ts';

/**
 * Runs the rings named (default: unit) and prints one closing line for all.
 * `--only TEXT` takes the test files whose path holds the text, `--grep TEXT` the tests whose title does; `--desktop`
 * runs the host ring in a desktop VS Code even where the VS Code server is installed. FULL=1 adds what is slow or rare:
 * the host ring once more in the oldest VS Code, and the tests that ask for it themselves.
 * A ring whose parts this machine lacks is skipped and says how to get them; with CI=true it fails.
 * With CI=true a file in which something failed is run once more, alone: a machine that is busy with other tests must
 * not decide, and what failed only beside them is named at the end. What fails twice has failed.
 */
const root = path.resolve(import.meta.dirname, '..');
const args = process.argv.slice(2);
const grep = option('--grep');
const only = option('--only');
const desktop = args.includes('--desktop');
const full = process.env.FULL === '1';
const rings = args.filter((arg) => !arg.startsWith('-'));
/**
 * Files at a time: those of the boxes ring wait for processes more than they compute. What FULL=1 adds there computes
 * (every fault, hundreds of runs, 100,000 files), and would take the time of what it runs beside.
 */
const JOBS: Readonly<Record<Ring, number>> = { unit: 2, boxes: full ? 2 : 4, host: 1, ui: 1 };
/** Of a test: what hangs is ended, what a busy machine slows down is not. Its waits end first (test/support/patience.ts). */
const TIMEOUT_MS: Readonly<Record<Ring, number>> = { unit: 300_000, boxes: 600_000, host: 300_000, ui: 600_000 };

/**
 * A git of nobody's: a person's hooks, signing and line endings must not decide a test, nor their name be needed for it.
 * Nothing of it goes on in the background either: of many files `git commit` packs them while the test is elsewhere.
 */
async function neutralGit(): Promise<Readonly<Record<string, string>>> {
  const file = path.join(root, 'out/gitconfig');
  await fs.writeFile(
    file,
    '[user]\n\tname = Test\n\temail = test@example.invalid\n[init]\n\tdefaultBranch = main\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n',
  );
  return { GIT_CONFIG_GLOBAL: file, GIT_CONFIG_NOSYSTEM: '1' };
}

interface Counts {
  readonly passes: number;
  readonly failures: number;
  readonly pending: number;
}

/** What the reporter leaves of a run. */
interface Report {
  readonly stats: Counts;
  /** `file` as mocha was given it; a failed hook may name none. */
  readonly failed: readonly { readonly title: string; readonly file?: string }[];
}

/** More files than this with a failure are no accident of a busy machine. */
const MOST_AGAIN = 8;
/** Titles that failed beside other tests and passed alone. */
const unsteady: string[] = [];

function option(name: string): string | undefined {
  const at = args.indexOf(name);
  return at >= 0 ? args.splice(at, 2)[1] : undefined;
}

/** A ring, and the VS Code it runs in where it needs one. */
interface Turn {
  readonly ring: Ring;
  readonly engine: Engine;
}

function turnsOf(ring: Ring): readonly Turn[] {
  const engines: readonly Engine[] = full && ring === 'host' ? ['current', 'oldest'] : ['current'];
  return engines.map((engine) => ({ ring, engine }));
}

function isRing(name: string): name is Ring {
  return (RINGS as readonly string[]).includes(name);
}

async function filesOf(ring: Ring): Promise<string[]> {
  const source = await Array.fromAsync(fs.glob(`test/${ring}/**/*.test.{ts,tsx}`, { cwd: root }));
  return source
    .filter((file) => file.includes(only ?? ''))
    .map((file) => path.join('out', file.replace(/\.tsx?$/, '.js')))
    .sort();
}

/** The VS Code a person named; nobody names the oldest. */
function named(engine: Engine): string | undefined {
  return engine === 'current' ? process.env.VSCODE_TEST_EXECUTABLE : undefined;
}

/** What the machine must have for a ring; a desktop VS Code needs neither our server nor our browser. */
function lacks({ ring, engine }: Turn): ReturnType<typeof missingFor> {
  const parts = missingFor(ring, engine);
  const own = named(engine) !== undefined || desktop;
  return ring === 'host' && own ? parts.filter((part) => part.name === 'git') : parts;
}

function mochaArguments(ring: Ring, files: readonly string[], report: string, jobs: number): string[] {
  return [
    '--enable-source-maps',
    path.join(root, 'node_modules/mocha/bin/mocha.js'),
    '--reporter',
    path.join(root, 'scripts/reporter.cjs'),
    '--reporter-option',
    `output=${report}`,
    '--timeout',
    String(TIMEOUT_MS[ring]),
    ...(jobs > 1 ? ['--parallel', '--jobs', String(jobs)] : []),
    ...(grep ? ['--grep', grep] : []),
    ...files,
  ];
}

function hostEnvironment(report: string, engine: Engine): NodeJS.ProcessEnv {
  const standIn = path.join(root, 'scripts/vscode/stand-in.ts');
  const executable = named(engine) ?? (isServerInstalled(engine) && !desktop ? standIn : undefined);
  return {
    ...process.env,
    HOST_TESTS_REPORT: report,
    VSCODE_TEST_EXECUTABLE: executable,
    VSCODE_TEST_ENGINE: engine,
    ...(engine === 'oldest' ? { HOST_TESTS_VERSION: vscodeVersion(engine) } : {}),
    ...(only ? { HOST_TESTS_ONLY: only.replace(/\.tsx?$/, '.js') } : {}),
    ...(grep ? { HOST_TESTS_GREP: grep } : {}),
  };
}

/** Runs one ring, and with CI=true what failed in it once more. */
async function run(turn: Turn, files: readonly string[]): Promise<Counts> {
  const { stats, failed } = await runOnce(turn, files, JOBS[turn.ring]);
  const again = [...new Set(failed.map(({ file }) => file))];
  const known = again.every((file) => file !== undefined && files.some((one) => path.resolve(root, one) === file));
  if (!process.env.CI || turn.ring === 'host' || !known || again.length === 0 || again.length > MOST_AGAIN)
    return stats;
  console.log(`\n${turn.ring}, once more alone: what failed`);
  const second = await runOnce(
    turn,
    again.filter((file) => file !== undefined),
    1,
  );
  const twice = new Set(second.failed.map(({ title }) => title));
  if (second.stats.passes > 0) unsteady.push(...failed.map(({ title }) => title).filter((title) => !twice.has(title)));
  const failures = second.stats.failures;
  return { ...stats, passes: stats.passes + Math.max(0, stats.failures - failures), failures };
}

/** A run that left no report, or ended badly without a failed test, counts as one failure. */
async function runOnce({ ring, engine }: Turn, files: readonly string[], jobs: number): Promise<Report> {
  const report = path.join(root, 'out', `report-${ring}.json`);
  await fs.rm(report, { force: true });
  const child =
    ring === 'host'
      ? spawnSync(process.execPath, ['--enable-source-maps', path.join(root, 'out/test/host/runTest.entry.js')], {
          cwd: root,
          stdio: 'inherit',
          env: hostEnvironment(report, engine),
        })
      : spawnSync(process.execPath, mochaArguments(ring, files, report, jobs), { cwd: root, stdio: 'inherit' });
  try {
    const { stats, failed = [] }: Partial<Report> = JSON.parse(await fs.readFile(report, 'utf8'));
    if (!stats) throw new Error('no counts');
    return { stats: child.status !== 0 && stats.failures === 0 ? { ...stats, failures: 1 } : stats, failed };
  } catch {
    return { stats: { passes: 0, failures: 1, pending: 0 }, failed: [] };
  }
}

async function runOrSkip(turn: Turn): Promise<Counts> {
  const { ring, engine } = turn;
  const files = await filesOf(ring);
  if (files.length === 0) return { passes: 0, failures: 0, pending: 0 };
  console.log(engine === 'oldest' ? `\n${ring}, in VS Code ${vscodeVersion(engine)}` : `\n${ring}`);
  const parts = lacks(turn);
  if (parts.length === 0) return run(turn, files);
  const names = parts.map((part) => part.name).join(', ');
  const verdict = process.env.CI ? 'failed' : 'skipped';
  console.log(`  ${verdict}: this machine lacks ${names}. To install: ${installLine(parts)}`);
  return { passes: 0, failures: process.env.CI ? 1 : 0, pending: process.env.CI ? 0 : files.length };
}

const unknown = rings.filter((ring) => !isRing(ring));
if (unknown.length > 0) throw new Error(`No such ring: ${unknown.join(', ')}. There are ${RINGS.join(', ')}.`);
await build({ tests: true, quiet: true, ...(only === undefined ? {} : { only }) });
Object.assign(process.env, await neutralGit());
let passed = 0;
let failed = 0;
let skipped = 0;
for (const turn of (rings.length > 0 ? rings.filter(isRing) : (['unit'] as const)).flatMap(turnsOf)) {
  const counts = await runOrSkip(turn);
  passed += counts.passes;
  failed += counts.failures;
  skipped += counts.pending;
}
if (passed + failed + skipped === 0) {
  console.error(`No test matches${only ? ` --only ${only}` : ''}.`);
  process.exitCode = 1;
}
for (const title of unsteady) console.log(`unsteady, failed beside others and passed alone: ${title}`);
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
if (failed > 0) process.exitCode = 1;
