import type { Finding } from '../../domain/index.ts';
import { secretIn } from '../../environment/index.ts';
import type { Texts } from '../types.ts';
import type { FileChange } from './changed.ts';

const MOST_LINE = 4000;

/** Keys, tokens and passwords on lines that a patch wrote: they would stand in a commit, and on every box. */
export function checkSecrets(files: Texts, changed: readonly FileChange[]): Finding[] {
  const findings: Finding[] = [];
  for (const { path, added } of changed) {
    for (const { line, text } of added) {
      const found = secretIn(text.slice(0, MOST_LINE));
      // One that the base holds is not ours to find: the line was moved.
      if (!found || [...files.values()].some((one) => one.includes(found.value))) continue;
      const message = `This line holds what looks like ${found.name}${beginning(found.value)}. Read it from the environment; name it under secrets in research.yaml.`;
      findings.push({ gate: 'secrets', code: 'secret-added', path, line, message, severity: 'error' });
    }
  }
  return findings;
}

/** Enough of a long key that a person knows which; nothing of a short one. */
function beginning(value: string): string {
  return value.length < 20 ? '' : ` (${value.slice(0, 4)}…)`;
}
