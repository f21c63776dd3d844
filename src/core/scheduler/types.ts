import type { Millis, Purpose, RunId } from '../domain/index.ts';

/** A run that waits in our queue. */
export interface QueuedRun {
  readonly run: RunId;
  readonly base: number;
  /** The box a person named; none: any. */
  readonly wants?: string;
  /** The comparison class it must run in; none: any. */
  readonly wantsClass?: string;
  /** GPUs of one run; 0 takes a CPU slot. */
  readonly gpus: number;
  readonly purpose: Purpose;
  readonly queuedAt: Millis;
  /** Higher goes first. */
  readonly priority: number;
  /** The key of the environment it needs on a box; none where nothing is set up. */
  readonly setup?: string;
}

/** A run of ours on a box that has not ended. */
export interface LiveRun {
  readonly gpus: number;
  /** False once it holds its slot. */
  readonly waits: boolean;
  /** Seconds such a run takes there, where measured. */
  readonly seconds?: number;
}

/** A box as the queue sees it. */
export interface BoxLoad {
  readonly name: string;
  /** False while it does not answer, is drained or given up, or needs a person. */
  readonly takes: boolean;
  /** Why it takes nothing, in a sentence; only of interest where it does not. */
  readonly why?: string;
  /** GPUs that runs may use, and slots for runs that ask for none. */
  readonly gpus: number;
  readonly cpuSlots: number;
  /** Runs at a time whatever they ask for: a cluster, whose own queue gives out its GPUs. `gpus` and `cpuSlots` say nothing there. */
  readonly maxJobs?: number;
  /** In the order in which the box will serve them. */
  readonly live: readonly LiveRun[];
  /** Hours of measured run time to send ahead, so that the box works on while we are gone. */
  readonly awayHours: number;
  /** The hardware part of the comparison class. */
  readonly hardware: string;
  /** Whether it has the code already. */
  readonly code: boolean;
  /** Keys of the environments that were built there. */
  readonly setups: ReadonlySet<string>;
}

/** What earlier runs tell. */
export interface Known {
  /** Seconds a run of a base takes in a class, measured; undefined before one has ended there. */
  readonly seconds: (base: number, comparisonClass: string) => number | undefined;
  /** Whether a baseline of the base ran in a class, runs there, or is about to. */
  readonly baseline: (base: number, comparisonClass: string) => boolean;
}

export interface Placement {
  readonly run: RunId;
  readonly box: string;
  /** Seconds until the box is expected to begin it; 0 where a slot is free, or where nobody can tell (a cluster). */
  readonly wait: number;
}

/** The key of runs that may be compared: the same kind of GPU, and as many of them. The base is the row's. */
export function classOf(hardware: string, gpus: number): string {
  return gpus > 1 ? `${hardware} ×${gpus}` : hardware;
}

/**
 * Whether a class is a cluster's own name and not a kind of hardware: what a run there is compared as, its node says when
 * it begins. A baseline that ran there is the cluster's, whatever it was measured on.
 */
export function isOfCluster(comparisonClass: string): boolean {
  return comparisonClass.startsWith('slurm:');
}
