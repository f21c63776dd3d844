import { readFileSync } from 'node:fs';
import { type BoxOptions, startBox, type TestBox } from './box.ts';

/** Boxes one behind another: each but the first is reached through the one before it. */
export interface TestChain {
  /** From the one reached directly to the one behind all others. */
  readonly boxes: readonly TestBox[];
  /** Names every box, each with a ProxyJump to the one before it. */
  readonly sshConfigFile: string;
  stop(): Promise<void>;
}

/** Starts boxes one behind another. The ones before the last forward to the next one's port and nowhere else. */
export async function startChain(options: readonly BoxOptions[]): Promise<TestChain> {
  const boxes: TestBox[] = [];
  const stop = async () => {
    for (const box of boxes) await box.stop();
  };
  try {
    for (const one of options.toReversed()) {
      const next = boxes[0];
      const opens = next ? [`PermitOpen 127.0.0.1:${next.port}`] : ['AllowTcpForwarding no'];
      boxes.unshift(await startBox({ ...one, sshd: [...opens, ...(one.sshd ?? [])] }));
    }
    const [first] = boxes;
    if (!first) throw new Error('A chain needs a box.');
    const sshConfigFile = first.clientConfig(() => chainConfig(boxes));
    return { boxes, sshConfigFile, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The client's config of a chain. */
function chainConfig(boxes: readonly TestBox[]): string {
  return boxes
    .map((box, index) => {
      const own = readFileSync(box.sshConfigFile, 'utf8');
      const before = boxes[index - 1];
      return before ? `${own}  ProxyJump ${before.name}\n` : own;
    })
    .join('\n');
}

/**
 * The user ids of who holds the near end of the open connections to a box's port: on one machine, the account that a
 * jump's sshd forwards for, or the client's own.
 */
export function whoConnects(box: TestBox): number[] {
  const port = box.port.toString(16).toUpperCase().padStart(4, '0');
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => words[2]?.endsWith(`:${port}`) && words[3] === '01')
    .map((words) => Number(words[7]));
}
