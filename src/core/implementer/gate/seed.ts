import type { Finding } from '../../domain/index.ts';
import { type FileChange, MOST_LINE } from './changed.ts';

/** A seed's number where it is set: by name, by flag, or given to what takes one. */
const SEED =
  /((?:\b(?:\w{0,40}_)?seed(?:s|_\w{0,20})?["']?[ \t]{0,20}(?::[ \t]{0,10}int[ \t]{0,10})?(?:[:=(]|,[ \t]{0,10}default[ \t]{0,4}=)|\bseed["'][^#\n]{0,80}\bdefault[ \t]{0,4}=|--[\w-]{0,20}seed[ =]|\b(?:PRNGKey|default_rng|RandomState|jax\.random\.key)\()[ \t]{0,20})-?\d[\d_]{0,30}/gi;
/** What a seed's own name is set to, whatever it is made of: `SEED = int(os.environ['SEED']) + 41`. */
const ASSIGNED =
  /^([ \t]{0,200}(?:\w{1,40}\.){0,3}(?:\w{0,40}_)?seed(?:_\w{0,20})?[ \t]{0,4}(?::[ \t]{0,4}int[ \t]{0,4})?=(?!=)).*$/i;
/** What is given to that which takes one: `random.Random(SEED + 41)`. */
const GIVEN =
  /(\b(?:manual_seed(?:_all)?|set_seed|seed_everything|seed|PRNGKey|default_rng|RandomState|Random)\()[^()\n]{0,200}seed[^()\n]{0,200}\)/gi;
/** A statement that does nothing but seed: `torch.manual_seed(7)`, `self.seed = hash(name)`. */
const SEEDS =
  /^[ \t]{0,200}(?:(?:\w{1,40}\.){0,4}(?:manual_seed(?:_all)?|set_seed|seed_everything|seed|(?:set_)?random_seed)\([^()\n]{0,200}(?:\([^()\n]{0,100}\)[^()\n]{0,100}){0,3}\)|(?:\w{1,40}\.){0,3}(?:\w{0,40}_)?seed(?:_(?:offset|value|base|\d{1,4}))?[ \t]{0,4}(?::[ \t]{0,4}int[ \t]{0,4})?=(?!=).*)[ \t]*(?:#.*)?$/i;

/**
 * Whether a patch changes nothing but seeds: such a result differs from its parent by chance alone. Comments beside it
 * change nothing of that. A seed that is changed with other things is told too.
 */
export function checkSeed(changed: readonly FileChange[]): { readonly findings: Finding[]; readonly only: boolean } {
  const findings: Finding[] = [];
  let others = 0;
  for (const change of changed) {
    const { path } = change;
    const see = (line: number) =>
      findings.push({ gate: 'seed', code: 'seed-changed', path, line, message: ALSO, severity: 'info' });
    const [added, removed] = [change.added, change.removed].map((lines) => lines.filter(({ text }) => says(text)));
    const [now = [], old = []] = [added, removed].map((lines) => lines?.filter(({ text }) => !seeds(change, text)));
    const [set, unset] = [added, removed].map((lines) => lines?.filter(({ text }) => seeds(change, text)));
    for (const { line } of set ?? []) see(line);
    if (set?.length === 0 && unset?.[0]) see(Math.min(unset[0].line, change.after?.split('\n').length ?? 1));
    for (const [index, { line, text }] of now.entries()) {
      const before = old[index]?.text;
      if (before !== undefined && text !== before && shape(text) === shape(before)) see(line);
      else others += 1;
    }
    others += Math.max(0, old.length - now.length);
    if (change.before === undefined || change.after === null) others += 1;
  }
  const only = findings.length > 0 && others === 0;
  const ordered = findings.toSorted((a, b) => (a.path === b.path ? (a.line ?? 0) - (b.line ?? 0) : 0));
  return { findings: only ? ordered.map((one) => ({ ...one, code: 'seed-only', message: ONLY })) : ordered, only };
}

function says(text: string): boolean {
  return !/^\s*(?:#.*)?$/.test(text);
}

function seeds({ python }: FileChange, text: string): boolean {
  return python && SEEDS.test(text.slice(0, MOST_LINE));
}

const ALSO = 'This line changes a seed: a part of what the run differs by is chance.';
const ONLY = 'The patch changes nothing but a seed. It may run, and is never ranked: what it differs by is chance.';

function shape(line: string): string {
  const known = line.slice(0, MOST_LINE).replaceAll(SEED, '$1§').replace(ASSIGNED, '$1§').replaceAll(GIVEN, '$1§)');
  return known + line.slice(MOST_LINE);
}
