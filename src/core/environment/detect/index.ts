import { stringify } from 'yaml';
import type { Environment } from '../../domain/index.ts';
import { programFiles } from '../context.ts';
import {
  isTunable,
  readHyperparameters,
  withoutGiven,
  withoutOverridden,
  withoutPassed,
} from '../hyperparameters/index.ts';
import type { Detected, Hyperparameter } from '../types.ts';
import { type Answers, answeredRun, answeredSeed, answeredTimeout } from './answers.ts';
import type { LineReader } from './candidates.ts';
import { detectRun, reached, recipesOf, writtenAs } from './commands.ts';
import { type Finding, firstLine, isShell, list, type Texts, type Told } from './evidence.ts';
import { dataOutside, detectInputs, type Missing } from './inputs.ts';
import { detectObjective } from './objective.ts';
import { detectProtection } from './protection.ts';
import { detectGpus, detectTimeout } from './resources.ts';
import { detectSeed } from './seed.ts';

/** What detection is given beside the texts. */
export interface DetectOptions {
  /** What the commit names without holding its content. */
  readonly missing?: readonly Missing[];
  /** The names that the product reads from a line of a log: what it cannot read is not proposed. */
  readonly reads: LineReader;
  /** Files whose mode says that they are no programs: `./run.sh` starts only those that are. */
  readonly notExecutable?: ReadonlySet<string>;
  /** What a model said to what stayed open before. */
  readonly answers?: Answers;
}

export type { Answers } from './answers.ts';

/** More are no longer read by a person. */
const MOST_HYPERPARAMETERS = 200;
/** A repository with more YAML keeps data in it. */
const MOST_SETTINGS = 100;

/**
 * Proposes a `research.yaml` for a repository from its text files, by path. Each value comes with the file and line it
 * was told from; what cannot be told stays open, with the reason; a person confirms the rest.
 */
export function detectEnvironment(
  files: Texts,
  { missing = [], reads, answers, notExecutable }: DetectOptions,
): Detected {
  const own = startable(detectRun(files), notExecutable);
  const run = 'open' in own ? answeredRun(own.open, answers, files) : own;
  const command = 'found' in run ? run.found.value : undefined;
  const program = command === undefined ? new Map<string, string>() : programOf(command, files);
  const { told, open } = detectObjective(program, files, reads, { answers, run: command });
  const protection = detectProtection(program, files, command, told?.place);
  const runCommand = { run: command, written: command === undefined ? undefined : writtenAs(command, files) };
  const gpus = detectGpus(runCommand, program, files);
  const limit = detectTimeout(runCommand, program, files);
  const timeout = 'open' in limit ? answeredTimeout(limit.open, answers) : limit;
  const outside = dataOutside(program);
  const rule = detectSeed(command, program, files);
  const seed =
    'open' in rule && command !== undefined ? answeredSeed(rule.open, answers, command, program, files) : rule;
  const knobs = hyperparametersOf(program, command);
  const findings: Findings = {
    name: detectName(files),
    brief: files.has('program.md')
      ? { value: 'program.md', reason: 'program.md says in words what to aim for' }
      : undefined,
    ...detectSetup(files),
    run: 'found' in run ? run.found : undefined,
    smoke: command === undefined ? undefined : detectSmoke(command, knobs),
    objective: told?.objective,
    metrics: told?.metrics,
    editable: command === undefined ? undefined : protection.editable,
    protected: command === undefined ? undefined : protection.protected,
    protected_regions: command === undefined ? undefined : protection.regions,
    resources: command === undefined ? undefined : resourcesOf(gpus, 'found' in timeout ? timeout.found : undefined),
    inputs: detectInputs(program, files, missing),
    env: told?.env,
    seed: command !== undefined && 'found' in seed ? seed.found : undefined,
  };
  const questions = {
    ...('open' in run ? { run: run.open } : {}),
    ...(told ? {} : { objective: command === undefined ? 'the run command is not known yet' : (open ?? '') }),
    ...(command === undefined
      ? { seed: 'the run command is not known yet' }
      : 'open' in seed
        ? { seed: seed.open }
        : {}),
    ...(command !== undefined && 'open' in timeout ? { 'resources.timeout': timeout.open } : {}),
    ...(outside === undefined ? {} : { inputs: outside }),
  };
  const proposal = written(findings, questions);
  const tunable = knobs.filter(({ name }) => isTunable(name));
  const tuned = tunedComment(withoutGiven(tunable, files, command ?? ''));
  const asked = Object.entries(questions).map(
    ([key, why]) => [key, `${sentence(why)} To fill in: ${OPEN[key]}`] as const,
  );
  return {
    ...proposal,
    yaml: proposal.yaml + tuned,
    questions: Object.fromEntries(asked),
    hyperparameters: tunable.slice(0, MOST_HYPERPARAMETERS),
  };
}

