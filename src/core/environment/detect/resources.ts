import { shellCode, type WrittenCommand } from './commands.ts';
import { type Finding, firstLine, isPython, isShell, type Texts, type Told } from './evidence.ts';

/** The run command, and where a document writes it down. */
export interface RunCommand {
  readonly run: string | undefined;
  readonly written: WrittenCommand | undefined;
}

/** How many GPUs a run takes. */
export function detectGpus({ run, written }: RunCommand, program: Texts, files: Texts): Finding<number> {
  const shells = [...program]
    .filter(([file]) => isShell(file))
    .map(([file, text]) => [file, withVariables(shellCode(text))] as const);
  // Its devices are left out of a command that is proposed: they are counted where it is written down.
  for (const [file, text] of [['the run command', written?.command ?? run ?? ''] as const, ...shells]) {
    const asked = `${shellRaw(file, files)}\n${text}`;
    const counts = [
      /--?(?:nproc[_-]per[_-]node|num_processes|num_gpus|num-gpus|gpus-per-node)[= ]"?(\d{1,3})\b/.exec(asked)?.[1],
      numberOf(/--gpus[= ]"?([\d,]{1,40})/.exec(asked)?.[1]),
      /\bn_gpus_per_node=["']?(\d{1,3})\b/.exec(text)?.[1],
      listed(/--include[= ]["']?localhost:([\d,]+)/.exec(text)?.[1]),
      processesOf(text, files),
      /--gres[= ]gpu:(?:\w+:)?(\d{1,3})/.exec(asked)?.[1],
      listed(/CUDA_VISIBLE_DEVICES=["']?([\d,]+)/.exec(text)?.[1]),
    ].flatMap((count) => count ?? []);
    if (counts.length > 0) {
      // A launcher may leave one to a server beside it: what the job asks for counts.
      const count = Math.max(...counts.map(Number));
      return { value: count, reason: `${file} asks for ${count}` };
    }
    if (/--device[= ]cpu\b|--accelerator[= ]cpu\b|\bdevice=cpu\b/.test(text))
      return { value: 0, reason: `${file} trains on the processor` };
  }
  for (const [file, text] of program) {
    // Ray’s trainers are told in their settings.
    const asked = /\.ya?ml$/.test(file) ? firstLine(text, /^\s*n_gpus_per_node:\s*(\d{1,3})\b/) : undefined;
    if (asked?.match[1])
      return { value: Number(asked.match[1]), reason: `${file}:${asked.line} asks for ${asked.match[1]}` };
    if (!isPython(file)) continue;
    const devices = firstLine(text, /\bdevices\s*=\s*(\d{1,3})\b/);
    if (devices?.match[1] && /accelerator\s*=\s*["'](gpu|cuda|auto)["']/.test(text)) {
      return { value: Number(devices.match[1]), reason: `${file}:${devices.line} asks for ${devices.match[1]}` };
    }
  }
  return byCode(
    run ?? '',
    shells.map(([, text]) => text),
    program,
    files,
  );
}

/** A script with the numbers that it gives its own variables put in: `N=${N:-4}`, `N=4`. */
function withVariables(text: string): string {
  const numbers = new Map(
    [...text.matchAll(/^\s*(?:export\s+)?(\w{1,40})=(?:\$\{\w{1,40}:-)?["']?(\d{1,6})["']?\}?\s*$/gm)].map(
      ([, name, value]) => [name ?? '', value ?? ''],
    ),
  );
  const given = text.replaceAll(/\$\{\w{1,40}:-(\d{1,6})\}/g, '$1');
  return given.replaceAll(/\$\{?(\w{1,40})\}?/g, (all, name: string) => numbers.get(name) ?? all);
}

/** `#SBATCH` lines are comments to the shell. */
function shellRaw(file: string, files: Texts): string {
  return [...(files.get(file) ?? '').matchAll(/^#SBATCH.*$/gm)].map(([row]) => row).join('\n');
}

/** `--gpus 4` is how many, `--gpus 0,1` which ones, and `--gpus 0` the first one. */
function numberOf(text: string | undefined): string | undefined {
  if (text === undefined || text.includes(',')) return listed(text);
  return text === '0' ? '1' : text;
}

/** What the settings say that `accelerate launch` is given. */
function processesOf(text: string, files: Texts): string | undefined {
  const file = /\baccelerate launch\b[^\n]*--config_file[= ]["']?([\w./-]+)/.exec(text)?.[1]?.replace(/^\.\//, '');
  return /^num_processes:\s*(\d{1,3})\b/m.exec(files.get(file ?? '') ?? '')?.[1];
}

function listed(text: string | undefined): string | undefined {
  return text === undefined ? undefined : String(text.split(',').filter(Boolean).length);
}

const SIGNS: readonly (readonly [RegExp, string])[] = [
  [/\bcuda\b|\.gpu\b|\bnccl\b|\btorch\.accelerator\b|accelerator\s*=\s*["'](gpu|auto)["']/i, 'names a GPU'],
  [/\b[bf][fp]16\s*[:=]\s*[Tt]rue\b/, 'trains in half precision'],
  [/^\s*(?:import|from)\s+(vllm|deepspeed|triton|flash_attn)\b/m, 'needs a GPU for what it imports'],
  [
    /^\s*(?:import|from)\s+(lightning|pytorch_lightning|accelerate)\b|\b\w{0,20}TrainingArguments\(|\b(GRPO|SFT|DPO)Config\(|\bHfArgumentParser\(/m,
    'takes a GPU where there is one',
  ],
  [
    /^\s*(?:import|from)\s+(tensorflow|keras|trl|ultralytics|fastai|setfit|sentence_transformers|stable_baselines3)\b/m,
    'takes a GPU where there is one',
  ],
  [/^\s*(?:import|from)\s+(jax|flax)\b/m, 'takes a GPU where there is one (JAX)'],
];

const LAUNCHER = /\b(?:torchrun|deepspeed|accelerate launch|llamafactory-cli|axolotl|tune run|trl)\b/;

function byCode(run: string, shells: readonly string[], program: Texts, files: Texts): Finding<number> {
  const onProcessor = [...files].some(
    ([file, text]) => /requirements[\w-]*\.txt$|pyproject\.toml$/.test(file) && /jax\[cpu\]/.test(text),
  );
  for (const [sign, words] of SIGNS) {
    for (const [file, text] of program) {
      if (!/\.(py|ya?ml)$/.test(file) || (onProcessor && /JAX/.test(words))) continue;
      const hit = firstLine(text, new RegExp(sign.source, sign.flags.replace('m', '')));
      if (hit) return { value: 1, reason: `${file}:${hit.line} ${words}` };
    }
  }
  const launcher = [run, ...shells].map((text) => LAUNCHER.exec(text)?.[0]).find((name) => name !== undefined);
  if (launcher !== undefined) return { value: 1, reason: `${launcher} starts it` };
  return { value: 0, reason: 'nothing names a GPU' };
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const DOCUMENT = /^(readme|program)[\w-]*(\.(md|rst|txt))?$/i;
/** `If a run exceeds 10 minutes, kill it`: a limit that somebody set. */
const LIMIT =
  /\b(?:exceeds?|longer than|more than|time ?limit of|timeout(?: of|:)?|kill\w* after|abort\w* after)\s*(?:about |~)?(\d{1,4})\s*[- ]?(seconds?|minutes?|mins?|hours?|hrs?)\b/i;

/** How long a run may take: what Slurm is asked for, a time budget, or twice what a document says it takes. */
export function detectTimeout({ written }: RunCommand, program: Texts, files: Texts): Told<string> {
  const beside = [...files].filter(([name, text]) => isShell(name) && !program.has(name) && starts(text, program));
  for (const [file, text] of [...program, ...beside]) {
    const hit = isShell(file)
      ? firstLine(text, /^#SBATCH\s+(?:--time|-t)[= ](?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?/)
      : undefined;
    if (!hit) continue;
    const [, days, first, second, third] = hit.match;
    const seconds =
      days !== undefined || third !== undefined
        ? Number(days ?? 0) * 86_400 + Number(first) * 3600 + Number(second ?? 0) * 60 + Number(third ?? 0)
        : Number(first) * 60 + Number(second ?? 0);
    return { found: { value: duration(seconds), reason: `${file}:${hit.line} asks Slurm for it` } };
  }
  for (const [file, text] of files) {
    const hit = DOCUMENT.test(file) ? firstLine(ofRuns(text), LIMIT) : undefined;
    const seconds = Number(hit?.match[1]) * (UNITS[hit?.match[2]?.[0]?.toLowerCase() ?? ''] ?? 0);
    if (hit && seconds > 0) return { found: { value: duration(seconds), reason: `the limit of ${file}:${hit.line}` } };
  }
  for (const [file, text] of [...program, ...files]) {
    const hit = isPython(file)
      ? firstLine(
          text,
          /^\s*\w*(?:TIME_BUDGET|MAX_TRAIN_SECONDS|TIME_LIMIT|MAX_SECONDS|time_budget|max_wallclock_seconds)\w*\s*(?::\s*\w+)?=\s*(\d+(?:\.\d+)?)(\s*\*\s*60)?(\s*\*\s*60)?/,
        )
      : undefined;
    if (!hit) continue;
    const seconds = Number(hit.match[1]) * (hit.match[2] ? 60 : 1) * (hit.match[3] ? 60 : 1);
    return {
      found: {
        value: duration(seconds * 2),
        reason: `twice the time budget of ${file}:${hit.line}: starting and evaluating come on top`,
      },
    };
  }
  for (const [file, text] of files) {
    if (!DOCUMENT.test(file)) continue;
    const hit = nearest(
      ofRuns(text),
      written?.file === file ? written.line : undefined,
      /\b(?:[Tt]akes?|[Rr]uns? (?:for|in)|[Ii]n|[Ww]ithin|[Aa]bout|[Aa]round|~|[Bb]udget of|[Ff]inish(?:es)? in|[Uu]nder)\s*(?:about|around|roughly|approximately|less than|only|under|~|a|≈)*\s*(\d{1,4}(?:\.\d)?)\s*[- ]?([Ss]econds?|secs?|s|[Mm]inutes?|mins?|m|[Hh]ours?|hrs?|h|[Dd]ays?)\b(?!\s*\w*\/)(?!\s+(?:steps|param\w*|tokens|samples|frames|images|of audio))/,
    );
    if (!hit?.match[1] || !hit.match[2]) continue;
    const seconds = Number(hit.match[1]) * (UNITS[hit.match[2][0]?.toLowerCase() ?? 's'] ?? 1);
    if (seconds < 1 || seconds > 30 * 86_400) continue;
    return {
      found: { value: duration(Math.max(60, seconds * 2)), reason: `twice what ${file}:${hit.line} says a run takes` },
    };
  }
  return { open: 'nothing says how long a run takes; 1h holds until you say' };
}

/** What stands behind a line, in its section of the document; else the first that the document has. */
function nearest(text: string, line: number | undefined, expression: RegExp): ReturnType<typeof firstLine> {
  if (line !== undefined) {
    const rows = text.split('\n').slice(line);
    const end = rows.findIndex((row) => /^#{1,6}\s/.test(row));
    const hit = firstLine(rows.slice(0, end < 0 ? undefined : end).join('\n'), expression);
    if (hit) return { ...hit, line: hit.line + line };
  }
  return firstLine(text, expression);
}

const NOT_A_RUN =
  /\b(download|install|prepar|preprocess|tokeni[sz]|compil|build|one-time|setup|evaluat)|\b(per|each|every|an?|one|\d+) (?:\w+ )?(epoch|step|iteration|batch|it)\b|\/\s?(epoch|step|it)\b/i;

/** The text without sentences on what comes before a run, and on parts of one; its lines keep their numbers. */
function ofRuns(text: string): string {
  return text
    .slice(0, 200_000)
    .split('\n')
    .map((row) =>
      row
        .split(/(?<=[.;])\s/)
        .map((part) => (NOT_A_RUN.test(part) ? '' : part))
        .join(' '),
    )
    .join('\n');
}

/** Whether a shell script starts one of the program's own scripts. */
function starts(shell: string, program: Texts): boolean {
  const code = shellCode(shell);
  return [...program.keys()].some((file) => (isPython(file) || isShell(file)) && code.includes(file));
}

/** `90m`, `2h`, `45s`: the largest unit that stays whole, rounded up to one a person would write. */
function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)}s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes % 60 === 0 ? `${minutes / 60}h` : `${minutes}m`;
}
