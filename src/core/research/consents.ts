import { createHash } from 'node:crypto';
import * as path from 'node:path';
import * as z from 'zod';
import type { Environment } from '../domain/index.ts';
import type { Files } from '../system/index.ts';

const schema = z.object({
  commands: z.array(z.string()).default([]),
  servers: z.array(z.string()).default([]),
  inputs: z.array(z.string()).default([]),
});

type Kind = keyof z.output<typeof schema>;

/**
 * What a person agreed to, in their own state folder and never in the repo: running a repo's commands, keyed by the
 * repo's path and the commands' content, sending a repo's files to a model server, and sending much data to a box.
 */
export class Consents {
  readonly #files: Files;
  readonly #file: string;

  constructor(files: Files, stateFolder: string) {
    this.#files = files;
    this.#file = path.join(stateFolder, 'consents.json');
  }

  async has(kind: Kind, key: string): Promise<boolean> {
    return (await this.#read())[kind].includes(key);
  }

  async give(kind: Kind, key: string): Promise<void> {
    const all = await this.#read();
    if (all[kind].includes(key)) return;
    await this.#files.write(this.#file, JSON.stringify({ ...all, [kind]: [...all[kind], key] }, null, 2), 0o600);
  }

  async #read(): Promise<z.output<typeof schema>> {
    const text = await this.#files.readText(this.#file);
    try {
      return schema.parse(JSON.parse(text ?? '{}'));
    } catch {
      // A damaged list of consents means: ask again.
      return schema.parse({});
    }
  }
}

/** What of an environment runs on a box: all of it is shown before a person agrees. */
function commandsOf(environment: Environment): Record<string, unknown> {
  const { setup, run, smoke, evaluate, env, links } = environment;
  return { setup, run, smoke, evaluate, env, links };
}

/** The same for a person: a line a key, nothing left out but what is empty. */
export function describeCommands(environment: Environment): string {
  return Object.entries(commandsOf(environment))
    .filter(([, value]) => typeof value === 'string' || Object.keys(value ?? {}).length > 0)
    .map(([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('\n');
}

export function commandsKey(root: string, environment: Environment): string {
  return createHash('sha256')
    .update(JSON.stringify([root, commandsOf(environment)]))
    .digest('hex');
}

export function serverKey(root: string, server: string): string {
  return createHash('sha256')
    .update(JSON.stringify([root, server]))
    .digest('hex');
}

export function inputKey(box: string, sha256: string): string {
  return createHash('sha256')
    .update(JSON.stringify([box, sha256]))
    .digest('hex');
}
