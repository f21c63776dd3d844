import { type BoxOf, isRunId } from '../../domain/index.ts';
import { readApps, readGpus } from '../nvidia-smi.ts';
import { clockProblems, diskOf, diskProblems, gitProblems, gpuProblems, sandboxProblems } from '../problems.ts';
import type { BoxReport, Disk, Gpu, GpuLock, GpuUser, Problem } from '../types.ts';
import { NEEDED } from './answers.ts';

type ScriptBox = BoxOf<'ssh'> | BoxOf<'slurm'>;

/** When the box was asked, by this machine's clocks. */
export interface Asked {
  /** Milliseconds of one call on an open connection. */
  readonly latencyMs: number;
  /** How far the box's clock is ahead, in milliseconds. */
  readonly clockSkewMs: number | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

interface Lines {
  /** The last value of a key. */
  one(key: string): string | undefined;
  /** Every value of a key. */
  all(key: string): readonly string[];
}

/** `key value` a line, up to the last END; undefined where the answer was cut. */
function linesOf(text: string): Lines | undefined {
  const lines = text.split('\n');
  const end = lines.lastIndexOf('END');
  if (end < 0) return undefined;
  const values = new Map<string, string[]>();
  for (const line of lines.slice(0, end)) {
    const blank = line.indexOf(' ');
    const key = blank < 0 ? line : line.slice(0, blank);
    const own = values.get(key) ?? [];
    own.push(blank < 0 ? '' : line.slice(blank + 1));
    values.set(key, own);
  }
  return { one: (key) => values.get(key)?.at(-1), all: (key) => values.get(key) ?? [] };
}

/**
 * How far a box's clock is ahead, from `probe.sh clock`: the box read it half-way between `before` and `after`, give
 * or take half of what lies between. Undefined where it printed no time. All in milliseconds since 1970.
 */
export function parseClock(text: string, before: number, after: number): number | undefined {
  const said = number(linesOf(text)?.one('clock'));
  if (said === undefined) return undefined;
  // A date without fractions of a second prints seconds.
  const there = said < 1e11 ? said * 1000 : said;
  return Math.round(there - (before + after) / 2);
}

/** The answer of `probe.sh` as a report; undefined where it was cut. */
export function parseProbe(text: string, box: ScriptBox, asked: Asked): BoxReport | undefined {
  const lines = linesOf(text);
  if (!lines) return undefined;
  const { tools, loginTools } = toolsOf(lines);
  const smi = gpusOf(lines, box);
  const disk = diskIn(lines);
  const sandboxes = lines.all('sandbox');
  const kinds = [...new Set(smi.gpus.map((gpu) => gpu.name))];
  const cpu = lines.one('cpu') || lines.one('machine') || 'unknown';
  const kills = /^(?:yes|true|on|1)$/i.test(lines.one('kills') ?? '');
  const linger = lines.one('linger');
  const chosen = lines.one('sandbox-is') ?? '';
  return {
    box: box.name,
    reachable: true,
    latencyMs: asked.latencyMs,
    gpus: smi.gpus,
    ...(disk ? { disk } : {}),
    tools,
    path: loginTools.length === 0 ? 'plain' : 'login',
    loginTools,
    ...(asked.clockSkewMs === undefined ? {} : { clockSkewMs: asked.clockSkewMs }),
    ...(linger === undefined && !kills ? {} : { linger: linger === 'yes' || !kills }),
    sandboxes,
    sandbox: sandboxes.includes(chosen) ? chosen : 'none',
    problems: [
      ...toolProblems(lines, tools, box),
      ...smi.problems,
      ...gpuProblems(box, smi.gpus),
      ...diskProblems(disk, box),
      ...clockProblems(asked.clockSkewMs, asked.latencyMs),
      ...(kills && linger !== 'yes' ? [LOGOUT] : []),
      ...sandboxProblems(box.sandbox, chosen, sandboxes, Object.fromEntries(lines.all('sandbox-fails').map(firstWord))),
    ],
    hardware: kinds.length > 0 ? kinds.join(' + ') : `cpu:${cpu}`,
    checkedAt: asked.now,
  };
}

/**
 * The answer of `probe.sh glance`: `last` with GPUs and disk as they are now. `changed` where something is wrong now
 * that was not before: then all should be asked. Undefined where the answer was cut.
 */
export function parseGlance(
  text: string,
  box: ScriptBox,
  last: BoxReport,
  now: number,
): BoxReport | 'changed' | undefined {
  const lines = linesOf(text);
  if (!lines) return undefined;
  const { gpus, problems } = gpusOf(lines, box);
  const disk = diskIn(lines);
  const wrong = [...problems, ...gpuProblems(box, gpus), ...diskProblems(disk, box)];
  // A number that moved, such as the free space of a full disk, is nothing new.
  const kind = ({ what }: Problem) => what.replaceAll(/\d+/g, '0');
  const known = new Set(last.problems.map(kind));
  if (gpus.length !== last.gpus.length || wrong.some((problem) => !known.has(kind(problem)))) return 'changed';
  return { ...last, gpus, ...(disk ? { disk } : {}), seenAt: now };
}

function diskIn(lines: Lines): Disk | undefined {
  return diskOf(number(lines.one('free')), lines.one('disk') || lines.one('disk-magic') || '');
}

const LOGOUT: Problem = {
  what: 'it ends your processes when you log out (KillUserProcesses in logind.conf)',
  fix: 'Run once on the box: loginctl enable-linger. Until then runs end when the connection does.',
};

function toolsOf(lines: Lines): { readonly tools: Record<string, string>; readonly loginTools: string[] } {
  const tools: Record<string, string> = {};
  const loginTools: string[] = [];
  for (const line of lines.all('tool')) {
    const [name = '', via = '', ...version] = line.split(' ');
    tools[name] = /\d+(?:\.\d+)+/.exec(version.join(' '))?.[0] ?? '';
    if (via === 'login') loginTools.push(name);
  }
  return { tools, loginTools };
}

function gpusOf(
  lines: Lines,
  box: ScriptBox,
): { readonly gpus: readonly Gpu[]; readonly problems: readonly Problem[] } {
  const asked = /^(\d+) (\S+)$/.exec(lines.one('smi') ?? '');
  if (!asked) return { gpus: [], problems: [] };
  const [, code, query = ''] = asked;
  const read = readGpus({ code: Number(code), query, text: lines.all('gpu').join('\n') });
  const people = new Map(lines.all('who').flatMap(parseWho));
  const locks = new Map(lines.all('lock').map(parseLock));
  const apps = readApps(lines.all('app').join('\n'));
  const gpus = read.gpus.map((gpu): Gpu => {
    const lockedBy = locks.get(gpu.uuid);
    const users = apps
      .filter(({ uuid }) => uuid === gpu.uuid)
      .map(({ pid, usedMiB }): GpuUser => ({ pid, usedMiB, ...people.get(pid) }));
    return { ...gpu, users, ...(lockedBy ? { lockedBy } : {}) };
  });
  // A box that is to give no GPU away needs no driver.
  const none = box.kind === 'ssh' && box.gpus !== 'all' && box.gpus.length === 0;
  return { gpus, problems: none ? [] : read.problems };
}

/** `PID ACCOUNT RUN PROGRAM`, a dash for what the box does not show. */
function parseWho(line: string): readonly (readonly [number, Omit<GpuUser, 'pid' | 'usedMiB'>])[] {
  const [pid = '', user = '-', run = '-', ...rest] = line.split(' ');
  if (!/^\d+$/.test(pid)) return [];
  const program = rest.join(' ').trim();
  const known = {
    ...(user === '-' ? {} : { user }),
    ...(isRunId(run) ? { run } : {}),
    ...(program === '-' || program === '' ? {} : { program }),
  };
  return [[Number(pid), known]];
}

/** `UUID PID ACCOUNT RUN PROGRAM`. */
function parseLock(line: string): readonly [string, GpuLock] {
  const [uuid = '', ...who] = line.split(' ');
  const { user, run } = parseWho(who.join(' '))[0]?.[1] ?? {};
  return [uuid, { ...(user === undefined ? {} : { user }), ...(run === undefined ? {} : { run }) }];
}

/** `KEY the rest` as a pair. */
function firstWord(line: string): readonly [string, string] {
  const [word = '', ...rest] = line.split(' ');
  return [word, rest.join(' ')];
}

function toolProblems(lines: Lines, tools: Readonly<Record<string, string>>, box: ScriptBox): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [tool, fix] of Object.entries(NEEDED)) {
    if (tools[tool] === undefined) problems.push({ what: `${tool} is missing`, fix });
  }
  problems.push(...gitProblems(tools.git));
  if (lines.all('tool').some((line) => /^timeout \S+ .*busybox/i.test(line))) {
    problems.push({
      what: 'its basic commands are those of BusyBox',
      fix: 'Install coreutils and util-linux on the box; the scripts need what only those can.',
    });
  }
  if (tools.flock !== undefined && lines.one('flock-works') !== 'yes') {
    problems.push({
      what: 'the disk of its runs folder cannot lock files',
      fix: 'Set root of this box to a folder on a local disk; not every NFS can lock.',
    });
  } else if (tools.flock !== undefined && lines.one('flock-exec') !== 'yes') {
    problems.push({
      what: `flock ${tools.flock} is too old: it has no --no-fork`,
      fix: 'Install util-linux 2.34 or newer on the box.',
    });
  }
  if (lines.one('locks') !== 'yes') {
    problems.push({
      what: `the lock folder ${lines.one('locks-at') ?? ''} cannot be used: ${lines.one('locks-unsafe') || 'it cannot be written'}`,
      fix: 'Its owner or root makes it writable for every user and sticky (mode 1777), or removes it. Or set RC_LOCKS in box.env in the root of the box to another folder, the same one for all its users.',
    });
  }
  if (lines.one('login') === 'hangs') {
    problems.push({
      what: 'its login shell does not get ready in 10 s',
      fix: 'Look at ~/.profile and ~/.bash_profile on the box: what waits for an answer there must ask only a person.',
    });
  }
  if (box.kind === 'slurm' && tools.sbatch === undefined) {
    problems.push({ what: 'sbatch is missing', fix: 'Name a login node of the cluster as host of this box.' });
  }
  return problems;
}

function number(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
