import {
  better,
  type Candidate,
  type Environment,
  type Goal,
  type ResultFlag,
  type Run,
  type Summary,
} from '../domain/index.ts';

/** How far a result may be from what the base does before somebody has to look at it. */
export interface Guardrails {
  /** Better than the baseline by more than this factor is not believed at once. */
  readonly factor: number;
  /** A curve has at least this many points, where the baseline's has. */
  readonly minPoints: number;
  /** The best that a number which shall grow can be, where that is known. */
  readonly most?: number | undefined;
  /** The metric's name says that it may be a share of a hundred. */
  readonly percent?: boolean;
  /** No run is given a seed: a second one repeats the first. */
  readonly unseeded?: boolean;
  /** The objective is no time, so that another kind of hardware comes to about the same. */
  readonly portable?: boolean;
}

/** What holds where research.yaml says nothing. The paper's largest gains are a factor of 1.4 and 1.8. */
export const DEFAULT_GUARDRAILS: Guardrails = { factor: 2, minPoints: 2 };

const PERCENT =
  /(?:^|[_/. -])(?:acc|accuracy|top[-_@]?[15]|prec|precision|recall|f1|em|iou|miou|map|auc|pct|percent|pass(?:@\d+)?|score)(?:$|[_/. @-])/i;

export function guardrailsOf({
  guardrails,
  objective,
  seed,
}: Pick<Environment, 'guardrails' | 'objective'> & Partial<Pick<Environment, 'seed'>>): Guardrails {
  const told = {
    most: objective.valid?.[1],
    percent: PERCENT.test(objective.metric),
    unseeded: seed === 'none',
    portable: typeof objective.summary === 'string',
  };
  // A base of an earlier version was kept without the key.
  if (!guardrails) return { ...DEFAULT_GUARDRAILS, ...told };
  return { factor: guardrails.factor, minPoints: guardrails.min_points, ...told };
}

/** What the baseline of a comparison class is: its numbers, and how long its curves are. */
export interface Yardstick {
  readonly summary?: Summary;
  readonly runs: readonly Run[];
}

/** The real number of a run that succeeded, also one outside `valid`, whether or not another attempt counts instead. */
export function numberOf({ state, objective }: Run): number | undefined {
  if (state !== 'succeeded' || (objective?.state !== 'ok' && objective?.state !== 'invalid')) return undefined;
  return objective.value ?? undefined;
}

/** The number a run adds to its candidate's result, if it is believed: that of the attempt that counts. */
export function reportedValue(run: Run): number | undefined {
  return run.counts ? numberOf(run) : undefined;
}

/**
 * Why a result is not believed at once. Pure; the same rows give the same flags, so a baseline that comes late, or a
 * factor that is changed, is heard.
 */
export function flagsOf(
  run: Run,
  candidate: Pick<Candidate, 'tags' | 'approvedBy'> | undefined,
  goal: Goal,
  baseline: Yardstick,
  guardrails: Guardrails,
): readonly ResultFlag[] {
  const value = reportedValue(run);
  if (value === undefined) return [];
  const flags: ResultFlag[] = [];
  if (candidate?.tags.includes('seed-only')) {
    flags.push({ code: 'seed-only', message: 'The patch changes the seed and nothing else: luck, not an idea.' });
  }
  if (candidate?.tags.includes('touches-evaluation') && candidate.approvedBy === 'policy') {
    const message =
      'The patch touches how the objective is measured, and no person has approved it: read its warnings.';
    flags.push({ code: 'touches-evaluation', message });
  }
  if (run.objective?.state === 'invalid') {
    flags.push({ code: 'out-of-range', message: `${value} lies outside objective.valid of research.yaml.` });
  }
  const { summary } = baseline;
  if (summary && isTooGood(goal, value, summary.mean, guardrails.factor)) {
    const message = `${value} against ${shown(summary.mean)} of the baseline: better by more than a factor of ${guardrails.factor} (guardrails.factor).`;
    flags.push({ code: 'too-good', message });
  } else if (summary && goal === 'maximize' && leavesTooLittle(value, summary.mean, guardrails)) {
    const message = `${value} against ${shown(summary.mean)} of the baseline: what is left to the best shrank by more than a factor of ${guardrails.factor} (guardrails.factor).`;
    flags.push({ code: 'too-good', message });
  }
  const usual = median(baseline.runs.flatMap(({ curve }) => curve?.points ?? []));
  if (
    run.curve &&
    usual !== undefined &&
    usual >= Math.max(2, guardrails.minPoints) &&
    run.curve.points < guardrails.minPoints
  ) {
    const points = run.curve.points === 1 ? 'one point' : `${run.curve.points} points`;
    flags.push({ code: 'no-curve', message: `Its curve has ${points}; the baseline's has ${usual}.` });
  }
  const far = median(baseline.runs.flatMap(({ curve }) => curve?.end ?? []));
  const end = run.curve?.end;
  if (summary && far !== undefined && end != null && far > 0 && end < far / 2 && better(goal, value, summary.mean)) {
    flags.push({ code: 'too-few-steps', message: `It ended at step ${end}; the baseline goes to ${far}.` });
  }
  return flags;
}

