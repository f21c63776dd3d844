import { configSchema, type ModelSettings } from '../domain/index.ts';
import { configFolder, loadConfig } from '../environment/index.ts';
import { originOf, type Role, serverOf } from '../models/index.ts';
import type { System } from '../system/index.ts';

/** A model server that a key may be for, and where the terminal would look for that key. */
export interface NamedServer {
  readonly origin: string;
  readonly roles: readonly Role[];
  readonly keyVariable: string | undefined;
}

/**
 * The servers that a host's settings and config.yaml name, each once. Needs no open repository; a config.yaml that
 * cannot be read counts as none, and is complained about where models are asked.
 */
export async function namedServers(system: System, settings: ModelSettings): Promise<readonly NamedServer[]> {
  const loaded = await loadConfig(system.files, configFolder(system));
  const { models } = loaded.ok ? loaded.value : configSchema.parse({});
  const found = new Map<string, NamedServer>();
  for (const role of ['ideator', 'implementer'] as const) {
    const { baseUrl, keyVariable } = serverOf(models, settings, role);
    const origin = originOf(baseUrl);
    const known = found.get(origin);
    found.set(origin, { origin, keyVariable, roles: [...(known?.roles ?? []), role] });
  }
  return [...found.values()];
}
