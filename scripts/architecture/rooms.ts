/** The rooms of the house: which files are whose, what shows outside, and who may lean on whom. */
export interface Room {
  readonly name: string;
  /** Folders (ending in `/`) and single files, from the repository's root. */
  readonly owns: readonly string[];
  /** Files another room may import; 'any' for a room with no inside. */
  readonly faces: readonly string[] | 'any';
  /** Rooms it may import. */
  readonly uses: readonly string[];
  /** Rooms it may import the types of, and nothing that is there at run time. */
  readonly usesTypesOf?: readonly string[];
  /** Built-in ways around the system seams that this room may take. */
  readonly may?: readonly Power[];
}

/** What only `system/` does for everybody else. */
export type Power = 'time' | 'timers' | 'chance' | 'disk' | 'processes' | 'threads' | 'sqlite';

function core(name: string, uses: readonly string[], may: readonly Power[] = []): Room {
  return { name, owns: [`src/core/${name}/`], faces: [`src/core/${name}/index.ts`], uses, may };
}

const floor = ['domain', 'system'];
const leaves = [...floor, 'environment', 'git', 'models', 'metrics', 'store'];
const makers = [...leaves, 'ideator', 'implementer', 'workers'];
const all = [...makers, 'scheduler', 'search'];

export const ROOMS: readonly Room[] = [
  core('domain', []),
  core('system', ['domain'], ['time', 'timers', 'chance', 'disk', 'processes', 'threads']),
  core('environment', floor),
  core('git', floor),
  core('models', floor),
  core('metrics', floor, ['threads']),
  core('store', floor, ['threads', 'sqlite']),
  core('ideator', leaves),
  core('implementer', leaves, ['threads']),
  core('workers', leaves),
  core('scheduler', makers),
  core('search', makers),
  {
    name: 'research',
    owns: ['src/core/research.ts', 'src/core/research/'],
    faces: [
      'src/core/research.ts',
      'src/core/research/index.ts',
      'src/core/research/types.ts',
      'src/core/research/leaderboard-types.ts',
    ],
    uses: all,
  },
  { name: 'protocol', owns: ['src/protocol/'], faces: 'any', uses: [], usesTypesOf: ['domain', 'research'] },
  {
    name: 'vscode',
    owns: ['src/extension.ts', 'src/vscode/'],
    faces: ['src/extension.ts'],
    uses: [...all, 'research', 'protocol'],
    may: ['timers'],
  },
  { name: 'cli', owns: ['src/cli.ts', 'src/cli/'], faces: ['src/cli.ts'], uses: [...all, 'research'] },
  {
    name: 'webview',
    owns: ['webview-ui/'],
    faces: ['webview-ui/main.tsx'],
    uses: ['protocol'],
    usesTypesOf: ['domain', 'research'],
    may: ['time', 'timers'],
  },
];

/** Packages that belong to one room (and those beneath their names, such as `preact/hooks`). */
export const PACKAGE_ROOMS: Readonly<Record<string, readonly string[]>> = {
  vscode: ['vscode'],
  openai: ['models'],
  ssh2: ['workers'],
  'simple-git': ['git'],
  '@astral-sh/ruff-wasm-nodejs': ['implementer'],
  commander: ['cli'],
  'cli-progress': ['cli'],
  picocolors: ['cli'],
  preact: ['webview'],
  '@preact/signals': ['webview'],
  '@vscode-elements/elements': ['webview'],
  uplot: ['webview'],
};

/** Node modules that are a way around a seam. */
export const MODULE_POWERS: Readonly<Record<string, Power>> = {
  fs: 'disk',
  'fs/promises': 'disk',
  child_process: 'processes',
  cluster: 'processes',
  worker_threads: 'threads',
  timers: 'timers',
  'timers/promises': 'timers',
  sqlite: 'sqlite',
};

/** Globals that are a way around a seam; `object.property` or a plain name. */
export const GLOBAL_POWERS: Readonly<Record<string, Power>> = {
  'Date.now': 'time',
  'new Date()': 'time',
  'performance.now': 'time',
  'process.hrtime': 'time',
  setTimeout: 'timers',
  setInterval: 'timers',
  'Math.random': 'chance',
  'crypto.randomUUID': 'chance',
  'crypto.randomBytes': 'chance',
  'crypto.getRandomValues': 'chance',
};

/** Which seam to take instead. */
export const SEAMS: Readonly<Record<Power, string>> = {
  time: 'take a Clock (system/clock.ts)',
  timers: 'take a Clock (system/clock.ts)',
  chance: 'take a Random (system/random.ts)',
  disk: 'take Files (system/files.ts)',
  processes: 'take Spawn (system/spawn.ts)',
  threads: 'only the store, the metrics and the gate own a worker thread',
  sqlite: 'only the store opens the database',
};
