import type { ExecCall, ExecResult, Transport } from '../box/transport.ts';
import { type ConnectionOptions, SshConnection } from './connection.ts';
import { whySystemCould } from './system-can.ts';
import { SystemSsh } from './system-ssh.ts';

/**
 * The library where it can do what the configuration asks for, and the system's ssh for the rest: found out at the
 * first login, and kept.
 */
export class ChosenTransport implements Transport {
  readonly #options: ConnectionOptions;
  #transport: Transport;
  #switched = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#transport = new SshConnection(options);
  }

  /** Which client it is by now. */
  get client(): 'ssh2' | 'system' {
    return this.#switched ? 'system' : 'ssh2';
  }

  get where(): string {
    return this.#transport.where;
  }

  async exec(call: ExecCall): Promise<ExecResult> {
    try {
      return await this.#transport.exec(call);
    } catch (error) {
      if (whySystemCould(error) === undefined) throw error;
      // Several calls may come here from the same login.
      if (!this.#switched) {
        this.#switched = true;
        this.#transport.dispose();
        this.#transport = new SystemSsh(this.#options);
      }
      return this.#transport.exec(call);
    }
  }

  dispose(): void {
    this.#transport.dispose();
  }
}
