import type { Files, Processes } from '../../system/index.ts';

/** Which process holds a thing, written so that a later process with the same pid is not taken for it. */
export interface Holder {
  readonly pid: number;
  readonly started: string | undefined;
  readonly machine: string;
}

export function formatHolder({ pid, started, machine }: Holder): string {
  return `${pid} ${started ?? '-'} ${machine}\n`;
}

export function parseHolder(text: string): Holder | undefined {
  const [, pid = '', started = '', machine = ''] = /^(\d+) (\S+) (.*)$/m.exec(text) ?? [];
  return pid === '' ? undefined : { pid: Number(pid), started: started === '-' ? undefined : started, machine };
}

export function holderIsAlive(holder: Holder, processes: Processes, machine: string): boolean {
  return holder.machine === machine && processes.alive(holder.pid, holder.started);
}

/** How long a file may be empty between its making and its first byte. */
const BIRTH_MS = 5000;

export interface HolderParts {
  readonly files: Pick<Files, 'readText' | 'info'>;
  readonly processes: Processes;
  readonly machine: string;
  readonly now: () => number;
}

/** Whether the process named in a file lives. An empty file is one that is just being written. Undefined: no file. */
export async function readLife(file: string, parts: HolderParts): Promise<'alive' | 'dead' | undefined> {
  const text = await parts.files.readText(file);
  if (text === undefined) return undefined;
  const holder = parseHolder(text);
  if (holder) return holderIsAlive(holder, parts.processes, parts.machine) ? 'alive' : 'dead';
  const info = await parts.files.info(file);
  return info && parts.now() - info.modifiedAt < BIRTH_MS ? 'alive' : 'dead';
}