/** `./run.sh` of a script that is not executable, through the shell. */
function startable(run: Told<string>, notExecutable: ReadonlySet<string> = new Set()): Told<string> {
  const script = 'found' in run ? /^\.\/(\S+\.(?:sh|bash))(?=\s|$)/.exec(run.found.value)?.[1] : undefined;
  if (!('found' in run) || script === undefined || !notExecutable.has(script)) return run;
  const value = run.found.value.replace(/^\.\//, 'bash ');
  return { found: { value, reason: `${run.found.reason}; ${script} is not executable, so bash starts it` } };
}

type Findings = { readonly [K in keyof Environment]?: Finding<unknown> | undefined };

/** What belongs at an open place, as an example. */
const OPEN: Readonly<Record<string, string>> = {
  run: 'the command that trains, such as python train.py',
  objective: '{ metric: val_loss, goal: minimize }: a number that the run prints',
  seed: '{ env: SEED } or { flag: --seed }: how a run takes its seed; without one, repeats measure the hardware only',
  'resources.timeout': 'resources: { timeout: 30m }',
  inputs: "['data/*.bin']: untracked files that a run needs",
};

function written(
  findings: Findings,
  questions: Readonly<Record<string, string>>,
): Pick<Detected, 'yaml' | 'environment' | 'reasons' | 'open'> {
  const lines: string[] = [];
  const reasons: Record<string, string> = {};
  const environment: Record<string, unknown> = {};
  for (const [key, finding] of Object.entries(findings)) {
    if (finding) {
      lines.push(`${key}: ${flow(finding.value)} # ${oneLine(finding.reason)}`);
      reasons[key] = oneLine(finding.reason);
      environment[key] = finding.value;
    }
    for (const [open, why] of Object.entries(questions)) {
      if (open.split('.')[0] !== key) continue;
      lines.push(`# ${open}: could not be told: ${sentence(oneLine(why))}`);
      if (OPEN[open] !== undefined) lines.push(`#   Belongs here: ${OPEN[open]}`);
    }
  }
  return {
    yaml: `${lines.join('\n')}\n`,
    environment: environment as Partial<Environment>,
    reasons,
    open: Object.keys(questions),
  };
}

/** What ideas can tune without a model, as a comment: it is read from the code each time and is no key. */
function tunedComment(knobs: readonly Hyperparameter[]): string {
  if (knobs.length === 0) return '';
  const shown = knobs.slice(0, 12).map(({ name, literal, path, line }) => `${name}=${literal} (${path}:${line})`);
  return `# hyperparameters, read from the code each time: ${oneLine(list(shown, 12))}${knobs.length > 12 ? ` and ${knobs.length - 12} more` : ''}\n`;
}

/** With a full stop, where it ends with none of its own. */
function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}

/** Reasons quote the repository, and a line break in one would end its comment. */
function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}]+/gu, ' ').slice(0, 400);
}

function flow(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0, singleQuote: true }).trim();
}

/** The files that a run reads as code: its scripts, what they import, what shell scripts start, and settings. */
function programOf(run: string, files: Texts): Texts {
  const scripts = reached(run, files);
  const started = scripts.flatMap((file) => programFiles(files, { run: file }));
  const named = programFiles(files, { run });
  const yaml = [...files.keys()].filter(
    (file) => /\.ya?ml$/.test(file) && !/(^|\/)\.|research\.ya?ml$|docker|mkdocs|environment\.ya?ml$/.test(file),
  );
  // One that the command or its script names is the one that is read; Hydra puts its own together.
  const shells = [...new Set([...named, ...started])].filter(isShell).map((file) => files.get(file) ?? '');
  const commands = [run, ...recipesOf(run, files), ...shells].join('\n');
  const given = yaml.filter((file) => commands.includes(file));
  const settings = (given.length > 0 ? given : yaml).slice(0, MOST_SETTINGS);
  const targets = targetsOf(settings, files);
  const configs = [...files.keys()]
    .filter((file) => /(^|\/)configs?\/[\w/-]+\.py$/.test(file) && run.includes(file))
    .flatMap((file) => programFiles(files, { run: file }));
  return new Map(
    [...new Set([...named, ...started, ...targets, ...configs, ...settings])]
      .filter((file) => !isLauncher(files.get(file) ?? ''))
      .map((file) => [file, files.get(file) ?? '']),
  );
}

