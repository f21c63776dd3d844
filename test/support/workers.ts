import { appendFileSync } from 'node:fs';
import { type BoxOf, boxSchema } from '../../src/core/domain/index.ts';
import { realSystem, type System } from '../../src/core/system/index.ts';
import type { Asker, Typed } from '../../src/core/workers/index.ts';
import { ChosenTransport } from '../../src/core/workers/ssh/choose.ts';
import type { ConnectionOptions } from '../../src/core/workers/ssh/connection.ts';
import { BoxWorker, SshConnection, SystemSsh, type Transport } from '../../src/core/workers/ssh/worker.ts';
import type { CuttingProxy } from './cutting-proxy.ts';
import { publicKey, type TestBox } from './sshd/box.ts';

/** Which client reaches the box. */
export type Client = 'ssh2' | 'system' | 'auto';

export interface WorkerOptions {
  readonly asker?: Asker;
  readonly box?: Readonly<Record<string, unknown>>;
  readonly sshConfigFile?: string;
  /** What was typed before, shared with other workers. */
  readonly typed?: Typed;
  /** Parts of the system that are another's. */
  readonly system?: Partial<System>;
}

export interface TestWorker {
  readonly worker: BoxWorker;
  readonly connection: SshConnection;
}

/** A worker of a test box, with its connection in hand. */
export function workerOf(box: TestBox, options: WorkerOptions = {}): TestWorker {
  const connection = new SshConnection(connectionOptions(box, options));
  return { worker: workerOn(connection, box, options), connection };
}

/** The same by any client. */
export function workerBy(
  client: Client,
  box: TestBox,
  options: WorkerOptions = {},
): { readonly worker: BoxWorker; readonly transport: Transport } {
  const wanted = connectionOptions(box, options);
  const makers = { ssh2: SshConnection, system: SystemSsh, auto: ChosenTransport };
  const transport = new makers[client](wanted);
  return { worker: workerOn(transport, box, options), transport };
}

function connectionOptions(box: TestBox, options: WorkerOptions): ConnectionOptions {
  return {
    host: box.name,
    system: { ...realSystem(), ...options.system },
    configFolder: box.configFolder,
    asker: options.asker,
    typed: options.typed,
    sshConfigFile: options.sshConfigFile ?? box.sshConfigFile,
  };
}

function workerOn(transport: Transport, box: TestBox, options: WorkerOptions): BoxWorker {
  const parsed = boxSchema.parse({ name: box.name, kind: 'ssh', host: box.name, cpu_slots: 4, ...options.box });
  return new BoxWorker({
    box: parsed as BoxOf<'ssh'>,
    transport,
    system: realSystem(),
    shell: () => ({ program: 'ssh', args: [] }),
  });
}

/** The same through a proxy in front of the box. */
export function workerThrough(box: TestBox, proxy: CuttingProxy, options: WorkerOptions = {}): TestWorker {
  appendFileSync(box.knownHostsFile, `[127.0.0.1]:${proxy.port} ${publicKey(box.hostKeyFile)}\n`);
  const sshConfigFile = box.clientConfig((usual) => usual.replace(/Port \d+/, `Port ${proxy.port}`));
  return workerOf(box, { ...options, sshConfigFile });
}
