import { type BoxOf, HumanError, isRunId, type RunId } from '../../domain/index.ts';
import type { BoxReport, Gpu, RunReport } from '../types.ts';

const LOST: Readonly<Record<string, string>> = {
  'supervisor-killed': 'The process that owned the run on the box was killed.',
  rebooted: 'The box was restarted while the run was on it.',
};

const LIVE = new Set(['waiting', 'preparing', 'running', 'finishing', 'absent']);

/**
 * The answer of `poll.sh`. Undefined where it was cut. A run in state `unknown` (the cluster's controller does not
 * answer) is left out: nothing is known of it now.
 */
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
): Pick<RunReport, 'run' | 'state' | 'exitCode' | 'reason'> | undefined {
  if (state === 'lost') return { run, state, reason: LOST[reason] ?? `Nothing owns the run any more (${reason}).` };
  if (state !== 'done') {
    return LIVE.has(state) ? { run, state: state as RunReport['state'] } : undefined;
  }
  const exitCode = number(code);
  const words = why === '' ? undefined : why;
  if (reason === 'cancelled') return { run, state: 'cancelled', exitCode, reason: words };
  if (reason === 'timeout') return { run, state: 'timed-out', exitCode, reason: words };
  if (reason === 'exited' && exitCode === 0) return { run, state: 'succeeded', exitCode };
  return { run, state: 'failed', exitCode, reason: words ?? reason };
}

function number(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function seconds(text: string | undefined): number | undefined {
  const value = number(text ?? '');
  return value === undefined ? undefined : value * 1000;
}

/** One line of `nvidia-smi --format=csv,noheader,nounits`: index, uuid, name, total, used, utilisation; `N/A` is null. */
export function parseGpu(line: string): Gpu | undefined {
  const fields = line.split(',').map((field) => field.trim());
  const [index, uuid] = fields;
  if (fields.length < 6 || index === undefined || uuid === undefined || !/^\d+$/.test(index)) return undefined;
  const [total, used, utilisation] = fields.slice(-3).map((field) => {
    const match = /^\d+(\.\d+)?/.exec(field);
    return match ? Number(match[0]) : null;
  });
  // A name may hold a comma.
  const name = fields.slice(2, -3).join(', ');
  return {
    index: Number(index),
    uuid,
    name,
    memoryMiB: total ?? 0,
    usedMiB: used ?? null,
    utilisation: utilisation ?? null,
  };
}

const NEEDED: Readonly<Record<string, string>> = {
  git: 'Install git on the box; code is shipped with it.',
  flock: 'Install util-linux (flock) on the box; runs are locked with it.',
  setsid: 'Install util-linux (setsid) on the box; runs are started with it.',
  timeout: 'Install coreutils (timeout) on the box.',
  sha256sum: 'Install coreutils (sha256sum) on the box.',
  awk: 'Install awk on the box.',
};

/** The answer of `probe.sh` as a report; undefined where it was cut. `now` in milliseconds. */
export function parseProbe(
  text: string,
  box: BoxOf<'ssh'> | BoxOf<'slurm'>,
  latencyMs: number,
  now: number,
): BoxReport | undefined {
  const lines = text.split('\n');
  const end = lines.lastIndexOf('END');
  if (end < 0) return undefined;
  const one = new Map<string, string>();
  const tools: Record<string, string> = {};
  const gpus: Gpu[] = [];
  for (const line of lines.slice(0, end)) {
    const blank = line.indexOf(' ');
    const key = line.slice(0, blank < 0 ? line.length : blank);
    const value = blank < 0 ? '' : line.slice(blank + 1);
    if (key === 'gpu') {
      const gpu = parseGpu(value);
      if (gpu) gpus.push(gpu);
    } else if (key === 'tool') {
      const [name = '', ...version] = value.split(' ');
      tools[name] = /\d+(\.\d+)+/.exec(version.join(' '))?.[0] ?? '';
    } else {
      one.set(key, value);
    }
  }
  const problems = problemsOf(box, one, tools, gpus, now);
  const kinds = [...new Set(gpus.map((gpu) => gpu.name))];
  const cpu = one.get('cpu') || one.get('machine') || 'unknown';
  return {
    box: box.name,
    reachable: true,
    latencyMs,
    gpus,
    freeBytes: number(one.get('free') ?? ''),
    tools,
    problems,
    hardware: kinds.length > 0 ? kinds.join(' + ') : `cpu:${cpu}`,
    checkedAt: now,
  };
}

function problemsOf(
  box: BoxOf<'ssh'> | BoxOf<'slurm'>,
  one: ReadonlyMap<string, string>,
  tools: Readonly<Record<string, string>>,
  gpus: readonly Gpu[],
  now: number,
): { what: string; fix: string }[] {
  const problems: { what: string; fix: string }[] = [];
  for (const [tool, fix] of Object.entries(NEEDED)) {
    if (tools[tool] === undefined) problems.push({ what: `${tool} is missing`, fix });
  }
  if (tools.flock !== undefined && one.get('flock-exec') !== 'yes') {
    problems.push({
      what: 'flock does not work as needed in the runs folder',
      fix: 'Use util-linux 2.34 or newer, and a root on a disk that can lock (not every NFS can).',
    });
  }
  if (one.get('locks') !== 'yes') {
    problems.push({
      what: 'the lock folder /var/tmp/research-copilot-locks cannot be written',
      fix: 'Make it writable for every user (mode 1777), or set RC_LOCKS in box.env in the root of the box.',
    });
  }
  const smi = one.get('smi');
  if (smi === '124') {
    problems.push({
      what: 'nvidia-smi hangs',
      fix: 'The driver or a GPU is stuck; a restart of the box helps as a rule.',
    });
  } else if (smi !== undefined && smi !== '0') {
    problems.push({
      what: `nvidia-smi fails: ${one.get('smi-says') ?? `exit code ${smi}`}`,
      fix: 'Check the NVIDIA driver on the box.',
    });
  }
  if (box.kind === 'ssh' && Array.isArray(box.gpus)) {
    const there = new Set(gpus.map((gpu) => gpu.index));
    const missing = box.gpus.filter((index) => !there.has(index));
    if (missing.length > 0) {
      problems.push({
        what: `boxes.yaml names GPU ${missing.join(', ')}, which the box does not have`,
        fix: 'Correct gpus of this box.',
      });
    }
  }
  if (box.kind === 'slurm' && tools.sbatch === undefined) {
    problems.push({ what: 'sbatch is missing', fix: 'Name a login node of the cluster as host of this box.' });
  }
  const free = number(one.get('free') ?? '');
  if (free !== undefined && free < 1024 ** 3) {
    problems.push({
      what: `only ${Math.floor(free / 1024 ** 2)} MiB are free`,
      fix: 'Clean up, or set root to another disk.',
    });
  }
  const clock = seconds(one.get('clock'));
  if (clock !== undefined && Math.abs(clock - now) > 60_000) {
    problems.push({
      what: `its clock is ${Math.round(Math.abs(clock - now) / 1000)} s ${clock > now ? 'ahead' : 'behind'}`,
      fix: 'Set the clock of the box (NTP).',
    });
  }
  if (one.get('linger') === 'no') {
    problems.push({
      what: 'the box may end processes when you log out (Linger=no)',
      fix: 'If runs get lost on disconnect: loginctl enable-linger on the box.',
    });
  }
  return problems;
}

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