/** Settings of `accelerate`: how a run is spread, and nothing of what it does. */
function isLauncher(text: string): boolean {
  return /^(compute_environment|distributed_type):/m.test(text.slice(0, 2000));
}

/** The modules whose classes settings name: `_target_: src.models.net.Net` of Hydra, `class_path` of Lightning. */
function targetsOf(settings: readonly string[], files: Texts): string[] {
  const modules = settings.flatMap((file) =>
    [...(files.get(file) ?? '').slice(0, 100_000).matchAll(/\b(?:_target_|class_path):\s*["']?([\w.]{3,200})/g)].map(
      ([, name]) => (name ?? '').split('.').slice(0, -1).join('/'),
    ),
  );
  const found = [...new Set(modules)].flatMap((module) =>
    [`${module}.py`, `${module}/__init__.py`, `src/${module}.py`].filter((file) => files.has(file)),
  );
  return found.flatMap((file) => programFiles(files, { run: file }));
}

function resourcesOf(
  gpus: Finding<number>,
  timeout: Finding<string> | undefined,
): Finding<{ gpus: number; timeout?: string }> {
  return {
    value: { gpus: gpus.value, ...(timeout ? { timeout: timeout.value } : {}) },
    reason: timeout ? `GPUs: ${gpus.reason}; timeout: ${timeout.reason}` : `GPUs: ${gpus.reason}`,
  };
}

function detectName(files: Texts): Finding<string> {
  const readme = [...files].find(([file]) => /^readme(\.\w+)?$/i.test(file));
  const title = /^#\s+(.+)$/m.exec(readme?.[1].slice(0, 20_000) ?? '')?.[1] ?? '';
  const name = title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40);
  return name
    ? { value: name, reason: `the title of ${readme?.[0]}:${firstLine(readme?.[1] ?? '', /^#\s+/)?.line ?? 1}` }
    : { value: 'research', reason: 'a name of your choice' };
}

function detectSetup(files: Texts): Pick<Findings, 'setup' | 'setup_inputs'> {
  const found = (value: string, file: string) => ({
    setup: { value, reason: `there is a ${file}` },
    setup_inputs: { value: [file], reason: 'setup runs again when it changes' },
  });
  if (files.has('uv.lock')) return found('uv sync --frozen', 'uv.lock');
  if (!files.has('requirements.txt')) return {};
  return found(
    'python3 -m venv "$RESEARCH_ENV" && "$RESEARCH_ENV/bin/pip" install -r requirements.txt',
    'requirements.txt',
  );
}

const STEPS = /^(max_?(iters|steps)|num_?(iterations|steps|train_steps)|steps|n_steps|train_steps)$/;

/** One step, where a flag of the command says how many. */
function detectSmoke(run: string, knobs: readonly Hyperparameter[]): Finding<string> | undefined {
  const flag = knobs.find((one) => one.source === 'argparse' && STEPS.test(one.name.replaceAll('-', '_')));
  if (!flag || /\.(sh|bash)\b|(^|\s)make\s/.test(run)) return undefined;
  const given = new RegExp(`(\\s--${flag.name.replaceAll(/[^\w-]/g, '.')}[= ])\\S+`);
  return {
    value: given.test(run) ? run.replace(given, (_, flagged: string) => `${flagged}1`) : `${run} --${flag.name} 1`,
    reason: `one step, before a GPU is taken: ${flag.path}:${flag.line} takes --${flag.name}`,
  };
}

/** The literals of the program that a person tunes, those of the run command's own files first. */
function hyperparametersOf(program: Texts, run: string | undefined): Hyperparameter[] {
  return run === undefined ? [] : withoutPassed(withoutOverridden(readHyperparameters(program), program), program, run);
}
