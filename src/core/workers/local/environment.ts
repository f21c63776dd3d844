import * as path from 'node:path';

/** Names that hold keys as a rule. A box gets none of them either; a run that needs one names it in `secrets`. */
const SECRET = /(?:^|_)(?:API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$/i;
/** Ours and the editor's: they would make a program believe that it runs inside the editor. */
const EDITOR = /^(?:VSCODE_|ELECTRON_|CHROME_|GIT_)|^(?:RUN_ID|NODE_OPTIONS|NODE_CHANNEL_FD)$/;

type Variables = Readonly<Record<string, string | undefined>>;

/** What of this process's environment a run may see. */
export function ownEnvironment(env: Variables): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !SECRET.test(name) && !EDITOR.test(name)) kept[name] = value;
  }
  return kept;
}

/**
 * How many threads a run's libraries should start, as on every box (`box/do.sh` says why): half of one slot's share of
 * the processors, between 1 and 8.
 */
export function threadsOf(processors: number, slots: number): number {
  return Math.min(8, Math.max(1, Math.floor(processors / Math.max(1, slots) / 2)));
}

/** The whole environment of a run's command. Later ones win: the machine's, ours, `env` and the seed, secrets. */
export function runEnvironment(
  own: Readonly<Record<string, string>>,
  run: {
    readonly id: string;
    readonly variables: Readonly<Record<string, string>>;
    readonly secrets: Readonly<Record<string, string>>;
    readonly environmentFolder?: string;
    readonly gpus: readonly number[];
    /** What each library may start. */
    readonly threads: number;
    readonly windows: boolean;
  },
): Record<string, string> {
  const folder = run.environmentFolder;
  const pathName = Object.keys(own).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  const threads = own.OMP_NUM_THREADS ?? String(run.threads);
  const bin = folder && path.join(folder, run.windows ? 'Scripts' : 'bin');
  return {
    ...own,
    PYTHONUNBUFFERED: '1',
    // By index: device names in this variable break some trainers.
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    CUDA_VISIBLE_DEVICES: run.gpus.join(','),
    OMP_NUM_THREADS: threads,
    MKL_NUM_THREADS: own.MKL_NUM_THREADS ?? threads,
    OPENBLAS_NUM_THREADS: own.OPENBLAS_NUM_THREADS ?? threads,
    ...(folder && bin
      ? {
          RESEARCH_ENV: folder,
          UV_PROJECT_ENVIRONMENT: folder,
          VIRTUAL_ENV: folder,
          [pathName]: [bin, own[pathName]].filter(Boolean).join(path.delimiter),
        }
      : {}),
    ...run.variables,
    ...run.secrets,
    RUN_ID: run.id,
  };
}
