import type { Finding } from '../../domain/index.ts';
import type { FileChange } from './changed.ts';

/** A seed's number where it is set: by name, by flag, or given to what takes one. */
const SEED =
  /((?:\b(?:\w{0,40}_)?seed(?:s|_\w{0,20})?["']?[ \t]{0,20}(?::[ \t]{0,10}int[ \t]{0,10})?(?:[:=(]|,[ \t]{0,10}default[ \t]{0,4}=)|\bseed["'][^#\n]{0,80}\bdefault[ \t]{0,4}=|--[\w-]{0,20}seed[ =]|\b(?:PRNGKey|default_rng|RandomState|jax\.random\.key)\()[ \t]{0,20})-?\d[\d_]{0,30}/gi;
/** What a seed's own name is set to, whatever it is made of: `SEED = int(os.environ['SEED']) + 41`. */
const ASSIGNED =
  /^([ \t]{0,200}(?:\w{1,40}\.){0,3}(?:\w{0,40}_)?seed(?:_\w{0,20})?[ \t]{0,4}(?::[ \t]{0,4}int[ \t]{0,4})?=(?!=)).*$/i;
/** What is given to that which takes one: `random.Random(SEED + 41)`. */
const GIVEN =
  /(\b(?:manual_seed(?:_all)?|set_seed|seed_everything|seed|PRNGKey|default_rng|RandomState|Random)\()[^()\n]{0,200}seed[^()\n]{0,200}\)/gi;
const MOST_LINE = 2000;

/**
 * Whether a patch changes nothing but seeds: such a result differs from its parent by chance alone. A seed that is
 * changed with other things is told too.
 */
export function checkSeed(changed: readonly FileChange[]): { readonly findings: Finding[]; readonly only: boolean } {
  const findings: Finding[] = [];
  let others = 0;
  for (const change of changed) {
    const { path, added, removed } = change;
    const pairs = added.map((one, index) => [one, removed[index]] as const);
    others += Math.max(0, removed.length - added.length);
    if (change.before === undefined || change.after === null) others += 1;
    for (const [now, old] of pairs) {
      const same = old !== undefined && now.text !== old.text && shape(now.text) === shape(old.text);
      if (!same) others += 1;
      else findings.push({ gate: 'seed', code: 'seed-changed', path, line: now.line, message: ALSO, severity: 'info' });
    }
  }
  const only = findings.length > 0 && others === 0;
  return { findings: only ? findings.map((one) => ({ ...one, code: 'seed-only', message: ONLY })) : findings, only };
}

const ALSO = 'This line changes a seed: a part of what the run differs by is chance.';
const ONLY = 'The patch changes nothing but a seed. It may run, and is never ranked: what it differs by is chance.';

function shape(line: string): string {
  const known = line.slice(0, MOST_LINE).replaceAll(SEED, '$1§').replace(ASSIGNED, '$1§').replaceAll(GIVEN, '$1§)');
  return known + line.slice(MOST_LINE);
}
