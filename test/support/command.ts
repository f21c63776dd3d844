import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as path from 'node:path';
import { checkout, type Place } from './research.ts';

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line in the repo, as a person in a pipe would: nobody can answer a question. */
export async function runCommand(place: Place, ...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [path.join(checkout, 'dist/cli.js'), ...args], {
    cwd: place.repo,
    env: { ...place.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, out, err };
}
