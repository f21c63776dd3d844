export * from './aborted.ts';
export * from './bundles.ts';
export * from './clock.ts';
export * from './files.ts';
export * from './network-drive.ts';
export * from './plain-text.ts';
export * from './processes.ts';
export * from './random.ts';
export * from './spawn.ts';

import { type Clock, realClock } from './clock.ts';
import { type Files, realFiles } from './files.ts';
import { type Random, realRandom } from './random.ts';
import { realSpawn, type Spawn } from './spawn.ts';

/** Everything outside the program that a room may touch, handed in by whoever builds the room. */
export interface System {
  readonly clock: Clock;
  readonly random: Random;
  readonly files: Files;
  readonly spawn: Spawn;
  /** The process's environment; read here and nowhere else. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly pid: number;
  readonly home: string;
  readonly hostname: string;
}

import { homedir, hostname } from 'node:os';

export function realSystem(): System {
  return {
    clock: realClock,
    random: realRandom,
    files: realFiles,
    spawn: realSpawn,
    env: process.env,
    platform: process.platform,
    pid: process.pid,
    home: homedir(),
    hostname: hostname(),
  };
}
