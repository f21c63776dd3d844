/// <reference path="./sh.d.ts" />
import { createHash } from 'node:crypto';
import caches from './caches.sh';
import cancel from './cancel.sh';
import code from './code.sh';
import doOne from './do.sh';
import end from './end.sh';
import follow from './follow.sh';
import gpus from './gpus.sh';
import have from './have.sh';
import inputs from './inputs.sh';
import install from './install.sh';
import launch from './launch.sh';
import lib from './lib.sh';
import list from './list.sh';
import locks from './locks.sh';
import makeSpare from './make-spare.sh';
import modules from './modules.sh';
import poll from './poll.sh';
import probe from './probe.sh';
import putInput from './put-input.sh';
import { shqAll } from './quote.ts';
import read from './read.sh';
import run from './run.sh';
import sandbox from './sandbox.sh';
import sizes from './sizes.sh';
import slurm from './slurm.sh';
import slurmAsk from './slurm-ask.sh';
import slurmJob from './slurm-job.sh';
import slurmPoll from './slurm-poll.sh';
import slurmProbe from './slurm-probe.sh';
import slurmStart from './slurm-start.sh';
import spare from './spare.sh';
import start from './start.sh';
import supervise from './supervise.sh';
import tidy from './tidy.sh';

const FILES: Readonly<Record<string, string>> = {
  'lib.sh': lib,
  'end.sh': end,
  'have.sh': have,
  'inputs.sh': inputs,
  'spare.sh': spare,
  'make-spare.sh': makeSpare,
  'put-input.sh': putInput,
  'start.sh': start,
  'supervise.sh': supervise,
  'run.sh': run,
  'locks.sh': locks,
  'gpus.sh': gpus,
  'code.sh': code,
  'do.sh': doOne,
  'sandbox.sh': sandbox,
  'poll.sh': poll,
  'cancel.sh': cancel,
  'read.sh': read,
  'follow.sh': follow,
  'list.sh': list,
  'tidy.sh': tidy,
  'sizes.sh': sizes,
  'modules.sh': modules,
  'caches.sh': caches,
  'probe.sh': probe,
  'slurm.sh': slurm,
  'slurm-ask.sh': slurmAsk,
  'slurm-poll.sh': slurmPoll,
  'slurm-probe.sh': slurmProbe,
  'slurm-start.sh': slurmStart,
  'slurm-job.sh': slurmJob,
};

const HASH = createHash('sha256').update(Object.values(FILES).join('')).digest('hex');

/** A script of the box, by file name. */
export type ScriptName =
  | 'have'
  | 'put-input'
  | 'start'
  | 'poll'
  | 'cancel'
  | 'read'
  | 'follow'
  | 'list'
  | 'tidy'
  | 'sizes'
  | 'modules'
  | 'caches'
  | 'probe'
  | 'slurm-probe'
  | 'slurm-start';

/**
 * The script that finds the box's folder and becomes the script `name` of it. It prints the nonce on a line of its own
 * first, so that whatever the login shell said before can be told apart; and `NOBIN` where the scripts are not there.
 * @param root the folder on the box; empty for the default
 */
export function launcher(nonce: string, root: string, name: ScriptName, args: readonly string[]): string {
  return `set -- ${shqAll([nonce, root, HASH, `${name}.sh`, ...args])}\n${launch}`;
}

/** Puts the scripts into `bin/<hash>` of the box. The input goes with it. */
export function installer(nonce: string, root: string): { readonly script: string; readonly input: Buffer } {
  const parts: Buffer[] = [];
  for (const [name, text] of Object.entries(FILES)) {
    const body = Buffer.from(text);
    parts.push(Buffer.from(`${name} ${body.length}\n`), body);
  }
  parts.push(Buffer.from('end 0\n'));
  return {
    script: `set -- ${shqAll([nonce, root, HASH, 'install'])}\n${launch}\nset -- '' "$rc_hash"\n${install}`,
    input: Buffer.concat(parts),
  };
}

/** The scripts' files by name: the installer's check, and for tests that run them without a box. */
export const SCRIPT_FILES = FILES;
