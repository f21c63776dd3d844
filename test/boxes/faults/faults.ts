import { closeSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import * as path from 'node:path';
import type { RunId } from '../../../src/core/domain/index.ts';
import { eventually } from '../../support/processes.ts';
import type { Fault, HeldState } from './expected.ts';
import type { World } from './world.ts';

/**
 * Does the fault to a run that stands in a state, waits until the product or the box has met it, and takes away what
 * does not stay. The gates are opened afterwards.
 */
export type Injection = (world: World, run: RunId, state: HeldState) => Promise<void>;

export const INJECT: Readonly<Record<Fault, Injection>> = {
  'driver killed': async (world) => {
    await world.driver.kill();
    await world.drive();
  },

  'link dropped': async (world) => {
    if (world.proxy.drop() === 0) throw new Error('there was no link to drop');
  },

  'link frozen': async (world) => {
    const calls = world.proxy.accepted();
    if (world.proxy.freeze() === 0) throw new Error('there was no link to freeze');
    // It never thaws: the driver has to give it up by itself.
    await eventually('a new connection', () => world.proxy.accepted() > calls);
  },

  'sshd restarted': async (world, run) => {
    await world.box.stopServer();
    world.proxy.drop();
    await world.rowIs(run, 'being unreachable', ({ unreachableSince }) => unreachableSince !== undefined);
    await world.box.startServer();
  },

  'supervisor killed': async (world, run, state) => {
    if (state !== 'shipping') {
      kill(world.owner(run));
      return;
    }
    const receivers = world.box.processes().filter(({ command }) => command.includes('/start.sh '));
    if (receivers.length === 0) throw new Error('nothing receives the run');
    for (const { pid } of receivers) kill(pid);
  },

  rebooted: async (world) => {
    writeFileSync(path.join(world.gates, 'boot-id'), 'second-boot\n');
    for (let left = world.box.processes(); left.length > 0; left = world.box.processes()) {
      for (const { pid } of left) kill(pid);
    }
    world.box.dropConnections();
    // Whoever had the slot is gone too.
    world.open('waiting');
  },

  'folder deleted': async (world, run, state) => {
    // The supervisor writes there meanwhile.
    rmSync(path.join(world.root, 'runs', run), { recursive: true, maxRetries: 50, retryDelay: 20 });
    if (state !== 'shipping') await world.rowIs(run, 'being lost', (row) => row.state === 'lost');
  },

  'disk full': async (world, run, state) => {
    const filler = fill(world.smallDisk);
    if (state === 'shipping') {
      world.open('shipping');
      await world.rowIs(run, 'telling of the full disk', (row) => / is full \(\d+ bytes free\)/.test(row.reason ?? ''));
    } else {
      await world.more('polls', 3);
    }
    rmSync(filler);
  },

  'answer cut': async (world, _run, state) => {
    const flag = path.join(world.gates, 'cut-answers');
    writeFileSync(flag, '');
    if (state === 'shipping') world.open('shipping');
    await world.more('cuts', 2);
    rmSync(flag);
  },

  'clock jumps': async (world, run, state) => {
    const jump = (offset: number) => writeFileSync(path.join(world.gates, 'offset'), `${offset}\n`);
    jump(10_800);
    // A supervisor looks at its clocks every second, so between these polls as well.
    if (state !== 'shipping') await world.more('polls', 3);
    else {
      world.open('shipping');
      await world.rowIs(run, 'on the box', (row) => row.state !== 'shipping');
    }
    jump(0);
    await world.more('polls', 3);
  },
};

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended first.
  }
}

/** Takes the last byte of a disk. */
function fill(folder: string): string {
  const file = path.join(folder, 'filler');
  const block = Buffer.alloc(64 * 1024);
  const fd = openSync(file, 'w');
  try {
    for (let size = block.length; size > 0; ) {
      try {
        if (writeSync(fd, block, 0, size) < size) size = Math.floor(size / 2);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        size = Math.floor(size / 2);
      }
    }
  } finally {
    closeSync(fd);
  }
  return file;
}
