import type { Environment } from '../../domain/index.ts';
import { hydraConfigs, keyOf } from '../hyperparameters/hydra.ts';
import { readHyperparameters } from '../hyperparameters/index.ts';
import { stringValue } from '../hyperparameters/python.ts';
import { callsOf, statements } from './calls.ts';
import { recipeOf, shellCode } from './commands.ts';
import { firstLine, isPython, isShell, type Texts, type Told } from './evidence.ts';

type Rule = Environment['seed'];

const SEED = /^(seed|random_seed|rng_seed|global_seed|manual_seed|seed_everything|random_state)$/i;
const FLAGS = /(^|[_-])(seed|random[_-]state)$|[a-z]Seed$/;
/** A seed of something else than the run, or none. */
const OTHER_SEED = /^--no-|(split|data|eval|test|val|sampl\w*|shuffle)[_-]?seed$/i;

/**
 * How a run takes its seed: a variable it reads, a flag of argparse, absl, click, fire, tyro or the Trainer, a key of a
 * Hydra config. A flag counts only where the run command hands flags on.
 */
export function detectSeed(run: string | undefined, program: Texts, files: Texts): Told<Rule> {
  const variable = fromVariables(program) ?? fromMake(run, files);
  if (variable) return variable;
  const flag = fromFlags(program) ?? fromConfigs(run, program, files);
  if (!flag) return { open: fixedSeed(program) ?? 'nothing here takes a seed' };
  const blocked = run === undefined ? undefined : keepsFlags(run, files);
  if (blocked) {
    const mend = blocked === 'make' ? 'write $(SEED) into the recipe' : 'add "$@" there';
    return { open: `${flag.where} takes ${flag.flag}, but ${blocked} does not hand it on: ${mend}` };
  }
  return { found: { value: { flag: flag.flag }, reason: `${flag.where} takes it` } };
}

