import type { Outcome, Refused } from './apply.ts';
import type { CorpusCase } from './cases.ts';

export const SCORES = [
  'right',
  'refused with the right code',
  'needlessly refused',
  'wrong code',
  'silently wrong',
] as const;
export type Score = (typeof SCORES)[number];

export interface Scored {
  readonly name: string;
  readonly format: string;
  /** `applied`, or the code of the refusal. */
  readonly expected: string;
  readonly got: string;
  readonly score: Score;
  readonly detail: string;
}

/** An applier of any kind, ours or another tool; may throw, which counts as a refusal with the code `error`. */
export type Applier = (one: CorpusCase) => Outcome | Promise<Outcome>;

/** What an applier makes of a case, held against what is right. Other bytes are never better than a refusal. */
export async function scoreCase(one: CorpusCase, applier: Applier): Promise<Scored> {
  const outcome = await outcomeOf(one, applier);
  const expected = one.outcome === 'applied' ? 'applied' : (one.reason ?? 'refused');
  const told = (score: Score, detail: string): Scored => {
    const got = outcome.ok ? 'applied' : (outcome.refusals[0]?.code ?? 'refused');
    return { name: one.name, format: one.format, expected, got, score, detail };
  };
  if (outcome.ok) {
    const difference = firstDifference(one, outcome.changes);
    if (one.outcome === 'refused') return told('silently wrong', 'applied what must be refused');
    return difference === undefined ? told('right', '') : told('silently wrong', difference);
  }
  const messages = outcome.refusals.map((refusal) => refusal.message).join('\n');
  if (one.outcome === 'applied') return told('needlessly refused', messages);
  if (one.reason !== undefined && outcome.refusals[0]?.code !== one.reason) return told('wrong code', messages);
  const missing = one.messageContains.filter((text) => !messages.includes(text));
  if (missing.length > 0) return told('wrong code', `the message lacks ${JSON.stringify(missing)}: ${messages}`);
  return told('refused with the right code', '');
}

async function outcomeOf(one: CorpusCase, applier: Applier): Promise<Outcome> {
  try {
    return await applier(one);
  } catch (error) {
    const refusal: Refused = { code: 'error', message: `threw ${String(error)}` };
    return { ok: false, refusals: [refusal] };
  }
}

/** Where the files an applier leaves are not those wanted, in words. */
function firstDifference(one: CorpusCase, changes: ReadonlyMap<string, string | null>): string | undefined {
  const got = new Map<string, string | null>([...one.files, ...changes]);
  for (const path of new Set([...one.wanted.keys(), ...got.keys()])) {
    const wanted = one.wanted.get(path);
    const text = got.get(path) ?? undefined;
    if (text === wanted) continue;
    if (wanted === undefined) return `${path} should not be there`;
    if (text === undefined) return `${path} is not there`;
    const rows = text.split('\n');
    const at = wanted.split('\n').findIndex((line, index) => line !== rows[index]);
    const line = at < 0 ? wanted.split('\n').length : at;
    return `${path}:${line + 1} is ${JSON.stringify(rows[line] ?? null)}, not ${JSON.stringify(wanted.split('\n')[line] ?? null)}`;
  }
  return undefined;
}

/** How many cases have each score. */
export function countScores(scored: readonly Scored[]): Readonly<Record<Score, number>> {
  const count = (score: Score) => scored.filter((one) => one.score === score).length;
  return {
    right: count('right'),
    'refused with the right code': count('refused with the right code'),
    'needlessly refused': count('needlessly refused'),
    'wrong code': count('wrong code'),
    'silently wrong': count('silently wrong'),
  };
}
