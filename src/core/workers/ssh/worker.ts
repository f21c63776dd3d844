import type { BoxOf } from '../../domain/index.ts';
import { shq } from '../box/quote.ts';
import type { Transport } from '../box/transport.ts';
import { BoxWorker } from '../box/worker.ts';
import { SlurmWorker } from '../slurm/worker.ts';
import type { Worker, WorkerDeps } from '../types.ts';
import { ChosenTransport } from './choose.ts';
import { type ConnectionOptions, SshConnection } from './connection.ts';
import { SystemSsh } from './system-ssh.ts';

export type { Transport } from '../box/transport.ts';
export { BoxWorker } from '../box/worker.ts';
export { SshConnection } from './connection.ts';
export { SystemSsh } from './system-ssh.ts';

/** A box reached by ssh that runs what it is sent itself. Connects at the first call. */
export function createSshWorker(box: BoxOf<'ssh'>, deps: WorkerDeps): Worker {
  const transport = connectionTo(box, deps);
  return new BoxWorker({ box, transport, system: deps.system, shell: shellOf(box.host, deps.sshConfigFile) });
}

/** A Slurm cluster reached through its login node. Connects at the first call. */
export function createSlurmWorker(box: BoxOf<'slurm'>, deps: WorkerDeps): Worker {
  const transport = connectionTo(box, deps);
  return new SlurmWorker({ box, transport, system: deps.system, shell: shellOf(box.host, deps.sshConfigFile) });
}

function connectionTo(box: BoxOf<'ssh'> | BoxOf<'slurm'>, deps: WorkerDeps): Transport {
  const { system, configFolder, asker, typed, sshConfigFile } = deps;
  const options: ConnectionOptions = { host: box.host, system, configFolder, asker, typed, sshConfigFile };
  if (box.transport === 'system') return new SystemSsh(options);
  if (box.transport === 'ssh2') return new SshConnection({ ...options, libraryOnly: true });
  return new ChosenTransport(options);
}

/** A login shell in a folder of the box, by the system's own ssh: it may ask in its terminal. */
function shellOf(host: string, configFile: string | undefined) {
  return (folder: string) => {
    const place = folder.startsWith('~/') ? `"$HOME"/${shq(folder.slice(2))}` : shq(folder);
    const command = `cd -- ${place} && exec "$SHELL" -l`;
    const options = configFile === undefined ? [] : ['-F', configFile];
    return { program: 'ssh', args: ['-t', ...options, '--', host, command] };
  };
}
