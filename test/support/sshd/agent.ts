import { execFileSync } from 'node:child_process';
import * as path from 'node:path';

/** A real ssh-agent with no keys, its socket in a folder, while `work` runs. */
export async function withAgent(folder: string, work: (socket: string) => Promise<void>): Promise<void> {
  const socket = path.join(folder, 'agent');
  const said = execFileSync('ssh-agent', ['-a', socket, '-s'], { encoding: 'utf8' });
  const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(said)?.[1]);
  try {
    await work(socket);
  } finally {
    process.kill(pid);
  }
}
