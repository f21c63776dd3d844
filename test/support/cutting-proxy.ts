import { createServer, connect as dial, type Socket } from 'node:net';

/** A loopback TCP proxy in front of one port that can do what networks do. */
export interface CuttingProxy {
  readonly port: number;
  /** Connections open now. */
  connections(): number;
  /** Connections taken since it started. */
  accepted(): number;
  /** Lets no byte of today's connections pass any more and closes none: a NAT that forgot them. New ones pass. */
  freeze(): number;
  /** Lets them pass again, with all that was held. */
  thaw(): void;
  /** Ends today's connections on both sides at once. */
  drop(): number;
  /**
   * Ends the connection that carries the next bytes, when so many of them have passed on that way (`down`: from the
   * server to the client), in the middle of a packet as a rule. Resolves when it has.
   */
  cutAfter(bytes: number, way: 'up' | 'down'): Promise<void>;
  /** Refuses new connections, or takes them again. */
  refuse(yes: boolean): void;
  stop(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  frozen: boolean;
}

interface Cut {
  left: number;
  readonly way: 'up' | 'down';
  readonly done: () => void;
}

/** Starts one on a free port of 127.0.0.1, in front of `port` there. */
export async function startCuttingProxy(port: number): Promise<CuttingProxy> {
  const pairs = new Set<Pair>();
  const cuts: Cut[] = [];
  let refusing = false;
  let accepted = 0;

  const end = (pair: Pair) => {
    pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  };
  const carry = (pair: Pair, from: Socket, to: Socket, way: 'up' | 'down') => {
    from.on('data', (chunk: Buffer) => {
      const cut = cuts.find((one) => one.way === way);
      if (cut && chunk.length >= cut.left) {
        cuts.splice(cuts.indexOf(cut), 1);
        to.write(chunk.subarray(0, cut.left), () => {
          end(pair);
          cut.done();
        });
        return;
      }
      if (cut) cut.left -= chunk.length;
      if (!to.write(chunk)) from.pause();
    });
    to.on('drain', () => {
      if (!pair.frozen) from.resume();
    });
    from.on('end', () => {
      if (!pair.frozen) to.end();
    });
    from.on('error', () => end(pair));
    from.on('close', () => {
      // Who sits behind a frozen link does not hear that the other side has gone.
      if (!pair.frozen) end(pair);
    });
  };

  const listener = createServer({ noDelay: true }, (client) => {
    if (refusing) {
      client.destroy();
      return;
    }
    accepted += 1;
    const server = dial({ port, host: '127.0.0.1', noDelay: true });
    const pair: Pair = { client, server, frozen: false };
    pairs.add(pair);
    carry(pair, client, server, 'up');
    carry(pair, server, client, 'down');
  });
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(0, '127.0.0.1', resolve);
  });
  const address = listener.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');

  return {
    port: address.port,
    connections: () => pairs.size,
    accepted: () => accepted,
    freeze() {
      for (const pair of pairs) {
        pair.frozen = true;
        pair.client.pause();
        pair.server.pause();
      }
      return pairs.size;
    },
    thaw() {
      for (const pair of pairs) {
        if (!pair.frozen) continue;
        pair.frozen = false;
        if (pair.client.destroyed || pair.server.destroyed) end(pair);
        else {
          pair.client.resume();
          pair.server.resume();
        }
      }
    },
    drop() {
      const found = pairs.size;
      for (const pair of [...pairs]) end(pair);
      return found;
    },
    cutAfter(bytes, way) {
      return new Promise((resolve) => {
        cuts.push({ left: bytes, way, done: resolve });
      });
    },
    refuse(yes) {
      refusing = yes;
    },
    async stop() {
      for (const pair of [...pairs]) end(pair);
      await new Promise<void>((resolve) => listener.close(() => resolve()));
    },
  };
}
