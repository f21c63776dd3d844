import type { Box, Environment, HumanError, Purpose, RunId, RunState } from '../domain/index.ts';
import type { System } from '../system/index.ts';
import type { Typed } from './typed.ts';

/** A process that computes on a GPU. */
export interface GpuUser {
  readonly pid: number;
  /** The account it belongs to; none where the box does not show the process (a container, another pid namespace). */
  readonly user?: string;
  readonly usedMiB: number | null;
  /** Its program, as the box names it. */
  readonly program?: string;
  /** The run of this account that it belongs to; none for a stranger's. */
  readonly run?: RunId;
}

/** Who has the lock of a GPU: a run of this tool, of whichever account. Empty where the box does not tell. */
export interface GpuLock {
  readonly user?: string;
  readonly run?: RunId;
}

export interface Gpu {
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  /** 0 where the driver does not tell (memory shared with the processor). */
  readonly memoryMiB: number;
  /** Null where the driver does not tell. */
  readonly usedMiB: number | null;
  /** Per cent of the last sampling period; null where the driver does not tell. */
  readonly utilisation: number | null;
  /** Cut into MIG devices. */
  readonly mig: boolean;
  readonly users: readonly GpuUser[];
  readonly lockedBy?: GpuLock;
}

/** What keeps a box from doing all it could, with the fix. */
export interface Problem {
  readonly what: string;
  readonly fix: string;
  /** Good to know; the box works as it is. */
  readonly note?: true;
}

/** The disk of the runs folder. */
export interface Disk {
  readonly freeBytes: number;
  /** The file system as the box names it (`ext4`, `nfs4`, `tmpfs`); empty where it does not. */
  readonly kind: string;
  /** Other machines write to it, too. */
  readonly network: boolean;
}

/** What *Check Boxes* shows. */
export interface BoxReport {
  readonly box: string;
  readonly reachable: boolean;
  /** Milliseconds for one call on an open connection. */
  readonly latencyMs?: number;
  readonly gpus: readonly Gpu[];
  readonly disk?: Disk;
  /** Tool name to version; empty text where it is there without a version. */
  readonly tools: Readonly<Record<string, string>>;
  /** `login`: some tools are found only on the PATH of a login shell; `loginTools` names them. */
  readonly path?: 'plain' | 'login';
  readonly loginTools?: readonly string[];
  /** How far the box's clock is ahead of this machine's; known to half of `latencyMs`. */
  readonly clockSkewMs?: number;
  /** Whether processes of this account outlive its last session by rule; undefined where logind does not tell. */
  readonly linger?: boolean;
  /** The sandboxes that work, each proved by a real try. */
  readonly sandboxes?: readonly string[];
  /** What `sandbox` of boxes.yaml comes to: one of `sandboxes`, or `none`. */
  readonly sandbox?: string;
  /** What is missing, in words, each with the fix. */
  readonly problems: readonly Problem[];
  /** The comparison class's hardware part: the kind of GPU, or `cpu` with the machine's processor. */
  readonly hardware: string;
  readonly checkedAt: number;
  /** When its GPUs and its disk were last looked at; absent: at `checkedAt`. */
  readonly seenAt?: number;
  /** A cluster's own answer; none for a single machine. */
  readonly cluster?: Cluster;
}

/** A Slurm cluster as its login node tells it. */
export interface Cluster {
  readonly version: string;
  /** False while the controller does not answer; then nothing below is known. */
  readonly answers: boolean;
  /** Whether it keeps accounting; undefined where it did not say. */
  readonly accounting?: boolean;
  readonly partitions: readonly {
    readonly name: string;
    readonly up: boolean;
    /** As Slurm writes it: `1-00:00:00`, `infinite`. */
    readonly timeLimit: string;
    readonly nodes: number;
    readonly idleNodes: number;
    /** Idle: on nodes that take jobs. */
    readonly gpus: readonly { readonly type: string; readonly total: number; readonly idle: number }[];
  }[];
}

/** One run to start. Everything the box needs to know; no secrets in `spec`. */
export interface Shipment {
  readonly run: RunId;
  /** Short stable key of the clone: the name of the bare repo on the box. */
  readonly repo: string;
  /** What runs: a commit without parents, so that no history leaves the machine. */
  readonly commit: string;
  /** The base's commit, without parents too: protected files are restored and evaluated from it. */
  readonly trusted: string;
  /**
   * Gives one pack of `commits` for a box that has `have`; called only when the box lacks some. The commits may be
   * those of other shipments of the same repository.
   */
  readonly pack: (have: readonly string[], commits: readonly string[]) => Promise<Buffer>;
  readonly purpose: Purpose;
  readonly environment: Environment;
  readonly seed: number;
  /** Untracked files the run needs: path in the checkout, absolute path here, content hash. */
  readonly inputs: readonly { readonly path: string; readonly source: string; readonly sha256: string }[];
  /** Values by name; sent on stdin into the supervisor's environment, never written down. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Seconds since 1970: the supervisor does not start it later. */
  readonly startBefore?: number;
  /** Where the objects are on this machine, for a local worker. */
  readonly gitDir: string;
}

