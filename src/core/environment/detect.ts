import { stringify } from 'yaml';
import type { Environment } from '../domain/index.ts';
import { scriptsNamed, selectContext } from './context.ts';
import { readHyperparameters } from './hyperparameters/index.ts';
import type { Detected } from './types.ts';

/** More files of Git LFS than this are proposed by their folders. */
const MAX_NAMED = 8;

/** One line of the proposal: a value with the reason for it. */
interface Finding<T> {
  readonly value: T;
  readonly reason: string;
}

/**
 * Proposes a `research.yaml` for a repository from its text files, by path. What cannot be told stays open, as a
 * comment that says what belongs there; a person confirms the rest.
 * @param missing what the commit names without holding its content
 */
export function detectEnvironment(
  files: ReadonlyMap<string, string>,
  missing: readonly { readonly path: string; readonly why: 'lfs' | 'submodule' }[] = [],
): Detected {
  const run = detectRun(files);
  const code = run ? programOf(run.value, files) : new Map<string, string>();
  const metric = detectMetric(code);
  const findings: Findings = {
    name: detectName(files),
    brief: files.has('program.md') ? { value: 'program.md', reason: 'the brief in this repository' } : undefined,
    ...detectSetup(files),
    run,
    smoke: run && detectSmoke(run.value, code),
    objective: metric,
    editable: { value: ['*.py', '**/*.py'], reason: 'what a patch may change' },
    protected: detectProtected(files),
    resources: {
      value: { gpus: usesGpu(code) ? 1 : 0, timeout: '30m' },
      reason: usesGpu(code)
        ? 'the code names cuda; the timeout is a guess'
        : 'nothing names a GPU; the timeout is a guess',
    },
    seed: detectSeed(code),
    inputs: detectInputs(missing),
  };
  return written(findings);
}

type Findings = { readonly [K in keyof Environment]?: Finding<Partial<Environment>[K]> | undefined };

const OPEN: Readonly<Record<string, string>> = {
  run: 'the command that trains, such as python train.py',
  objective: '{ metric: val_loss, goal: minimize }: a number that the run prints',
  seed: '{ env: SEED } or { flag: --seed }: how a run takes its seed; without one, repeats measure the hardware only',
};

function written(findings: Findings): Detected {
  const lines: string[] = [];
  const reasons: Record<string, string> = {};
  const environment: Record<string, unknown> = {};
  const open: string[] = [];
  for (const [key, finding] of Object.entries(findings)) {
    if (finding) {
      lines.push(`${key}: ${flow(finding.value)} # ${finding.reason}`);
      reasons[key] = finding.reason;
      environment[key] = finding.value;
    } else if (OPEN[key]) {
      lines.push(`# ${key}: could not be told. ${OPEN[key]}`);
      open.push(key);
    }
  }
  return { yaml: `${lines.join('\n')}\n`, environment: environment as Partial<Environment>, reasons, open };
}

function flow(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0, singleQuote: true }).trim();
}

/** Files of Git LFS and submodules come into a run as inputs, from where they are checked out here. */
function detectInputs(
  missing: readonly { readonly path: string; readonly why: 'lfs' | 'submodule' }[],
): Finding<string[]> | undefined {
  if (missing.length === 0) return undefined;
  const literal = (name: string) => name.replaceAll(/[\\*?[\]{}()!+@]/g, '\\$&');
  const lfs = missing.filter(({ why }) => why === 'lfs').map(({ path }) => path);
  const folders = new Set(lfs.map((name) => name.slice(0, name.lastIndexOf('/') + 1)));
  const named = lfs.length <= MAX_NAMED ? lfs.map(literal) : [...folders].map((folder) => `${literal(folder)}*`);
  const submodules = missing.filter(({ why }) => why === 'submodule').map(({ path }) => `${literal(path)}/**`);
  return {
    value: [...named, ...submodules],
    reason: 'Git LFS or submodules: a run has no content of them but what is sent; take out what it does not need',
  };
}

function detectName(files: ReadonlyMap<string, string>): Finding<string> {
  const title = /^#\s+(.+)$/m.exec(readme(files))?.[1] ?? '';
  const name = title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40);
  return name
    ? { value: name, reason: 'the title of the README' }
    : { value: 'research', reason: 'a name of your choice' };
}

function readme(files: ReadonlyMap<string, string>): string {
  return [...files].find(([file]) => /^readme(\.\w+)?$/i.test(file))?.[1] ?? '';
}

