import { appendFileSync } from 'node:fs';
import { type BoxOf, boxSchema } from '../../src/core/domain/index.ts';
import { realSystem } from '../../src/core/system/index.ts';
import type { Asker } from '../../src/core/workers/index.ts';
import { BoxWorker, SshConnection } from '../../src/core/workers/ssh/worker.ts';
import type { CuttingProxy } from './cutting-proxy.ts';
import { publicKey, type TestBox } from './sshd/box.ts';

export interface TestWorker {
  readonly worker: BoxWorker;
  readonly connection: SshConnection;
}

/** A worker of a test box, with its connection in hand. */
export function workerOf(
  box: TestBox,
  options: {
    readonly asker?: Asker;
    readonly box?: Readonly<Record<string, unknown>>;
    readonly sshConfigFile?: string;
  } = {},
): TestWorker {
  const system = realSystem();
  const connection = new SshConnection({
    host: box.name,
    system,
    configFolder: box.configFolder,
    asker: options.asker,
    sshConfigFile: options.sshConfigFile ?? box.sshConfigFile,
  });
  const parsed = boxSchema.parse({ name: box.name, kind: 'ssh', host: box.name, cpu_slots: 4, ...options.box });
  const worker = new BoxWorker({
    box: parsed as BoxOf<'ssh'>,
    transport: connection,
    system,
    shell: () => ({ program: 'ssh', args: [] }),
  });
  return { worker, connection };
}

/** The same through a proxy in front of the box. */
export function workerThrough(
  box: TestBox,
  proxy: CuttingProxy,
  options: Parameters<typeof workerOf>[1] = {},
): TestWorker {
  appendFileSync(box.knownHostsFile, `[127.0.0.1]:${proxy.port} ${publicKey(box.hostKeyFile)}\n`);
  const sshConfigFile = box.clientConfig((usual) => usual.replace(/Port \d+/, `Port ${proxy.port}`));
  return workerOf(box, { ...options, sshConfigFile });
}
