import { createHash } from 'node:crypto';
import { type Environment, RESULT_KEYS } from '../domain/index.ts';

/**
 * A hash of what decides a result: 64 hex digits, the same whatever the order of keys in the file. Two environments
 * with equal hashes give comparable results.
 */
export function environmentHash(environment: Environment): string {
  const deciding = RESULT_KEYS.map((key) => [key, environment[key] ?? null]);
  return createHash('sha256').update(canonical(deciding)).digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, one]) => one !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(',')}}`;
}