export type SubmitOutcome = 'started' | 'already' | 'done' | 'lost';

/** What came of one of several submitted runs. The error is a person's matter and this run's alone. */
export type SubmitResult =
  | { readonly run: RunId; readonly outcome: SubmitOutcome }
  | { readonly run: RunId; readonly error: HumanError };

/** How far something is on its way to a box. */
export interface ShipProgress {
  /** `code`, or the path of an input. */
  readonly what: string;
  readonly sentBytes: number;
  readonly totalBytes: number;
  /** Over the last seconds; undefined at the beginning. */
  readonly bytesPerSecond?: number;
  /** The runs that wait for it. */
  readonly runs: readonly RunId[];
}

/** Much is about to leave this machine: new bytes for one box, and the files they are of. */
export interface ShipQuestion {
  readonly box: string;
  readonly bytes: number;
  readonly inputs: readonly { readonly path: string; readonly sha256: string; readonly bytes: number }[];
  /** The runs that wait for the answer. */
  readonly runs: readonly RunId[];
}

export interface SubmitOptions {
  readonly signal?: AbortSignal;
  /** Called for every chunk; whoever shows it slows it down. */
  readonly progress?: (progress: ShipProgress) => void;
  /** Asked before more than the box's `ask_above` of inputs leaves. None, or false: those runs get `ask-inputs`. */
  readonly mayShip?: (question: ShipQuestion) => Promise<boolean>;
}

/** One run as its box tells it. */
export interface RunReport {
  readonly run: RunId;
  /** `absent`: the box knows nothing of it. Otherwise a run state the box can know. */
  readonly state:
    | Extract<
        RunState,
        'waiting' | 'preparing' | 'running' | 'finishing' | 'succeeded' | 'failed' | 'timed-out' | 'cancelled' | 'lost'
      >
    | 'absent';
  readonly exitCode?: number;
  readonly reason?: string;
  /** The exit file's one word: `exited`, `cancelled`, `timeout`, `expired` (its time to start had passed), … */
  readonly cause?: string;
  readonly logBytes: number;
  /** Milliseconds since 1970 by the box's clock. */
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly gpus: readonly string[];
  /** Place in the box's queue, 1 for the head. */
  readonly position?: number;
  /** The latest sample of its GPUs: milliseconds since 1970 by the box's clock, percent, MiB. */
  readonly use?: { readonly at: number; readonly utilisation: number; readonly usedMiB: number };
  /** Byte of the log at which the output of `evaluate` begins; none before that. */
  readonly evaluatedAt?: number;
  /** The sandbox it runs in, by name. */
  readonly sandbox?: string;
  /** What it runs on, where only its node knows: a cluster's nodes may differ. As `BoxReport.hardware`. */
  readonly hardware?: string;
  /** Its metric files so far: path in the checkout, size in bytes. At most 64. */
  readonly files?: readonly { readonly path: string; readonly size: number }[];
}

/** A file of `artifacts`: path in the checkout with `/`, size in bytes. */
export interface Artifact {
  readonly path: string;
  readonly size: number;
}

/**
 * Things on a box that may go: environments, inputs, earlier versions of our scripts, packs that can be put together,
 * what was moved away to be removed.
 */
export interface Leftover {
  readonly kind: 'env' | 'inputs' | 'bin' | 'repo' | 'trash';
  readonly count: number;
  readonly bytes: number;
}

/** A file of a run folder. `log` is stdout and stderr together, `setup` what building the environment printed. */
export type RunFile = 'log' | 'supervisor' | 'setup' | `code/${string}`;

/** A piece of a file: at most `limit` bytes from byte `offset`. */
export interface Want {
  readonly run: RunId;
  readonly file: RunFile;
  readonly offset: number;
  readonly limit: number;
}

/** A piece as it came. `size` is that of the whole file then; -1 where there is none, or a link stands in its place. */
export interface Piece {
  readonly size: number;
  readonly bytes: Buffer;
}

