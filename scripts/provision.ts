import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { PARTS, type Part } from './provision/parts.ts';
import { installServer } from './vscode/install.ts';

/**
 * Brings what the tests need and a bare Debian lacks, in one apt call, and the VS Code server from npm. What is there is
 * left alone; a second run does nothing. `--full` adds Slurm and the oldest VS Code; `--check` only tells.
 */
const full = process.argv.includes('--full');
const checkOnly = process.argv.includes('--check');

function missing(): readonly Part[] {
  return PARTS.filter((part) => (full || !part.full) && !part.present());
}

function run(command: string, args: readonly string[]): boolean {
  const root = process.getuid?.() === 0;
  const line = root ? [command, ...args] : ['sudo', '-E', command, ...args];
  console.log(`$ ${line.join(' ')}`);
  const result = spawnSync(line[0] as string, line.slice(1), {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return result.status === 0;
}

function hasPackageLists(): boolean {
  const folder = '/var/lib/apt/lists';
  return existsSync(folder) && readdirSync(folder).some((name) => name.includes('_Packages'));
}

/** @returns false where the machine has no apt or apt failed */
function installPackages(packages: readonly string[]): boolean {
  if (!existsSync('/usr/bin/apt-get')) {
    console.error(`No apt-get here. Install by hand what brings: ${packages.join(' ')}`);
    return false;
  }
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  if (hasPackageLists() && run('apt-get', install)) return true;
  // Lists that are missing or stale name packages the mirror no longer has.
  return run('apt-get', ['update']) && run('apt-get', install);
}

const wanted = missing();
if (checkOnly) {
  console.log(wanted.length === 0 ? 'Everything is here.' : `Missing: ${wanted.map((part) => part.name).join(', ')}`);
  process.exitCode = wanted.length === 0 ? 0 : 1;
} else {
  const packages = wanted.flatMap((part) => part.packages ?? []);
  if (packages.length > 0) installPackages(packages);
  for (const { engine } of wanted) {
    if (engine) await installServer(engine, console.log).catch((error: unknown) => console.error(String(error)));
  }
  const still = missing();
  console.log(
    still.length === 0
      ? 'Everything the tests need is here.'
      : `Still missing: ${still.map((part) => part.name).join(', ')}`,
  );
  process.exitCode = still.length === 0 ? 0 : 1;
}
