import type { BoxNode } from '../core/research/types.ts';
import { type Column, printable, tableLines } from './columns.ts';
import { count, formatBytes } from './numbers.ts';
import { paint } from './paint.ts';

type BoxReport = NonNullable<BoxNode['report']>;
type Gpu = BoxReport['gpus'][number];

const BOXES: readonly Column[] = [
  { head: 'box' },
  { head: 'state' },
  { head: 'GPUs', shrinks: true },
  { head: 'free GPUs', spare: 1 },
  { head: 'runs', spare: 2 },
  { head: 'disk free', align: 'right', spare: 3 },
  { head: 'sandbox', spare: 4 },
  { head: 'answers', align: 'right', spare: 5 },
  { head: 'kind', spare: 6 },
  { head: 'where', spare: 7 },
];

/** The boxes as aligned columns, the heads first. What nobody asked for yet is an empty cell. */
export function boxLines(boxes: readonly BoxNode[], width?: number): readonly string[] {
  const rows = boxes.map((box) => {
    const report = box.report?.reachable ? box.report : undefined;
    const gpus = report?.gpus ?? [];
    return [
      box.name,
      boxState(box),
      gpus.length === 0 ? (report ? 'none' : '') : kindsOf(gpus),
      gpus.length === 0 ? '' : `${gpus.filter(isFree).length} of ${gpus.length}`,
      runsOf(box),
      report?.disk ? formatBytes(report.disk.freeBytes) : '',
      box.kind === 'local' ? '' : (report?.sandbox ?? ''),
      report?.latencyMs === undefined || box.kind === 'local' ? '' : `${Math.round(report.latencyMs)} ms`,
      box.kind,
      box.where,
    ];
  });
  return tableLines(BOXES, rows, width).map((line, index) => (index === 0 ? paint.dim(line) : line));
}

/** One word or few of how a box is. */
export function boxState(box: BoxNode): string {
  const aside = box.givenUp ? ', given up' : box.drained ? ', drained' : '';
  if (box.problem !== undefined) return `needs attention${aside}`;
  if (box.unreachableSince !== undefined) return `unreachable since ${clock(box.unreachableSince)}${aside}`;
  if (box.report === undefined) return `not checked${aside}`;
  if (!box.report.reachable) return `unreachable${aside}`;
  return `${box.report.problems.some(({ note }) => !note) ? 'problems' : 'ready'}${aside}`;
}

/** What is wrong with a box, what is good to know, and who computes on its GPUs: for the lines under the table. */
export function boxDetails(box: BoxNode, width?: number): readonly string[] {
  const { report } = box;
  if (!report) return [];
  const lines: string[] = [];
  const sorted = report.problems.toSorted((a, b) => Number(a.note ?? false) - Number(b.note ?? false));
  for (const { what, fix, note } of sorted) {
    const head = note ? 'note' : report.reachable ? 'problem' : 'unreachable';
    lines.push(
      ...wrapped(`${head}: ${printable(what)}`, width, '  ').map((line) => (note ? line : paint.yellow(line))),
    );
    if (fix !== '') lines.push(...wrapped(`fix: ${printable(fix)}`, width, '    ').map(paint.dim));
  }
  for (const gpu of report.gpus.filter((one) => !isFree(one))) {
    lines.push(...wrapped(`GPU ${gpu.index}: ${printable(usersOf(gpu))}`, width, '  '));
  }
  if ((report.loginTools?.length ?? 0) > 0) {
    lines.push(...wrapped(`only a login shell finds: ${report.loginTools?.join(', ')}`, width, '  '));
  }
  return lines.length === 0 ? [] : [paint.bold(printable(box.name)), ...lines];
}

function isFree(gpu: Gpu): boolean {
  return gpu.users.length === 0 && gpu.lockedBy === undefined;
}

function kindsOf(gpus: readonly Gpu[]): string {
  const kinds = Map.groupBy(gpus, ({ name }) => name.replace(/^NVIDIA (?:GeForce )?/, ''));
  return [...kinds].map(([name, own]) => `${own.length} × ${name}`).join(', ');
}

function runsOf({ running, waiting }: BoxNode): string {
  if (running + waiting === 0) return '';
  return [running > 0 ? `${running} running` : '', waiting > 0 ? `${waiting} waiting` : ''].filter(Boolean).join(', ');
}

/** `97 %, 30000 of 81559 MiB, alice: python3 (pid 11), without a reservation`. */
function usersOf(gpu: Gpu): string {
  const load = [
    gpu.utilisation === null ? '' : `${gpu.utilisation} %`,
    gpu.usedMiB === null ? '' : `${gpu.usedMiB}${gpu.memoryMiB === 0 ? '' : ` of ${gpu.memoryMiB}`} MiB`,
  ];
  const people = gpu.users.map(({ pid, user, program, run }) => {
    const whose = run === undefined ? (user ?? 'somebody') : `run ${run}`;
    return `${whose}: ${program ?? 'a process'} (pid ${pid})`;
  });
  const { lockedBy } = gpu;
  const lock =
    lockedBy === undefined
      ? 'without a reservation of this tool'
      : `reserved by ${lockedBy.run === undefined ? 'a run' : `run ${lockedBy.run}`}${lockedBy.user === undefined ? '' : ` of ${lockedBy.user}`}`;
  return [...load, ...people, lock].filter(Boolean).join(', ');
}

/** A sentence for the boxes that did not answer; undefined where all did. */
export function unreachableSentence(reports: readonly BoxReport[]): string | undefined {
  const gone = reports.filter(({ reachable }) => !reachable).map(({ box }) => box);
  return gone.length === 0
    ? undefined
    : `${gone.length} of ${count(reports.length, 'box', 'boxes')} did not answer: ${gone.join(', ')}.`;
}

/** `11-26 06:40`, by this machine's time zone. */
function clock(millis: number): string {
  const date = new Date(millis);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** A text as lines that fit a terminal, each with an indent; one line where there is no terminal. */
export function wrapped(text: string, width: number | undefined, indent: string): string[] {
  const room = Math.max(20, (width ?? Number.POSITIVE_INFINITY) - indent.length);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && [...line].length + 1 + [...word].length > room) {
      lines.push(line);
      line = `  ${word}`;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].map((one) => indent + one);
}
