import { HumanError, isRunId, type RunId } from '../../domain/index.ts';
import { lostWords, waitingWords } from '../slurm/words.ts';
import type { RunReport } from '../types.ts';

const LOST: Readonly<Record<string, string>> = {
  'supervisor-killed': 'The process that owned the run on the box was killed.',
  rebooted: 'The box was restarted while the run was on it.',
};

const LIVE = new Set(['waiting', 'preparing', 'running', 'finishing', 'absent']);

/** The answer of `poll.sh`. Undefined where it was cut. */
export function parsePoll(text: string): RunReport[] | undefined {
  const lines = text.split('\n');
  const end = lines.lastIndexOf('END');
  if (end < 0) return undefined;
  const reports: RunReport[] = [];
  let open = false;
  for (const line of lines.slice(0, end)) {
    if (line.startsWith('+')) {
      const last = reports.at(-1);
      // Behind a run that was left out, or a line that is none, there is nobody it belongs to.
      if (last && open) reports[reports.length - 1] = { ...last, ...extraOf(line, last) };
      continue;
    }
    const [run, state, code, reason, ended, started, place, gpus, size, ...why] = line.split('\t');
    open = false;
    if (run === undefined || !isRunId(run) || state === undefined || size === undefined) continue;
    const known = stateOf(run, state, code ?? '', reason ?? '', why.join(' '));
    if (!known) continue;
    open = true;
    reports.push({
      ...known,
      logBytes: number(size) ?? 0,
      startedAt: seconds(started),
      endedAt: seconds(ended),
      gpus: (gpus ?? '').split(' ').filter((uuid) => uuid !== ''),
      position: state === 'waiting' ? number(place ?? '') : undefined,
    });
  }
  return reports;
}

/** What a line `+KEY VALUE` adds to the report before it; nothing for a key that is not known here. */
export function extraOf(line: string, report: Pick<RunReport, 'files'>): Partial<RunReport> {
  const blank = line.indexOf(' ');
  const [key, value] = blank < 0 ? [line, ''] : [line.slice(0, blank), line.slice(blank + 1)];
  switch (key) {
    case '+use': {
      const [at, utilisation, usedMiB] = value.split(' ').map(Number);
      if (!Number.isFinite(at) || !Number.isFinite(utilisation) || !Number.isFinite(usedMiB)) return {};
      return { use: { at: (at ?? 0) * 1000, utilisation: utilisation ?? 0, usedMiB: usedMiB ?? 0 } };
    }
    case '+evaluated':
      return { evaluatedAt: number(value) };
    case '+hardware':
      return value === '' ? {} : { hardware: value };
    case '+sandbox':
      return value === '' ? {} : { sandbox: value };
    case '+file': {
      const [, size = '', path = ''] = /^(\d+) (.+)$/.exec(value) ?? [];
      if (path === '') return {};
      return { files: [...(report.files ?? []), { path, size: Number(size) }] };
    }
    default:
      return {};
  }
}

function stateOf(
  run: RunId,
  state: string,
  code: string,
  reason: string,
  why: string,
): Pick<RunReport, 'run' | 'state' | 'exitCode' | 'reason' | 'cause'> | undefined {
  if (state === 'lost' && reason === 'slurm') return { run, state, reason: lostWords(why) };
  if (state === 'lost') return { run, state, reason: LOST[reason] ?? `Nothing owns the run any more (${reason}).` };
  if (state !== 'done') {
    const words = reason === '' ? undefined : waitingWords(reason, why);
    return LIVE.has(state) ? { run, state: state as RunReport['state'], reason: words } : undefined;
  }
  const exitCode = number(code);
  const words = why === '' ? undefined : why;
  if (reason === 'cancelled') return { run, state: 'cancelled', exitCode, reason: words };
  if (reason === 'timeout') return { run, state: 'timed-out', exitCode, reason: words };
  if (reason === 'exited' && exitCode === 0) return { run, state: 'succeeded', exitCode };
  return { run, state: 'failed', exitCode, reason: words ?? reason, cause: reason };
}

function number(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function seconds(text: string | undefined): number | undefined {
  const value = number(text ?? '');
  return value === undefined ? undefined : value * 1000;
}

/** What the scripts cannot do without, and where each comes from. */
export const NEEDED: Readonly<Record<string, string>> = {
  git: 'Install git on the box; code is shipped with it.',
  flock: 'Install util-linux (flock) on the box; runs are locked with it.',
  setsid: 'Install util-linux (setsid) on the box; runs are started with it.',
  timeout: 'Install coreutils (timeout) on the box.',
  sha256sum: 'Install coreutils (sha256sum) on the box.',
  awk: 'Install awk on the box.',
};

/** Throws what an answer of a script names as a person's matter: no disk, a missing tool, a folder it cannot make. */
export function throwForAnswer(answer: string, where: string): void {
  const line = answer.split('\n').find((text) => /^(FULL|MISSING|NOROOT|BROKEN) /.test(text));
  if (line === undefined) return;
  const [word, first = '', ...rest] = line.split(' ');
  if (word === 'FULL') {
    throw new HumanError(
      `The disk of ${rest.join(' ')} on ${where} is full (${first} bytes free). Free space there, or set root of this box to another folder.`,
      { code: 'box-disk-full' },
    );
  }
  if (word === 'MISSING') {
    throw new HumanError(`${first} is missing on ${where}. ${NEEDED[first] ?? `Install ${first} there.`}`, {
      code: 'box-missing-tool',
    });
  }
  if (word === 'NOROOT') {
    throw new HumanError(
      `The folder ${[first, ...rest].join(' ')} cannot be made on ${where}. Set root of this box to a folder you may write.`,
      { code: 'box-root' },
    );
  }
  throw new HumanError(`${where} could not take the run: ${[first, ...rest].join(' ')}`, { code: 'box-failed' });
}
