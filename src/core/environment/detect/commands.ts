import { programFiles, scriptsNamed } from '../context.ts';
import { baseName, depthOf, type Finding, isPython, isShell, list, type Texts, type Told } from './evidence.ts';
import { rulesOf } from './rules.ts';

/** Following imports in a large repository takes its time: so many scripts are looked into. */
const MOST_STARTS = 20;

/** A command as somebody wrote it down. */
export interface WrittenCommand {
  readonly command: string;
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** The Python scripts it comes to, through shell scripts and make. */
  readonly scripts: readonly string[];
  /** Whether it stands in a block of its own, and not within a sentence. */
  readonly block: boolean;
  /** Whether something in it stands for what only a person knows. */
  readonly unfinished: boolean;
  /** What a shell script that it starts takes from outside, and nothing gives. */
  readonly lacks: readonly string[];
}

const VARIABLES = String.raw`(?:[A-Za-z_][A-Za-z0-9_]*=\S*\s+)*`;
const COMMAND = new RegExp(
  String.raw`^(?:\$\s+|>\s+|%\s+)?(${VARIABLES}(?:(?:python[\d.]*|uv run|poetry run|pipenv run|bash|sh|sbatch|torchrun|deepspeed|make|accelerate launch|srun|dvc|llamafactory-cli|axolotl|tune|trl)\s+|\./)[^\x60|;&]*)`,
);
const PLACEHOLDER =
  /\/path\/to|path\/to\/|<[^>]+>|\.\.\.|…|\bYOUR_|\bPATH_TO_|\$\{?\w+\}?|(?:^|\s)\[[^\]]*\]|\{[^}]*[,|][^}]*\}/i;
/** What only a person can put in behind a flag: `--name EXP_NAME`. */
const META = /\s--?[\w-]+[= ][A-Z]+_[A-Z_]*[A-Z]\b/;
/** The same script, but no training, or many at once. */
const NO_TRAINING =
  /\s(?:--(?:eval\w*|do_eval_only|test\w*|help|inference|predict\w*|validate)\s|-h\s|mode=(?:test|eval)\s|--multirun\s)|\.py\s(?:.*\s)?-m\s/;
/** A small try of the same training, which a document shows beside it. */
const TRY = /\bcpu\b|\bdebug\b|\bsmoke\b|fast_dev_run|dry[_-]run|(?:max_?(?:iters|steps)|epochs)[= ][12]\b/i;
/** The same training on data that is made up: nothing is learnt from it. */
const MADE_UP = /\s--(?:dummy|fake|synthetic)\w*\b/i;
/** Scripts that stand beside training. */
const BESIDE =
  /(^|[_\-/])(eval\w*|test\w*|sample\w*|generate|prepare\w*|preprocess\w*|download\w*|convert\w*|export\w*|plot\w*|visuali\w*|demo|app|serve\w*|server|infer\w*|predict\w*|tokeni\w*|setup|conftest|bench\w*|data|dataset\w*|utils?|analy\w*|benchmark)(?=[_\-.]|$)/i;
const TRAIN_NAME =
  /(^|[_\-/])(train\w*|pretrain\w*|finetune\w*|fine_tune|main|run|sft|grpo|ppo|dpo|rl\w*|experiment|learn|fit)(?=[_\-.]|$)/i;
