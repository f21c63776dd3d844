import { hydraConfigs } from '../hyperparameters/hydra.ts';
import type { Candidate } from './candidates.ts';
import { lineAt, type Texts } from './evidence.ts';

/** The files a metric comes in, where it is not in the log. */
export function fileOf(candidate: Candidate, program: Texts, run: string): Source | undefined {
  const all = [...program.values()].join('\n');
  const text = program.get(candidate.file) ?? '';
  const kept =
    /\bWandbLogger\([^)]{0,300}\bsave_dir\s*=\s*["']([\w./-]+)["']|\bwandb\.init\([^)]{0,300}\bdir\s*=\s*["']([\w./-]+)["']/.exec(
      all,
    );
  const inside = (kept?.[1] ?? kept?.[2] ?? '').replace(/^\.\//, '').replace(/\/+$/, '');
  const wandb = {
    globs: [`${inside === '' || inside === '.' || inside.startsWith('/') ? '' : `${inside}/`}wandb/**/*.wandb`],
    reason: `${candidate.file}:${candidate.line} logs it to wandb, whose offline run is read`,
    offline: true,
  };
  switch (candidate.sink) {
    case 'wandb':
      return /\bwandb\b/.test(all) ? wandb : { globs: ['**/*tfevents*'], reason: 'the tracker of the run' };
    case 'tensorboard': {
      const given = /SummaryWriter\(\s*(?:log_?dir\s*=\s*)?(?:f?["']([\w./-]*)|([\w.]+))/.exec(all);
      const literal = given?.[1]
        ?.replace(/^\.\//, '')
        .replace(/[^/]*$/, (end) => (given[0].includes('f"') || given[0].includes("f'") ? '' : end));
      const elsewhere = given?.[2] !== undefined || /\bcreate_default_writer\(/.test(all) || literal?.startsWith('/');
      const folder = elsewhere || literal === '' ? '' : `${(literal ?? 'runs').replace(/\/+$/, '')}/`;
      return {
        globs: [`${folder}**/*tfevents*`],
        reason: elsewhere
          ? 'the events that TensorBoard reads, in whichever folder of the checkout the program is given'
          : 'the events that TensorBoard reads',
      };
    }
    case 'lightning':
      return loggerOf(program, run, () => lightningFiles(all, wandb));
    case 'jsonl':
    case 'csv':
    case 'json': {
      const extension = candidate.sink === 'jsonl' ? 'jsonl|txt|log' : candidate.sink === 'csv' ? 'csv|tsv' : 'json';
      const name = writtenName(text, extension, candidate.line);
      if (!name?.[2]) return undefined;
      const given = (name[1] ?? '').replace(/^\.\//, '');
      const folder = given.includes('{') || given.startsWith('/') || given.startsWith('..') ? '**/' : given;
      // `join(folder, 'log.csv')`, `folder / 'log.csv'`: the folder is known to the program only.
      const joined = new RegExp(`(?:join\\([^)]{0,200}|/\\s*)["'][\\w-]{1,100}\\.(?:${extension})`).test(text);
      const line = lineAt(text, name.index);
      return {
        globs: [`${joined ? '**/' : folder}${name[2]}`],
        reason: `the file that ${candidate.file}:${line} names`,
      };
    }
    default:
      return undefined;
  }
}

const WRITES = /["'](?:w|a|x|wb|wt|at|w\+|a\+)["']|\bto_(?:csv|json)\(|\bwrite_text\(|\bsavetxt\(/;
const READS = /\bopen\(\s*f?["'][^"']*["']\s*(?:\)|,\s*["']r)|\bread_\w+\(|\bload\w*\(|\bDictReader\(/;

/** The name of the file that is written: nearest before the line that hands the number over, never one that is read. */
function writtenName(text: string, extension: string, line: number): RegExpExecArray | undefined {
  const names = [...text.matchAll(new RegExp(`["']([\\w./{}-]{0,200}?)([\\w-]{1,100}\\.(?:${extension}))["']`, 'g'))];
  const rows = text.split('\n');
  const told = names
    .map((name) => ({ name, at: lineAt(text, name.index) }))
    .map((one) => ({ ...one, row: rows[one.at - 1] ?? '' }))
    .filter(({ row }) => !READS.test(row) || WRITES.test(row));
  const written = told.filter(({ row }) => WRITES.test(row));
  const nearest = written.findLast(({ at }) => at <= line) ?? written[0] ?? told[0];
  return nearest?.name;
}

const LOGGERS = [
  [/\bCSVLogger\b/, '**/metrics.csv', 'what Lightning’s CSVLogger writes'],
  [/\bTensorBoardLogger\b/, '**/*tfevents*', 'what Lightning’s TensorBoardLogger writes'],
  [/\bWandbLogger\b/, '**/wandb/**/*.wandb', 'what Lightning’s WandbLogger writes offline'],
] as const;

interface Source {
  readonly globs: string[];
  readonly reason: string;
  readonly offline?: boolean;
}

/** What the logger writes that configs of Hydra choose, undefined where they choose none; else what Lightning does itself. */
function loggerOf(program: Texts, run: string, otherwise: () => Source): Source | undefined {
  const asks = [...program].some(
    ([file, text]) =>
      file.endsWith('.py') &&
      /\b(?:cfg|conf|config)(?:\.logger\b|\.get\(\s*["']logger["']|\[["']logger["']\])/.test(text),
  );
  const made = [...program].some(
    ([file, text]) => file.endsWith('.py') && /\b(?:CSV|TensorBoard|Wandb|MLFlow|Comet|Neptune)Logger\(/.test(text),
  );
  const hydra = asks && !made ? hydraConfigs(program, run) : undefined;
  if (!hydra) return otherwise();
  const chosen = [...hydra.selected.keys()].map(
    (file) => [file, (program.get(file) ?? '').replaceAll(/#[^\n]*/g, '')] as const,
  );
  for (const [logger, glob, what] of LOGGERS) {
    const file = chosen.find(([, text]) => logger.test(text))?.[0];
    const reason = `${what}, which ${file} chooses`;
    if (file !== undefined) return { globs: [glob], reason, ...(glob.endsWith('.wandb') ? { offline: true } : {}) };
  }
  return undefined;
}

function lightningFiles(all: string, wandb: Source): Source {
  if (/\bWandbLogger\(/.test(all)) return wandb;
  const given = /\b(CSVLogger|TensorBoardLogger)\(\s*(?:save_dir\s*=\s*)?["']([\w./-]+)["']/.exec(all);
  const named = given?.[2]?.replace(/^\.\//, '').replace(/\/+$/, '') ?? 'lightning_logs';
  // Hydra may start the program in a folder of its own.
  const folder = /@hydra\.main\b/.test(all) && !named.startsWith('/') ? `**/${named}` : named;
  if (given?.[1] === 'CSVLogger' || /\bCSVLogger\(/.test(all))
    return { globs: [`${folder}/**/metrics.csv`], reason: 'what Lightning’s CSVLogger writes' };
  if (given?.[1] === 'TensorBoardLogger')
    return { globs: [`${folder}/**/*tfevents*`], reason: 'what Lightning’s TensorBoardLogger writes' };
  return {
    globs: [`${folder}/**/metrics.csv`, `${folder}/**/*tfevents*`],
    reason: 'where Lightning’s own logger writes: events with TensorBoard installed, else a table',
  };
}
