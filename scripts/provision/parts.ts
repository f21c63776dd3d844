import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as path from 'node:path';
import { findChromium } from '../vscode/chromium.ts';
import { type Engine, isServerInstalled, vscodeVersion } from '../vscode/install.ts';

/** One thing a ring of tests needs from the machine. */
export interface Part {
  readonly name: string;
  readonly rings: readonly Ring[];
  readonly present: () => boolean;
  /** Debian packages that bring it. */
  readonly packages?: readonly string[];
  /** The VS Code it is, from npm. */
  readonly engine?: Engine;
  /** Only with `--full`. */
  readonly full?: boolean;
}

export const RINGS = ['unit', 'boxes', 'host', 'ui'] as const;
export type Ring = (typeof RINGS)[number];

/** Whether a program is on the PATH, or where only root looks for it. */
function program(name: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.some((folder) => existsSync(path.join(folder, name)));
}

/** Fonts matter only where we bring the browser too: a desktop has its own. */
function fonts(): boolean {
  if (process.platform !== 'linux') return true;
  const found = spawnSync('fc-list', [':lang=en', 'family'], { encoding: 'utf8' }).stdout ?? '';
  return /mono/i.test(found) && /sans/i.test(found);
}

export const PARTS: readonly Part[] = [
  { name: 'git', rings: ['unit', 'boxes', 'host', 'ui'], present: () => program('git'), packages: ['git'] },
  {
    name: 'python3',
    rings: ['unit', 'boxes', 'host', 'ui'],
    present: () => program('python3'),
    packages: ['python3'],
  },
  { name: 'sshd', rings: ['boxes', 'ui'], present: () => program('sshd'), packages: ['openssh-server'] },
  { name: 'ssh', rings: ['boxes', 'ui'], present: () => program('ssh'), packages: ['openssh-client'] },
  { name: 'bubblewrap', rings: ['boxes'], present: () => program('bwrap'), packages: ['bubblewrap'] },
  { name: 'rsync', rings: ['boxes'], present: () => program('rsync'), packages: ['rsync'] },
  { name: 'procps', rings: ['boxes'], present: () => program('ps'), packages: ['procps'] },
  {
    name: 'chromium',
    rings: ['host', 'ui'],
    present: () => findChromium() !== undefined,
    packages: ['chromium'],
  },
  {
    name: 'fonts',
    rings: ['ui'],
    present: fonts,
    packages: ['fontconfig', 'fonts-dejavu-core', 'fonts-liberation'],
  },
  {
    name: 'VS Code server',
    rings: ['host', 'ui'],
    present: () => isServerInstalled('current'),
    engine: 'current',
  },
  {
    name: `VS Code server ${vscodeVersion('oldest')}`,
    rings: ['host'],
    present: () => isServerInstalled('oldest'),
    engine: 'oldest',
    full: true,
  },
  // Login shells that some accounts of a lab have: one test runs in each that is there.
  { name: 'fish', rings: [], present: () => program('fish'), packages: ['fish'] },
  { name: 'tcsh', rings: [], present: () => program('tcsh'), packages: ['tcsh'] },
  {
    name: 'slurm',
    rings: [],
    present: () => program('slurmctld') && program('slurmd') && program('sbatch'),
    packages: ['slurmctld', 'slurmd', 'slurm-client'],
    full: true,
  },
  {
    name: 'Slurm accounts',
    rings: [],
    present: () => program('slurmdbd') && program('mariadbd'),
    packages: ['slurmdbd', 'mariadb-server'],
    full: true,
  },
];

/** What a ring lacks on this machine to run in that VS Code. */
export function missingFor(ring: Ring, engine: Engine): readonly Part[] {
  return PARTS.filter((part) => part.rings.includes(ring) && (part.engine ?? engine) === engine && !part.present());
}

/** The line a person types to get the parts. */
export function installLine(parts: readonly Part[]): string {
  return parts.some((part) => part.full) ? 'npm run provision -- --full' : 'npm run provision';
}
