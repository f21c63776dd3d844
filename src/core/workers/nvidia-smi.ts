import type { Gpu, Problem } from './types.ts';

/** Where WSL keeps it; a plain exec does not have that folder on its PATH. */
export const WSL_SMI = '/usr/lib/wsl/lib/nvidia-smi';

/**
 * What is asked, the most first: a driver too old for a field says so with exit code 2, and is asked again for less.
 * The name stands in the middle, because it may hold a comma.
 */
export const GPU_QUERIES = [
  'index,uuid,mig.mode.current,name,memory.total,memory.used,utilization.gpu',
  'index,uuid,name,memory.total,memory.used,utilization.gpu',
  'index,uuid,name,memory.total',
] as const;

export const APP_QUERY = 'gpu_uuid,pid,used_memory';
export const SMI_FORMAT = '--format=csv,noheader,nounits';

/** One answer of `nvidia-smi --query-gpu=…`: stdout and stderr together. */
export interface SmiAnswer {
  /** Its exit code; 124 where it had to be stopped. */
  readonly code: number;
  readonly text: string;
  /** The fields that were asked for. */
  readonly query: string;
}

/** A GPU as the driver lists it, before anybody looked who uses it. */
export type BareGpu = Omit<Gpu, 'users' | 'lockedBy'>;

/** Whether the driver is too old for a field of the query. */
export function isUnknownField({ code, text }: Pick<SmiAnswer, 'code' | 'text'>): boolean {
  return code === 2 && /is not a valid field to query/i.test(text);
}

/** What to do about an exit code, as `man nvidia-smi` lists them. */
const FIXES: Readonly<Record<number, string>> = {
  2: 'Update the NVIDIA driver: it is too old for what is asked.',
  4: 'Give your account access to /dev/nvidia* on the box (often the group video or render).',
  6: 'If the box has a GPU, "dmesg" on it tells what became of it. If it has none, set gpus: [] for it.',
  9: 'Load or install the NVIDIA driver on the box, or set gpus: [] for it.',
  12: 'Install the libraries of the NVIDIA driver (libnvidia-ml) on the box.',
  14: 'The GPU still computes; a firmware problem like this one is a matter for its vendor.',
  15: 'A GPU fell off the bus: restart the box. If it happens again, look at power and cooling.',
  18: 'The driver was updated under a running system: restart the box.',
};
const HANGS: Problem = {
  what: 'nvidia-smi hangs',
  fix: 'The driver or a GPU is stuck; restarting the box helps as a rule. Until then no run that needs a GPU starts there.',
};
const ANY_FIX = 'Run nvidia-smi on the box; its message says more.';
const LOST = /GPU is lost|fallen off the bus|unable to determine the device handle/i;

/**
 * The GPUs of an answer and what is wrong with it. Any bytes give GPUs, a problem, or nothing for an empty answer;
 * never an exception. Lines that are no GPU (a header, a warning) are read past.
 */
export function readGpus(answer: SmiAnswer): {
  readonly gpus: readonly BareGpu[];
  readonly problems: readonly Problem[];
} {
  const gpus: BareGpu[] = [];
  const problems: Problem[] = [];
  const others: string[] = [];
  for (const line of answer.text.split(/\r?\n/)) {
    const row = readRow(line, answer.query);
    if (LOST.test(line)) {
      const which = row ? `GPU ${row.index}` : `a GPU (${clean(line)})`;
      problems.push({ what: `${which} is lost and cannot be used`, fix: FIXES[15] ?? ANY_FIX });
    } else if (row && !gpus.some(({ index, uuid }) => index === row.index || uuid === row.uuid)) {
      gpus.push(row);
    } else if (line.trim() !== '' && !/^index, /.test(line)) {
      others.push(clean(line));
    }
  }
  const [said] = others;
  if (answer.code === 124) problems.push(HANGS);
  else if (answer.code !== 0 && problems.length === 0) {
    const what = `nvidia-smi fails: ${said ?? `exit code ${answer.code}`}`;
    const mismatch = /version mismatch/i.test(answer.text) ? FIXES[18] : undefined;
    problems.push({ what, fix: mismatch ?? FIXES[answer.code] ?? ANY_FIX });
  } else if (said !== undefined && gpus.length === 0 && problems.length === 0) {
    problems.push({ what: `nvidia-smi answers in a form that is not known: ${said}`, fix: ANY_FIX });
  }
  const cut = gpus.filter(({ mig }) => mig).map(({ index }) => index);
  if (cut.length > 0) problems.push(migProblem(cut));
  return { gpus, problems };
}

function migProblem(indices: readonly number[]): Problem {
  const [first = 0] = indices;
  return {
    what: `GPU ${indices.join(', ')} is cut into MIG devices, which are not handed out one by one yet`,
    fix: `Each counts as one GPU, and a run on it computes on its first MIG device. To use it whole: sudo nvidia-smi -i ${first} -mig 0. To leave it out: name the others in gpus of this box.`,
    note: true,
  };
}

/** One line of the answer; undefined where it is no GPU. */
function readRow(line: string, query: string): BareGpu | undefined {
  const asked = query.split(',');
  const cells = line.split(',').map((cell) => cell.trim());
  const surplus = cells.length - asked.length;
  const nameAt = asked.indexOf('name');
  if (surplus < 0 || nameAt < 0) return undefined;
  const cell = (field: string): string => {
    const at = asked.indexOf(field);
    if (at < 0) return '';
    if (at === nameAt) return cells.slice(at, at + surplus + 1).join(', ');
    return cells[at < nameAt ? at : at + surplus] ?? '';
  };
  const [index, uuid] = [cell('index'), cell('uuid')];
  if (!/^\d{1,4}$/.test(index) || !/^[A-Za-z0-9-]+$/.test(uuid)) return undefined;
  return {
    index: Number(index),
    uuid,
    name: clean(cell('name')) || 'GPU',
    memoryMiB: amount(cell('memory.total')) ?? 0,
    usedMiB: amount(cell('memory.used')),
    utilisation: amount(cell('utilization.gpu')),
    mig: /^enabled$/i.test(cell('mig.mode.current')),
  };
}

/** A number, with its unit or without; null for `N/A`, `[Not Supported]`, `[Unknown Error]` and whatever else is none. */
function amount(text: string): number | null {
  const [, digits] = /^(\d{1,9}(?:\.\d+)?)(?: ?(?:MiB|%))?$/.exec(text) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** One line of a box's text without control characters, of a length that fits a message. */
function clean(text: string): string {
  return text
    .replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .trim()
    .slice(0, 200);
}

/** The processes of `nvidia-smi --query-compute-apps=gpu_uuid,pid,used_memory`. Never throws. */
export function readApps(
  text: string,
): readonly { readonly uuid: string; readonly pid: number; readonly usedMiB: number | null }[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const [uuid = '', pid = '', used = ''] = line.split(',').map((cell) => cell.trim());
    if (!/^[A-Za-z0-9-]+$/.test(uuid) || !/^\d{1,10}$/.test(pid)) return [];
    return [{ uuid, pid: Number(pid), usedMiB: amount(used) }];
  });
}