/**
 * One box behind one interface: local, ssh or slurm. Every method may be repeated without harm.
 * Each throws HumanError `unreachable` when the box does not answer, `host-key` and `auth` when a person is needed,
 * `box-disk-full`, `box-missing-tool`. A link that dies in the middle is `unreachable`, never a run's failure.
 */
export interface Worker {
  readonly box: Box;
  /** How the box is. With `last`, only what changes by the minute is asked: GPUs, who uses them, the free disk. */
  probe(signal?: AbortSignal, last?: BoxReport): Promise<BoxReport>;
  submit(shipment: Shipment, signal?: AbortSignal): Promise<SubmitOutcome>;
  /**
   * Several runs: one pack for all their commits, then one start each, in a fixed number of round trips. Gives a result
   * a run, in their order; what stops them all (the link, the disk) is thrown, and runs before it may have started.
   */
  submitAll(shipments: readonly Shipment[], options?: SubmitOptions): Promise<readonly SubmitResult[]>;
  /** One round trip for all runs named. */
  poll(runs: readonly RunId[], signal?: AbortSignal): Promise<RunReport[]>;
  /** At most `limit` bytes of a file of the run folder from a byte offset. */
  read(run: RunId, file: RunFile, offset: number, limit: number, signal?: AbortSignal): Promise<Buffer>;
  /** The same for many pieces in one round trip, in their order. */
  readMany(wants: readonly Want[], signal?: AbortSignal): Promise<Piece[]>;
  /**
   * Gives the log from a byte offset as it grows, over a channel of its own; resolves when the run has ended and all of
   * its log was given. Survives nothing: whoever wants to go on polls, and follows again.
   * @throws HumanError `unreachable` when the link dies, `log-truncated` when the log shrank meanwhile
   */
  follow(run: RunId, offset: number, onBytes: (bytes: Buffer) => void, signal: AbortSignal): Promise<void>;
  /** Asks the box to stop the run and its whole process tree. Returns when the box has taken note. */
  cancel(run: RunId, signal?: AbortSignal): Promise<void>;
  /** The files that `artifacts` names, as they are in the run's checkout now. No links, none that a link leads to. */
  artifacts(run: RunId, signal?: AbortSignal): Promise<readonly Artifact[]>;
  /** The sha256 of files of `artifacts`, by path; none for one that is gone. */
  sums(run: RunId, paths: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, string>>;
  /**
   * Which of these Python modules the interpreter of a run cannot find, without importing any: without a run, the
   * account's own `python3`. Undefined where that cannot be told: its folder is gone, or its Python is in an image.
   */
  lacks(
    run: RunId | undefined,
    modules: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly string[] | undefined>;
  /** The bytes that the folders of runs take, by run; none for one that is not there. */
  sizes(runs: readonly RunId[], signal?: AbortSignal): Promise<ReadonlyMap<RunId, number>>;
  /**
   * What lies there besides run folders and may go: what was not used for `minutes`, and that no live or waiting run has
   * or names. Under the locks of what is removed.
   */
  leftovers(mode: 'look' | 'remove', minutes: number, signal?: AbortSignal): Promise<readonly Leftover[]>;
  /** Removes the folders of ended runs. Gives the bytes freed. Never touches a held lock. */
  tidy(runs: readonly RunId[], signal?: AbortSignal): Promise<number>;
  /** A shell on the box in the run's folder, in the account's own without a run: a command line for a terminal. */
  terminal(run?: RunId): { readonly program: string; readonly args: readonly string[] } | undefined;
  dispose(): void;
}

/** What a worker asks a person through whoever shows it; none in the background: then it throws instead. */
export interface Asker {
  /** An unknown host key, once, with its SHA256 fingerprint. */
  trustHostKey(question: {
    readonly host: string;
    readonly keyType: string;
    readonly fingerprint: string;
  }): Promise<boolean>;
  secret(question: { readonly prompt: string }): Promise<string | undefined>;
  /** Whether a person waits for this box now; without it they do. Where not, nothing is asked, as without an asker. */
  present?(): boolean;
}

/** What every worker is built from. */
export interface WorkerDeps {
  readonly system: System;
  /** The user's `research-copilot` folder: our own `known_hosts` lies there. */
  readonly configFolder: string;
  /** None: a background worker, which never asks and throws `host-key` or `auth` instead. */
  readonly asker?: Asker;
  /** What was typed before, shared by the workers of a process; none: each connection remembers for itself. */
  readonly typed?: Typed;
  /** Instead of the user's `~/.ssh/config` (`ssh -F`). */
  readonly sshConfigFile?: string;
}