/** By the distance to the baseline in units of it, so that negative numbers work too; nothing is told of zero. */
function isTooGood(goal: Goal, value: number, baseline: number, factor: number): boolean {
  if (baseline === 0 || !better(goal, value, baseline)) return false;
  const gain = Math.abs(value - baseline) / Math.abs(baseline);
  const shrinks = goal === 'minimize' ? baseline > 0 : baseline < 0;
  return gain > (shrinks ? 1 - 1 / factor : factor - 1);
}

/** Of a share, what counts is its rest: from 80 to 95 % right is a quarter of the errors. */
function leavesTooLittle(value: number, baseline: number, { factor, most, percent }: Guardrails): boolean {
  const best = most ?? bestOf(value, baseline, percent === true);
  return best !== undefined && value > baseline && value <= best && (best - value) * factor < best - baseline;
}

/** The best a share can be, by its numbers where nobody tells. */
function bestOf(value: number, baseline: number, percent: boolean): number | undefined {
  if (baseline >= 0 && baseline < 1 && value <= 1) return 1;
  return percent && baseline > 1 && baseline < 100 && value <= 100 ? 100 : undefined;
}

function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
}

export interface Judged {
  readonly flags: readonly ResultFlag[];
  /** Who vouched for the number in spite of its flags. */
  readonly confirmed?: 'person' | 'seed';
}

/** What no second seed vouches for: it would only repeat it. */
const PERSON_ONLY: ReadonlySet<ResultFlag['code']> = new Set(['out-of-range', 'seed-only', 'touches-evaluation']);
/** What a second seed vouches for only where it is free of it. */
const SHARED: ReadonlySet<ResultFlag['code']> = new Set(['no-curve', 'too-few-steps']);
/** How far from each other two numbers may be that say the same, as a share of the smaller one's distance to the baseline. */
const NEAR = 0.1;

/** Another run of the same candidate and class, with what it is flagged for. */
export interface Fellow {
  readonly run: Run;
  readonly flags: readonly ResultFlag[];
}

/**
 * Flags with who confirmed them: a person, or another seed of the same candidate and class that came to about the same
 * number. A change of the seed alone is confirmed by nobody, and where no seed is given nothing confirms itself.
 */
export function judge(
  run: Run,
  flags: readonly ResultFlag[],
  fellows: readonly Fellow[],
  baseline: Summary | undefined,
  { unseeded = false }: Pick<Guardrails, 'unseeded'> = {},
): Judged {
  if (flags.length === 0) return { flags };
  if (flags.some(({ code }) => code === 'seed-only')) return { flags };
  if (run.confirmed) return { flags, confirmed: 'person' };
  if (unseeded || flags.some(({ code }) => PERSON_ONLY.has(code)) || !baseline) return { flags };
  const value = reportedValue(run) ?? Number.NaN;
  const shared = flags.filter(({ code }) => SHARED.has(code)).map(({ code }) => code);
  const repeats = fellows.some((one) => {
    if (one.run.id === run.id || one.run.seed === run.seed) return false;
    if (one.flags.some(({ code }) => shared.includes(code))) return false;
    return saySame(value, reportedValue(one.run) ?? Number.NaN, baseline);
  });
  return repeats ? { flags, confirmed: 'seed' } : { flags };
}

/** Two seeds that come to the very same number, where those of the baseline do not, print it and measure nothing. */
function saySame(value: number, other: number, { mean, std }: Summary): boolean {
  if (value === other && std > 0) return false;
  const gain = Math.min(Math.abs(value - mean), Math.abs(other - mean));
  return Math.abs(value - other) <= NEAR * gain + 2 * std;
}