const TRAINS =
  /\.backward\(|\boptimizer\.step\(|\bopt\w*\.step\(|\.fit\(|\btrainer\.train\(|\bvalue_and_grad\(|\bjax\.grad\(|\bapply_gradients\(|(?<!\b(?:\w*model|\w*net|\w*module|self))\.train\(\s*\)\s*$|\bGradientTape\b|\bLightningCLI\b|\btrain_step\(|\bTrainer\(/m;
const MAIN = /^if __name__ ?== ?["']__main__["']|^\s*(app\.run|fire\.Fire|tyro\.cli|typer\.run)\(/m;

/** The commands that documents, makefiles and shell scripts of the repository write down, by file and line. */
export function writtenCommands(files: Texts): WrittenCommand[] {
  const known = [...files.keys()].sort();
  const documents = known.filter((file) =>
    /^(readme|program|usage|quickstart|getting[_-]started|training|docs\/(readme|usage|training|quickstart|getting[_-]started))[\w-]*\.(md|rst|txt)$|^readme$/i.test(
      file,
    ),
  );
  const order = documents.toSorted((a, b) => rank(a) - rank(b));
  const folders = new Set(known.filter(isPython).map((file) => file.slice(0, Math.max(0, file.lastIndexOf('/')))));
  return order.flatMap((file) => {
    return commandsIn(files.get(file) ?? '', folders).flatMap(({ within, variables, line, block, ...row }) => {
      // A clone is entered by the name of the repository, which a package in it often has as well.
      const entered = within === undefined ? '' : `cd ${within} && `;
      const start = reached(`${entered}${row.command}`, files).length > 0 ? entered : '';
      const needs = neededFrom(row.command, files);
      const lacks = needs.filter((name) => !variables.has(name));
      const given = needs.filter((name) => variables.has(name)).map((name) => `${name}=${variables.get(name)} `);
      const command = `${start}${given.join('')}${row.command}`;
      const scripts = reached(command, files);
      if (scripts.length === 0 && !startsInstalled(command, files)) return [];
      const unfinished = PLACEHOLDER.test(command) || META.test(command) || lacks.length > 0;
      return [{ command, file, line, scripts, block, unfinished, lacks }];
    });
  });
}

/** A script that takes more is no launcher. */
const MOST_VARIABLES = 50;
/** What is set on every machine, or by the product or a launcher. */
const AROUND =
  /^(HOME|PATH|PWD|USER|SHELL|TMPDIR|HOSTNAME|RANDOM|SECONDS|UID|(RANDOM_|RNG_)?SEED|RANK|(LOCAL|NODE|GROUP)_RANK|WORLD_SIZE|(BASH|CONDA|CUDA|HF|LD|MASTER|NCCL|OMP|PYTHON|RESEARCH|SLURM|TORCH|WANDB|XDG)_?\w*|\w+_(KEY|TOKEN))$/;

/**
 * What the shell scripts of a command hand to a program and take from outside: variables that they do not set, and the
 * first argument where the command gives none.
 */
function neededFrom(command: string, files: Texts): string[] {
  return scriptsNamed(command, [...files.keys()])
    .filter(isShell)
    .flatMap((script) => {
      const code = joined(files.get(script) ?? '');
      // A function has arguments of its own, and what stands in single quotes is another program's.
      const body = code
        .replaceAll(/^[ \t]*(?:function[ \t]+)?\w+[ \t]*\(\)[^{\n]{0,200}\{[\s\S]{0,5000}?^[ \t]*\}/gm, '')
        .replaceAll(/'[^'\n]*'/g, '');
      const starts = body.split('\n').filter((row) => STARTS.test(row));
      const set = (name: string) =>
        new RegExp(
          `\\b${name}=|\\b(?:read|for|mapfile)\\b[^\\n;]{0,200}\\b${name}\\b|-[zn]\\s+"?\\$\\{?${name}\\b|\\$\\{${name}:?[-=]`,
        ).test(body);
      const names = starts.flatMap((row) =>
        [...row.matchAll(/\$\{?([A-Z][A-Z0-9_]{1,60})\b\}?/g)].map(([, name]) => name ?? ''),
      );
      const variables = [...new Set(names)].slice(0, MOST_VARIABLES).filter((name) => !AROUND.test(name) && !set(name));
      const behind = command.slice(command.indexOf(script) + script.length).trim();
      const first = behind === '' && /\$1\b|\$\{1\}/.test(body) && !/\$#|\bgetopts\b|-[zn]\s+"?\$\{?1\b/.test(body);
      return [...variables, ...(first ? ['$1'] : [])];
    });
}

/** A row of a shell script that starts a program. */
const STARTS = /\b(?:python[\d.]*|torchrun|accelerate launch|deepspeed|srun|uv run)\s/;

function rank(file: string): number {
  return /^readme/i.test(file) ? 0 : /^program/i.test(file) ? 1 : 2;
}

interface Row extends Pick<WrittenCommand, 'command' | 'line' | 'block'> {
  /** The folder that the rows before it went to. */
  readonly within: string | undefined;
  /** What the rows before it set. */
  readonly variables: ReadonlyMap<string, string>;
}

function commandsIn(text: string, folders: ReadonlySet<string>): Row[] {
  const rows = text.split('\n');
  const found: Row[] = [];
  const variables = new Map<string, string>();
  let folder: string | undefined;
  for (let at = 0; at < rows.length; at += 1) {
    const line = at + 1;
    let row = rows[at] ?? '';
    if (row.length > 4000) continue;
    while (/\\\s*$/.test(row) && at + 1 < rows.length && row.length < 4000) {
      at += 1;
      row = `${row.replace(/\\\s*$/, ' ')}${(rows[at] ?? '').trim()}`;
    }
    // Where a block of commands goes, the next ones of it start.
    if (/^\s*```/.test(row)) folder = undefined;
    const entered = /^\s*(?:\$\s+)?cd\s+([A-Za-z][\w./-]*?)\/?\s*$/.exec(row)?.[1];
    if (entered !== undefined) folder = folders.has(entered) ? entered : undefined;
    const set = /^\s*(?:\$\s+)?(?:export\s+)?([A-Za-z_]\w*)=["']?([\w./:@-]+)["']?\s*$/.exec(row);
    if (set?.[1]) variables.set(set[1], set[2] ?? '');
    const inline = [...row.matchAll(/`([^`]{3,400})`/g)].map((match) => match[1] ?? '');
    for (const one of [row.trim(), ...inline]) {
      const known = one.replaceAll(/\$\{?(\w{1,60})\}?/g, (all, name: string) => variables.get(name) ?? all);
      const [, into, rest] = /^(?:\$\s+)?cd\s+([\w./-]+?)\/?\s*&&\s*(\S.*)$/.exec(known.trim()) ?? [];
      const plain = (rest ?? known.trim()).replace(/^(\$\s+)?(?:nohup|time|sudo|exec)\s+/, '$1');
      const command = COMMAND.exec(plain.replace(/\s(?:#|\d?>{1,2}\s?\S|&>|<\s).*$/, ''))?.[1]
        ?.replaceAll(/\s+/g, ' ')
        .trim();
      // `python run train.py` is no command: Python would start `run`.
      if (!command || /\bpython[\d.]*\s+[A-Za-z]\w*\s/.test(`${command} `)) continue;
      const within = into !== undefined && folders.has(into) ? into : folder;
      const block = !inline.includes(one) || row.trim() === `\`${one}\``;
      found.push({ command, line, block, within, variables: new Map(variables) });
    }
  }
  return found;
}

/** The Python scripts a command comes to: by name, through a shell script, through a make target. */
export function reached(command: string, files: Texts, depth = 0): string[] {
  const known = [...files.keys()];
  const named = [command, ...recipesOf(command, files)].flatMap((row) => scriptsNamed(row, known));
  return [
    ...new Set(
      named.flatMap((file) => {
        if (isPython(file)) return [file];
        return isShell(file) && depth < 3 ? reached(shellCode(files.get(file) ?? ''), files, depth + 1) : [];
      }),
    ),
  ];
}

/** A trainer that is installed and no file here: `python -m verl.trainer.main_ppo`, `llamafactory-cli train`. */
const INSTALLED =
  /(?:\s-m\s+(\w+(?:\.\w+)*\.(?:\w*train\w*|\w*main\w*|\w*ppo\w*|\w*grpo\w*|\w*sft\w*|cli)\b[\w.]*)|\b(llamafactory-cli train|axolotl train|tune run|trl (?:sft|grpo|dpo)|lightning run))\b/;

/** The file here by which a command starts a trainer from elsewhere, and which: a shell script, or settings for it. */
function startsInstalled(
  command: string,
  files: Texts,
): { readonly script: string; readonly trainer: string } | undefined {
  const named = scriptsNamed(command, [...files.keys()]);
  for (const script of named.filter((file) => isShell(file) || /\.ya?ml$/.test(file))) {
    const started = isShell(script) ? joined(files.get(script) ?? '') : command;
    const found = INSTALLED.exec(started);
    if (found) return { script, trainer: found[1] ?? found[2] ?? '' };
  }
  return undefined;
}

/** A shell script without its comments. */
export function shellCode(text: string): string {
  return text
    .slice(0, 100_000)
    .split('\n')
    .filter((row) => !/^\s*#/.test(row))
    .join('\n');
}

/** The code of a shell script, its continued lines as one. */
function joined(text: string): string {
  return shellCode(text).replaceAll(/\\\n/g, ' ');
}

/** What make or a pipeline of DVC runs for a command; empty where it is neither. */
export function recipesOf(command: string, files: Texts): string[] {
  if (/(?:^|\s)dvc (?:repro|exp run)\b/.test(command)) return stagesOf(files.get('dvc.yaml') ?? '');
  const target = /(?:^|\s)make\s+(?:-\S+\s+)*([\w.-]+)/.exec(command)?.[1];
  return target === undefined ? [] : recipeOf(files.get('Makefile') ?? '', target);
}

/** The commands of all stages. */
function stagesOf(pipeline: string): string[] {
  return [...pipeline.matchAll(/^\s+(?:-\s+)?cmd:\s*(\S.{0,500})$/gm)].map(([, command]) => command ?? '');
}

export function recipeOf(makefile: string, target: string): string[] {
  const rows = makefile.split('\n');
  const start = rows.findIndex((row) => row.startsWith(`${target}:`));
  if (start < 0) return [];
  const end = rows.findIndex((row, index) => index > start && !/^\s/.test(row) && row.trim() !== '');
  return rows.slice(start + 1, end < 0 ? undefined : end);
}

/** Whether a Python file trains something: by what it does, or by its name. */
export function trains(file: string, text: string): boolean {
  const name = baseName(file);
  if (BESIDE.test(name) && !/^(pre|run_|main_)?train/.test(name)) return false;
  if (/tokeni[sz]er/i.test(name)) return false;
  return TRAIN_NAME.test(name) || TRAINS.test(text);
}

/** Python files that are started rather than imported, and train. */
export function entryScripts(files: Texts): string[] {
  const candidates = [...files].filter(
    ([file, text]) =>
      isPython(file) &&
      !/(^|\/)(tests?|docs?|examples?|notebooks?|third_party|vendor)\//.test(file) &&
      trains(file, text),
  );
  const imported = importedNames(files);
  return candidates
    .filter(([file, text]) => {
      const module = baseName(file).slice(0, -3);
      const starts = MAIN.test(text);
      return (
        starts ||
        (TRAIN_NAME.test(module) && !imported.has(module)) ||
        (TRAINS.test(text) && !imported.has(module) && !/^class \w+/m.test(text))
      );
    })
    .map(([file]) => file)
    .sort((a, b) => depthOf(a) - depthOf(b) || a.length - b.length || (a < b ? -1 : 1));
}

function importedNames(files: Texts): Set<string> {
  const names = new Set<string>();
  for (const [file, text] of files) {
    if (!isPython(file)) continue;
    for (const match of text.matchAll(/^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import|import[ \t]+([\w.]+))/gm)) {
      names.add((match[1] ?? match[2] ?? '').split('.').at(-1) ?? '');
    }
  }
  return names;
}

/**
 * The command that trains: as a document writes it, else a shell script or make target that starts a training script,
 * else the one Python script that trains. Open where two would do.
 */
export function detectRun(files: Texts): Told<string> {
  const edited = new Set(rulesOf(files).only.map(({ file }) => file));
  let tried = 0;
  const starts = (file: string) => {
    tried += 1;
    return edited.size > 0 && tried <= MOST_STARTS && programFiles(files, { run: file }).some((one) => edited.has(one));
  };
  const isMeant = (file: string) => edited.has(file) || trains(file, files.get(file) ?? '') || starts(file);
  const training = writtenCommands(files).filter(
    ({ command, scripts }) =>
      !NO_TRAINING.test(`${command} `) && (scripts.some(isMeant) || startsInstalled(command, files) !== undefined),
  );
  const written = training.filter(({ unfinished }) => !unfinished);
  const byScript = Map.groupBy(
    written,
    ({ command, scripts }) =>
      scripts.find((file) => edited.has(file)) ??
      scripts.find(isMeant) ??
      startsInstalled(command, files)?.script ??
      '',
  );
  const [only] = byScript.values();
  const meant = training.filter(({ command }) => !MADE_UP.test(command));
  if (meant.length > 0 && written.length > 0 && written.every(({ command }) => MADE_UP.test(command)))
    return unfinishedOf(meant) ?? told(fromDocument(written, files));
  if (byScript.size === 1 && only) return told(fromDocument(only, files));
  if (byScript.size > 1) {
    const own = [...byScript.keys()].filter((file) => edited.has(file));
    const plain = own.length === 1 ? own[0] : onlyNamedTrain([...byScript.keys()]);
    const chosen = plain === undefined ? undefined : byScript.get(plain);
    if (chosen) return told(fromDocument(chosen, files));
    const names = [...byScript].map(([, [first]]) => `${first?.command} (${first?.file}:${first?.line})`);
    return { open: `there is more than one command that trains: ${list(names)}` };
  }
  const shell = fromShell(files);
  // What a document says of a command that lacks something says more.
  if (shell && 'open' in shell) return unfinishedOf(training) ?? shell;
  return shell ?? fromMake(files) ?? fromPipeline(files) ?? unfinishedOf(training) ?? fromPython(files);
}

/** A command that a document leaves for a person to complete: it says more than the script's name would. */
function unfinishedOf([first]: readonly WrittenCommand[]): Told<string> | undefined {
  if (!first) return undefined;
  const { file, line, command, lacks } = first;
  if (lacks.length > 0) return { open: `${file}:${line} says "${command}", which needs ${list(lacks)}: put it in` };
  return { open: `${file}:${line} says "${command}": put in what stands for your own paths and names` };
}

function told<T>(found: Finding<T>): Told<T> {
  return { found };
}

function fromDocument(commands: readonly WrittenCommand[], files: Texts): Finding<string> {
  // What the document leads with, but a run that is meant: not the one that shows that it starts.
  const meant = commands.filter(({ command: one }) => !TRY.test(one) && !one.startsWith('sbatch '));
  const lead = meant.find(({ block }) => block) ?? meant[0] ?? commands[0];
  const first = meant.find((one) => lead !== undefined && overrides(lead.command, one.command)) ?? lead;
  const command = first?.command ?? '';
  const value = proposed(command, files);
  const moved =
    withinCheckout(command) === command ? '' : '; what it writes to /tmp there stays in each run’s own folder here';
  return { value, reason: `the command in ${first?.file}:${first?.line}${moved}` };
}

/** A command of a document as a run is given it. */
function proposed(command: string, files: Texts): string {
  return withinCheckout(withoutDevices(runnable(waited(command), files)));
}

/** Where the run command was written down. */
export function writtenAs(run: string, files: Texts): WrittenCommand | undefined {
  return writtenCommands(files).find(({ command }) => proposed(command, files) === run);
}

/** Whether a command is another one with keys of Hydra set, which a document shows as examples. */
function overrides(command: string, plain: string): boolean {
  if (!command.startsWith(`${plain} `)) return false;
  return command
    .slice(plain.length + 1)
    .split(' ')
    .every((word) => /^\+{0,2}[A-Za-z][\w./]*=\S+$/.test(word));
}

const WRITES =
  /(\s--[\w.-]{0,40}?(?:work|out|output|log|save|ckpt|checkpoint|model|results?|exp|run)[_-]?(?:dir|path|folder|root)?(?:=|\s)["']?)\/tmp\/(?=[\w$])/gi;

/** What a run writes, within its own folder: one that finds a checkpoint of another in `/tmp` goes on from there. */
function withinCheckout(command: string): string {
  return command.replaceAll(WRITES, '$1out-');
}

/** What `sbatch` would queue and leave: a run has to wait for it, and boxes of Slurm queue it themselves. */
function waited(command: string): string {
  return command.replace(/^sbatch\s+(?:.*?\s)?(?=\S+\.(?:sh|bash|sbatch|slurm)(?:\s|$))/, 'bash ');
}

/** Which GPUs a run gets is said by its box. */
function withoutDevices(command: string): string {
  return command.replace(/\bCUDA_VISIBLE_DEVICES=\S*\s+/, '');
}

/** A module under `src/` is found through PYTHONPATH where nothing installs it. */
function runnable(command: string, files: Texts): string {
  if (/PYTHONPATH=|^cd /.test(command)) return command;
  const module = /\s-m\s+([\w.]+)/.exec(command)?.[1]?.replaceAll('.', '/');
  if (module === undefined) return command;
  const has = (file: string) => files.has(`${file}.py`) || files.has(`${file}/__main__.py`);
  return !has(module) && has(`src/${module}`) ? `PYTHONPATH=src ${command}` : command;
}

/** `train.py` among scripts whose names say that they do something more special. */
function onlyNamedTrain(scripts: readonly string[]): string | undefined {
  const plain = scripts.filter((file) => /^(train|main)\.py$/.test(baseName(file)));
  const special = scripts.filter((file) => !plain.includes(file));
  const apart = special.every(
    (file) => /^(pretrain|finetune|train)[_-]\w+/i.test(baseName(file)) || /tune_|sweep/.test(file),
  );
  return plain.length === 1 && apart ? plain[0] : undefined;
}

function fromShell(files: Texts): Told<string> | undefined {
  const scripts = [...files.keys()].filter((file) => {
    if (!isShell(file) || BESIDE.test(baseName(file)) || sweeps(files.get(file) ?? '')) return false;
    if (startsInstalled(`bash ${file}`, files)) return true;
    return reached(shellCode(files.get(file) ?? ''), files).some((one) => trains(one, files.get(one) ?? ''));
  });
  const shallow = scripts.filter((file) => depthOf(file) === Math.min(...scripts.map(depthOf)));
  const plain = shallow.filter((file) => /^(run|train|launch|start)\.(sh|bash)$/.test(baseName(file)));
  const chosen = shallow.length === 1 ? shallow : plain;
  if (chosen.length === 1 && chosen[0]) {
    const lacks = neededFrom(`bash ${chosen[0]}`, files);
    if (lacks.length > 0) return { open: `${chosen[0]} trains, and needs ${list(lacks)}, which nothing here gives` };
    const starts = reached(shellCode(files.get(chosen[0]) ?? ''), files);
    const installed = startsInstalled(`bash ${chosen[0]}`, files)?.trainer ?? '';
    return told({ value: `bash ${chosen[0]}`, reason: `${chosen[0]} starts ${list(starts) || installed}` });
  }
  return shallow.length > 1 ? { open: `more than one shell script trains: ${list(shallow.toSorted())}` } : undefined;
}

/** A script that trains in a loop of its own: many runs, and not one. */
function sweeps(text: string): boolean {
  const [, body = ''] = /^\s*(?:for\s+\w+\s+in|while)\b([\s\S]*?)^\s*done\b/m.exec(shellCode(text)) ?? [];
  return /\b(?:python[\d.]*|torchrun|accelerate launch|srun)\s/.test(body);
}

function fromMake(files: Texts): Told<string> | undefined {
  const makefile = files.get('Makefile') ?? '';
  const targets = [...makefile.matchAll(/^(train|run|all|pretrain|finetune):/gm)].map((match) => match[1] ?? '');
  const training = targets.filter((target) =>
    reached(`make ${target}`, files).some((file) => trains(file, files.get(file) ?? '')),
  );
  const [target] = training;
  return target ? told({ value: `make ${target}`, reason: `the target ${target} of the Makefile` }) : undefined;
}

function fromPipeline(files: Texts): Told<string> | undefined {
  const script = reached('dvc repro', files).find((file) => trains(file, files.get(file) ?? ''));
  return script === undefined
    ? undefined
    : told({ value: 'dvc repro', reason: `a stage of dvc.yaml starts ${script}` });
}

/** The first argument that a script does not start without. */
function neededBy(text: string): string | undefined {
  if (/\bsys\.argv\[1\]/.test(text) && !/\blen\(sys\.argv\)\s*>/.test(text)) return 'sys.argv[1]';
  const call = /\badd_argument\(\s*["']([\w-]+)["']([^)]{0,300})\)/g;
  for (const [, name = '', rest = ''] of text.matchAll(call)) {
    const optional = name.startsWith('-')
      ? !/\brequired\s*=\s*True/.test(rest)
      : /\bnargs\s*=\s*["'][?*]|\bdefault\s*=/.test(rest);
    if (!optional && !/\badd_subparsers\(/.test(text)) return name;
  }
  return undefined;
}

/** How a script is started so that it finds what it imports of the repository. */
function startOf(script: string, files: Texts): string {
  const python = files.has('uv.lock') ? 'uv run python' : 'python3';
  const text = files.get(script) ?? '';
  const rest = /\bLightningCLI\((?![^)]*\brun\s*=\s*False)/.test(text) ? ' fit' : '';
  const top = script.startsWith('src/') ? 'src/' : '';
  if (/^\s*from\s+\.+\w*\s+import\b/m.test(text) && script.slice(top.length).includes('/')) {
    const module = script.slice(top.length, -3).replaceAll('/', '.');
    return `${top === '' ? '' : 'PYTHONPATH=src '}${python} -m ${module}${rest}`;
  }
  const names = [...text.matchAll(/^\s*(?:from|import)\s+(\w+)/gm)].map(([, name]) => name ?? '');
  const beside = script.slice(0, script.lastIndexOf('/') + 1);
  const root =
    beside === '' ? undefined : names.map((name) => rootOf(name, beside, files)).find((one) => one !== undefined);
  const path = root === undefined ? '' : `PYTHONPATH=${root} `;
  return `${path}${files.has('uv.lock') ? 'uv run' : 'python3'} ${script}${rest}`;
}

/** Where a package of the repository lies that a script in another folder imports. */
function rootOf(name: string, beside: string, files: Texts): string | undefined {
  const has = (folder: string) =>
    files.has(`${folder}${name}.py`) ||
    [...files.keys()].some((file) => file.startsWith(`${folder}${name}/`) && isPython(file));
  if (has(beside)) return undefined;
  return has('') ? '.' : has('src/') ? 'src' : undefined;
}

function fromPython(files: Texts): Told<string> {
  const scripts = entryScripts(files);
  const named = scripts.filter((file) => TRAIN_NAME.test(baseName(file).slice(0, -3)));
  const considered = named.length > 0 ? named : scripts;
  const top = considered.filter((file) => depthOf(file) === depthOf(considered[0] ?? ''));
  const chosen = top.length === 1 ? top[0] : onlyNamedTrain(top);
  if (chosen !== undefined) {
    const text = files.get(chosen) ?? '';
    const needed = neededBy(text);
    if (needed !== undefined) return { open: `${chosen} trains, and needs ${needed}, which nothing here names` };
    const why = TRAINS.test(text) ? 'is the script that trains' : 'is named like a training script';
    return told({ value: startOf(chosen, files), reason: `${chosen} ${why}` });
  }
  if (top.length > 1) return { open: `more than one script trains: ${list(top)}` };
  return { open: 'no script here trains anything that could be recognised' };
}
