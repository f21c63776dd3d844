import type { Hyperparameter } from '../types.ts';

const NUMBER = String.raw`[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?`;
const FLAG = new RegExp(String.raw`(?<=^|\s)--?([A-Za-z][\w.-]{1,60})(?:=|\s+)(${NUMBER})(?=\s|\\|$)`, 'g');
/** A key of a config: `actor.optim.lr=1e-6`. */
const KEY = new RegExp(String.raw`(?<=^|\s)\+{0,2}([A-Za-z]\w{0,40}(?:\.\w{1,40}){1,8})=(${NUMBER})(?=\s|\\|$)`, 'g');
const ASSIGNED = new RegExp(
  String.raw`^\s*(?:export\s+)?([A-Z][A-Z0-9_]{1,60})=(?:\$\{\w+:-)?["']?(${NUMBER})["']?\}?\s*(?:$|;|&&)`,
);

/** What launchers and Slurm take: how a run is spread, not how it trains. */
const LAUNCHER =
  /^(nproc[_-]per[_-]node|nnodes|node[_-]rank|master[_-]port|rdzv[\w-]*|(num|n)[_-](processes|machines|gpus|nodes)(_per_node)?|main[_-]process[_-]port|machine[_-]rank|gpus|cpus[\w-]*|ntasks[\w-]*|nodes|mem|time|CUDA_VISIBLE_DEVICES|OMP_NUM_THREADS|MASTER_PORT|N?NODES|N?GPUS?|NUM_GPUS|NPROC\w*|WORLD_SIZE|SEED|seed)$/;

/** A row up to its comment; a `#` within quotes or a word starts none. */
const CODE = /^(?:'[^']*'|"[^"]*"|\s(?!#)|[^\s])*/;

function withoutComment(row: string): string {
  return row.startsWith('#') ? '' : (CODE.exec(row)?.[0] ?? '');
}

/** What a script runs, each with its flags on one line, without comments and what is only printed. */
export function shellCommands(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map(withoutComment)
    .join('\n')
    .replaceAll(/\\\n/g, ' ')
    .split(/\n|;|&&|\|\|?/)
    .filter((command) => /\S/.test(command) && !/^\s*(echo|printf)\b/.test(command));
}

/** The numbers that a shell script hands to a program as flags or as keys of a config, or keeps in variables of its own. */
export function fromShell(path: string, text: string): Hyperparameter[] {
  const found = text.split('\n').flatMap((whole, index): Hyperparameter[] => {
    if (whole.length > 2000) return [];
    const row = withoutComment(whole);
    const assigned = ASSIGNED.exec(row);
    const hits = [...(assigned ? [assigned] : []), ...row.matchAll(FLAG), ...row.matchAll(KEY)];
    return hits.map((hit) => {
      const literal = hit[2] ?? '';
      const startColumn = hit.index + hit[0].lastIndexOf(literal);
      return {
        path,
        name: hit[1] ?? '',
        line: index + 1,
        startColumn,
        endColumn: startColumn + literal.length,
        literal,
        type: /^[-+]?\d+$/.test(literal) ? 'int' : 'float',
        source: 'shell',
      };
    });
  });
  // A flag that is given twice says nothing about which of them counts.
  const last = (name: string) => name.slice(name.lastIndexOf('.') + 1);
  return found.filter(
    (one) => !LAUNCHER.test(last(one.name)) && found.filter(({ name }) => name === one.name).length === 1,
  );
}
