import type { Config, ModelSettings } from '../domain/index.ts';

export type Role = 'ideator' | 'implementer';

/** One server as a role uses it. */
export interface ModelServer {
  readonly baseUrl: string;
  readonly api: Config['models']['api'];
  /** The variable that may hold this server's key; undefined where nobody named one for its origin. */
  readonly keyVariable: string | undefined;
}

const OPENAI = 'https://api.openai.com';

/**
 * Which server a role's model is at. Settings win over the file key by key, but a key never follows: a variable that
 * the file names is for the origin that the file names it with, and OPENAI_API_KEY is for OpenAI alone.
 */
export function serverOf(file: Config['models'], settings: ModelSettings, role: Role): ModelServer {
  const own = role === 'implementer' ? file.implementer_server : undefined;
  const setting = role === 'implementer' ? settings.implementer_base_url : undefined;
  const baseUrl = setting ?? own?.base_url ?? settings.base_url ?? file.base_url;
  const origin = originOf(baseUrl);
  const named = [...(own ? [own] : []), file, ...(file.implementer_server ? [file.implementer_server] : [])];
  const block = named.find((one) => originOf(one.base_url) === origin);
  const withKey = named.find((one) => originOf(one.base_url) === origin && one.key_env !== undefined);
  return {
    baseUrl,
    api: settings.api ?? block?.api ?? 'auto',
    keyVariable: withKey?.key_env ?? (origin === OPENAI ? 'OPENAI_API_KEY' : undefined),
  };
}

/** What consent and keys are bound to; the text itself where it is no address. */
export function originOf(address: string): string {
  return URL.parse(address)?.origin ?? address;
}
