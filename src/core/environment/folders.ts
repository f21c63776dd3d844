import * as path from 'node:path';
import type { System } from '../system/index.ts';

type Surroundings = Pick<System, 'env' | 'home' | 'platform'>;

/** The user's config folder: `boxes.yaml`, `config.yaml` and `known_hosts` are in it. */
export function configFolder(system: Surroundings): string {
  return folderOf(system, 'XDG_CONFIG_HOME', '.config', 'APPDATA', path.win32.join('AppData', 'Roaming'));
}

/** The user's state folder: what they agreed to, by repository. */
export function stateFolder(system: Surroundings): string {
  return folderOf(
    system,
    'XDG_STATE_HOME',
    path.posix.join('.local', 'state'),
    'LOCALAPPDATA',
    path.win32.join('AppData', 'Local'),
  );
}

function folderOf(system: Surroundings, xdg: string, unix: string, windows: string, windowsDefault: string): string {
  const name = 'research-copilot';
  if (system.platform === 'win32') {
    const { join } = path.win32;
    return join(system.env[windows] || join(system.home, windowsDefault), name);
  }
  const { join, isAbsolute } = path.posix;
  const named = system.env[xdg];
  // The XDG specification has relative paths ignored.
  return join(named && isAbsolute(named) ? named : join(system.home, unix), name);
}