const COMMAND = /^\s*(?:\$\s+)?((?:python3?|uv run|bash|sh|torchrun|accelerate launch|\.\/)[^\n`#<>|&;]*)/;

/** The command that trains: as the README writes it, else by the name of a script. */
function detectRun(files: ReadonlyMap<string, string>): Finding<string> | undefined {
  const known = [...files.keys()].sort();
  const written = readme(files)
    .split('\n')
    .flatMap((line) => COMMAND.exec(line)?.[1]?.trim() ?? [])
    .filter((command) => scriptsNamed(command, known).length > 0);
  const trains = written.find((command) => scriptsNamed(command, known).some(looksLikeTraining));
  if (trains) return { value: trains, reason: 'the command in the README' };
  const shell = known.find((file) => /^(run|train)[\w-]*\.sh$/.test(file));
  if (shell) return { value: `bash ${shell}`, reason: `${shell} starts a run` };
  const python = known.filter((file) => file.endsWith('.py') && looksLikeTraining(file));
  const [first] = python.toSorted((a, b) => a.split('/').length - b.split('/').length || a.length - b.length);
  if (first) return { value: `python3 ${first}`, reason: `${first} is named like a training script` };
  return undefined;
}

function looksLikeTraining(file: string): boolean {
  return /(^|\/)(train|run|pretrain|finetune|main)[\w-]*\.(py|sh)$/.test(file);
}

/** The files a command runs: its scripts and what they import. */
function programOf(run: string, files: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const named = { run, brief: '' } as Environment;
  return new Map(
    selectContext(files, named)
      .filter((file) => /\.(py|sh|ya?ml)$/.test(file))
      .map((file) => [file, files.get(file) ?? '']),
  );
}

const METRICS = [
  [/\b(val(?:idation)?[ _/]?(?:loss|bpb|perplexity))\b/i, 'minimize'],
  [/\b((?:eval|test)[ _/](?:loss|perplexity))\b/i, 'minimize'],
  [/\b((?:val(?:idation)?|eval|test)[ _/](?:acc(?:uracy)?|reward|f1|score))\b/i, 'maximize'],
  [/\b(acc(?:uracy)?)\b/i, 'maximize'],
  [/\b(loss)\b/i, 'minimize'],
] as const;

/** The best number that a print or log line of the program puts a value behind. */
function detectMetric(code: ReadonlyMap<string, string>): Finding<Environment['objective']> | undefined {
  const printed = [...code].flatMap(([file, text]) =>
    [...text.matchAll(/^.*\b(?:print\w*|log\w*|write|info)\(.*$/gm)].map(([line]) => ({ file, line })),
  );
  for (const [expression, goal] of METRICS) {
    for (const { file, line } of printed) {
      const found = expression.exec(line);
      const after = found ? line.slice(found.index + found[0].length) : '';
      if (!found?.[1] || !/^\s*["']?\s*[:=,]?\s*["']?\s*(?:\{|%|,)/.test(after)) continue;
      const metric = found[1].replaceAll(' ', '_');
      return { value: { metric, goal, summary: 'last' }, reason: `${file} prints it` };
    }
  }
  return undefined;
}

function detectProtected(files: ReadonlyMap<string, string>): Finding<string[]> | undefined {
  const scripts = [...files.keys()]
    .filter((file) => /(^|\/)(eval\w*|prepare\w*|data|dataset\w*)\.py$/.test(file))
    .sort();
  const folders = ['data', 'datasets'].filter((folder) =>
    [...files.keys()].some((file) => file.startsWith(`${folder}/`)),
  );
  const globs = [...scripts, ...folders.map((folder) => `${folder}/**`)];
  return globs.length > 0
    ? { value: globs, reason: 'they evaluate or prepare data: what a result is judged by' }
    : undefined;
}

function detectSetup(files: ReadonlyMap<string, string>): Pick<Findings, 'setup' | 'setup_inputs'> {
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

function detectSmoke(run: string, code: ReadonlyMap<string, string>): Finding<string> | undefined {
  const flag = readHyperparameters(code).find(
    (one) =>
      one.source === 'argparse' &&
      /^(max_?(iters|steps)|num_?(iterations|steps)|steps)$/.test(one.name.replaceAll('-', '_')),
  );
  return flag && { value: `${run} --${flag.name} 1`, reason: 'one step, before a GPU is taken' };
}

function usesGpu(code: ReadonlyMap<string, string>): boolean {
  return [...code.values()].some((text) => /\bcuda\b|\.gpu\b|jax\.devices/.test(text));
}

function detectSeed(code: ReadonlyMap<string, string>): Finding<Environment['seed']> | undefined {
  for (const [file, text] of code) {
    const variable = /environ(?:\.get\(|\[)\s*["'](\w*SEED\w*)["']/i.exec(text)?.[1];
    if (variable) return { value: { env: variable }, reason: `${file} reads it` };
    const flag = /add_argument\(\s*["'](--[\w-]*seed)["']/.exec(text)?.[1];
    if (flag) return { value: { flag }, reason: `${file} takes it` };
  }
  return undefined;
}
