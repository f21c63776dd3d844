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

/** How long a file may be empty between its making and its first byte. */
const BIRTH_MS = 5000;
/** How often a holder writes its file again, and how long one that cannot be seen from here is believed without. */
export const BEAT_MS = 15_000;
const SILENCE_MS = 60_000;

export interface HolderParts {
  readonly files: Pick<Files, 'readText' | 'info'>;
  readonly processes: Processes;
  readonly machine: string;
  readonly now: () => number;
}

/** The machine's name and boot, without the pid namespace. */
function bootOf(machine: string): readonly [string, string] {
  const [name = '', boot = ''] = machine.split(' ');
  return [name, boot];
}

/**
 * Whether the process named in a file lives. An empty file is one that is just being written. A process of another
 * machine or container that shares this disk cannot be seen: it lives as long as it writes its file again.
 * Undefined: no file.
 */
export async function readLife(file: string, parts: HolderParts): Promise<'alive' | 'dead' | undefined> {
  const text = await parts.files.readText(file);
  if (text === undefined) return undefined;
  const holder = parseHolder(text);
  if (holder?.machine === parts.machine) return parts.processes.alive(holder.pid, holder.started) ? 'alive' : 'dead';
  if (holder) {
    const [[name, boot], [here, now]] = [bootOf(holder.machine), bootOf(parts.machine)];
    if (name === here && boot !== now) return 'dead';
  }
  const info = await parts.files.info(file);
  const limit = holder ? SILENCE_MS : BIRTH_MS;
  return info && parts.now() - info.modifiedAt < limit ? 'alive' : 'dead';
}

/** Makes a file that names its holder; false where it exists. Nothing of it is left where the disk is full. */
export async function createHolderFile(
  files: Pick<Files, 'create' | 'remove'>,
  file: string,
  text: string,
): Promise<boolean> {
  try {
    return await files.create(file, text, 0o600);
  } catch (error) {
    await files.remove(file);
    throw error;
  }
}