function fromVariables(program: Texts): Told<Rule> | undefined {
  for (const [file, text] of program) {
    const expression = isPython(file)
      ? /(?:environ(?:\.get\(|\[)|getenv\()\s*["'](\w*SEED\w*)["']/i
      : isShell(file)
        ? /\$\{?(SEED|RANDOM_SEED|RNG_SEED)\b/
        : undefined;
    const hit = expression && firstLine(text, expression);
    const name = hit?.match[1];
    // A script or program that sets the variable itself overrides what a run is given.
    if (!name || name === 'PYTHONHASHSEED') continue;
    if (isPython(file) && new RegExp(`environ\\[["']${name}["']\\]\\s*=[^=]`).test(text)) continue;
    if (isShell(file) && new RegExp(`\\bfor\\s+${name}\\s+in\\b`).test(text)) continue;
    const set = firstLine(text, new RegExp(`^\\s*(?:export\\s+)?${name}=(?!"?\\$\\{${name})`));
    if (isShell(file) && set) continue;
    return { found: { value: { env: name }, reason: `${file}:${hit.line} reads it` } };
  }
  return undefined;
}

/** `--seed $(SEED)` in a recipe: make reads the variable from its environment, where the Makefile does not fix it. */
function fromMake(run: string | undefined, files: Texts): Told<Rule> | undefined {
  const target = /(?:^|\s)make\s+(?:-\S+\s+)*([\w.-]+)/.exec(run ?? '')?.[1];
  const makefile = files.get('Makefile') ?? '';
  const name = target && /\$[({](\w*SEED)[)}]/.exec(recipeOf(makefile, target).join('\n'))?.[1];
  if (!name || firstLine(makefile, new RegExp(`^${name}\\s*:?:?=`))) return undefined;
  const hit = firstLine(makefile, new RegExp(`\\$[({]${name}[)}]`));
  return { found: { value: { env: name }, reason: `Makefile:${hit?.line} reads it` } };
}

interface Flag {
  readonly flag: string;
  readonly where: string;
}

function fromFlags(program: Texts): Flag | undefined {
  const found: Flag[] = [];
  for (const [file, text] of program) {
    if (!isPython(file)) continue;
    const lines = statements(text);
    for (const { name, arguments: parts, line } of callsOf(text, lines)) {
      const texts = parts.flatMap((part) => (part.length === 1 ? [stringValue(part[0]) ?? ''] : []));
      if (name === 'add_argument' || name === 'option') {
        const flag = texts.find((one) => one.startsWith('--') && FLAGS.test(one) && !OTHER_SEED.test(one));
        if (flag) found.push({ flag, where: `${file}:${line}` });
      }
      if (/^DEFINE_(integer|multi_integer)$/.test(name) && texts[0] && SEED.test(texts[0])) {
        found.push({ flag: `--${texts[0]}=`, where: `${file}:${line}` });
      }
    }
  }
  return found.find(({ flag }) => /^--seed=?$/.test(flag)) ?? found[0] ?? fromParsers(program);
}

/** Flags that a parser makes from something else: a function, a dataclass, module variables. */
function fromParsers(program: Texts): Flag | undefined {
  const all = [...program.values()].join('\n');
  if (/\bfire\.Fire\(|\btyper\.(run|Typer)\(|\btyro\.cli\(/.test(all)) {
    const hit = hitIn(
      program,
      /^\s*def \w+\([^)]*\bseed\b|^\s*seed\s*:\s*int\b|^\s+seed\s*(?::\s*int)?\s*=\s*\d+,?\s*$/,
    );
    if (hit) return { flag: '--seed', where: hit };
  }
  if (/\b(HfArgumentParser|TrlParser)\(/.test(all)) {
    const hit = hitIn(program, /\bseed\s*:\s*int\b/) ?? hitIn(program, /\b(HfArgumentParser|TrlParser)\(/);
    if (
      hit &&
      (/\b(Training|SFT|GRPO|DPO|PPO|RL)\w*(Arguments|Config)\b/.test(all) || hitIn(program, /\bseed\s*:\s*int\b/))
    ) {
      return { flag: '--seed', where: hit };
    }
  }
  if (/\bLightningCLI\b/.test(all)) {
    const hit = hitIn(program, /\bLightningCLI\(|^class \w+\(.*\bLightningCLI\b/);
    if (hit) return { flag: '--seed_everything', where: hit };
  }
  if (/\bexec\(\s*open\(|\bglobals\(\)\s*\[/.test(all)) {
    const hit = hitIn(program, /^seed\s*=\s*\d+/);
    if (hit) return { flag: '--seed=', where: hit };
  }
  if (/\bsys\.argv\[1:\]/.test(all) && /startswith\(\s*["']--["']\s*\)/.test(all) && /split\(\s*["']=["']/.test(all)) {
    const hit = hitIn(program, /^seed\s*=\s*\d+|[{(,]\s*["']?seed["']?\s*[=:]\s*\d+/);
    if (hit) return { flag: '--seed=', where: hit };
  }
  return undefined;
}

function hitIn(program: Texts, expression: RegExp): string | undefined {
  for (const [file, text] of program) {
    const hit = isPython(file) ? firstLine(text, expression) : undefined;
    if (hit) return `${file}:${hit.line}`;
  }
  return undefined;
}

/** A seed in a config that the command line can change: Hydra, OmegaConf, ml_collections. */
function fromConfigs(run: string | undefined, program: Texts, files: Texts): Flag | undefined {
  const all = [...program]
    .filter(([file]) => isPython(file))
    .map(([, text]) => text)
    .join('\n');
  if (/@hydra\.main\b|\bOmegaConf\.from_cli\b/.test(all)) {
    const hydra = run === undefined ? undefined : hydraConfigs(files, run);
    // Hydra refuses a key that no chosen config has.
    const isRead = (file: string) => hydra === undefined || hydra.selected.has(file);
    const configs = new Map([...files].filter(([file]) => /\.ya?ml$/.test(file) && isRead(file)));
    const keys = readHyperparameters(configs).filter(({ name }) => SEED.test(name.split('.').at(-1) ?? ''));
    const [key] = keys.toSorted(
      (a, b) => a.name.split('.').length - b.name.split('.').length || a.path.length - b.path.length,
    );
    if (key) return { flag: `${keyOf(key, hydra)}=`, where: `${key.path}:${key.line}` };
    for (const [file, text] of configs) {
      const hit = firstLine(text, /^((?:random_|rng_|global_)?seed):\s*(?:null|~)?\s*(?:#.*)?$/);
      if (hit?.match[1])
        return { flag: `${keyOf({ path: file, name: hit.match[1] }, hydra)}=`, where: `${file}:${hit.line}` };
    }
    const asked =
      hydra && hitIn(program, /["']seed["'] in (?:cfg|conf|config)\b|\b(?:cfg|conf|config)\.(?:get\(\s*["'])?seed\b/);
    if (asked !== undefined) return { flag: '+seed=', where: asked };
  }
  const defined = /DEFINE_config_file\(\s*["'](\w+)["']/.exec(all)?.[1];
  if (defined !== undefined) {
    for (const [file, text] of files) {
      const hit =
        isPython(file) && /\bConfigDict\b|\bdef get_config\(/.test(text)
          ? firstLine(
              text,
              /^\s*\w+\.(seed|rng_seed|random_seed)\s*=\s*\d+|^\s*(seed|rng_seed)\s*=\s*\d+,|^\s+(seed|rng_seed|random_seed)\s*:\s*int\s*=\s*\d+/,
            )
          : undefined;
      if (hit)
        return { flag: `--${defined}.${hit.match[1] ?? hit.match[2] ?? hit.match[3]}=`, where: `${file}:${hit.line}` };
    }
  }
  return undefined;
}

/** The shell script or make target that a command starts, if it does not hand its arguments on. */
export function keepsFlags(run: string, files: Texts): string | undefined {
  if (/(^|\s)make\s/.test(run)) return 'make';
  const script = run
    .split(/\s+/)
    .map((word) => word.replace(/^\.\//, ''))
    .find((word) => isShell(word) && files.has(word));
  if (script === undefined) return undefined;
  return /["{]?\$[@*]/.test(shellCode(files.get(script) ?? '')) ? undefined : script;
}

/** A seed that is set where it is used; one that is only handed on says less. */
const FIXED = [
  /\b(?:(?:manual_seed|PRNGKey|set_seed|set_random_seed|seed_everything|random\.seed|np\.random\.seed|default_rng|random\.key)\(\s*|random_state\s*=\s*)(\d+)|^(?:RANDOM_STATE|(?:RANDOM_)?SEED|seed)\s*=\s*(\d+)/,
  /^(?!\s*(?:async\s+)?def\b).*[(,]\s*(?:random_)?seed\s*=\s*(\d+)/,
];

function fixedSeed(program: Texts): string | undefined {
  for (const fixed of FIXED) {
    for (const [file, text] of program) {
      const hit = isPython(file) ? firstLine(text, fixed) : undefined;
      if (hit)
        return `${file}:${hit.line} sets ${hit.match[1] ?? hit.match[2]} and takes no other: read one from a variable or a flag there`;
    }
  }
  for (const [file, text] of program) {
    const hit = /\.ya?ml$/.test(file) ? firstLine(text, /^\s*(?:random_|rng_|global_)?seed:\s*(\d+)/) : undefined;
    if (hit) return `${file}:${hit.line} holds the seed ${hit.match[1]} and no flag or variable changes it: add one`;
  }
  return undefined;
}
