import { createHash } from 'node:crypto';
import * as path from 'node:path';
import type { BoxOf, RunId } from '../../domain/index.ts';
import type { System } from '../../system/index.ts';

/** The folders of a local box. The run folder is the one of `box/*.sh`, written by Node instead of a shell. */
export interface Layout {
  readonly root: string;
  readonly repos: string;
  readonly envs: string;
  readonly slots: string;
  readonly queue: string;
  readonly inputs: string;
  readonly trash: string;
  run(id: RunId): RunFolder;
}

/** One run's folder. `exit` is written once, by rename, and is the only truth about the end. */
export interface RunFolder {
  readonly id: RunId;
  readonly folder: string;
  readonly code: string;
  /** The folder that `setup` made for it; the file is not there without one. */
  readonly environment: string;
  readonly evaluation: string;
  readonly spec: string;
  readonly log: string;
  /** What `setup` printed: the same file as beside the environment that it made. */
  readonly setupLog: string;
  /** Byte offset in the log where evaluate's own output begins. */
  readonly evaluated: string;
  readonly supervisorLog: string;
  /** `pid start machine` of the supervisor; empty for the instant in which it is made. */
  readonly pid: string;
  /** `pid start` of the command's own process. */
  readonly child: string;
  readonly state: string;
  readonly started: string;
  readonly gpus: string;
  /** `code reason epochSeconds`; the sentence for a person is in `why`. */
  readonly exit: string;
  readonly why: string;
  readonly cancel: string;
  /** Given back on a full disk, so that the end can still be written down. */
  readonly reserve: string;
}

/** What the supervisor reads. No secrets: they come on its stdin. */
export interface RunSpec {
  readonly commit: string;
  /** The base's commit: protected files and what evaluates come from it. */
  readonly trusted: string;
  readonly repo: string;
  readonly run: string;
  readonly evaluate?: string;
  readonly setup?: string;
  /** Regular expressions, each for a whole path of the repository. */
  readonly setupInputs: readonly string[];
  readonly protected: readonly string[];
  readonly artifacts: readonly string[];
  /** The files the run writes metrics into, and where they may lie. */
  readonly metricFiles?: readonly string[];
  readonly metricRoots?: readonly string[];
  readonly timeoutSeconds: number;
  /** How much of what a command prints is kept, and how large the run's folder may grow, in bytes. */
  readonly maxLogBytes: number;
  readonly maxDiskBytes: number;
  readonly gpus: number;
  readonly gpuList: 'all' | readonly number[];
  readonly cpuSlots: number;
  readonly startBefore?: number;
  readonly inputs: readonly { readonly path: string; readonly sha256: string }[];
  readonly links: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  readonly secretNames: readonly string[];
  /** How long what was told to stop may take, before it is killed. */
  readonly graceMs: number;
  /** How long processes may outlive the command, before they are told to stop. */
  readonly lingerMs: number;
  /** How often the run's folder is measured; default 30 s. */
  readonly measureMs?: number;
}

/** The root of a local box: `root` of boxes.yaml, or the user's data folder. */
export function rootOf(box: BoxOf<'local'>, system: Pick<System, 'env' | 'home' | 'platform'>): string {
  if (box.root !== undefined) {
    const inHome = /^~(?:[/\\]|$)/.test(box.root);
    return inHome ? path.join(system.home, box.root.slice(1)) : path.resolve(system.home, box.root);
  }
  const windows = system.platform === 'win32' ? system.env.LOCALAPPDATA : undefined;
  const data = system.env.XDG_DATA_HOME || windows || path.join(system.home, '.local', 'share');
  return path.join(data, 'research-copilot', 'v1');
}

/**
 * @param machine which processes can be seen (`Processes.machine`): slots and their queue are this machine's own, also
 *   where several share the disk of the root, and a restart begins with all slots free
 */
export function layoutOf(root: string, machine: string): Layout {
  const here = createHash('sha256').update(machine).digest('hex').slice(0, 12);
  return {
    root,
    repos: path.join(root, 'repo'),
    envs: path.join(root, 'env'),
    slots: path.join(root, 'slots', here),
    queue: path.join(root, 'queue', here),
    inputs: path.join(root, 'inputs'),
    trash: path.join(root, 'trash'),
    run(id) {
      const folder = path.join(root, 'runs', id);
      const file = (name: string): string => path.join(folder, name);
      return {
        id,
        folder,
        code: file('code'),
        environment: file('environment'),
        evaluation: file('eval'),
        spec: file('spec.json'),
        log: file('log'),
        setupLog: file('setup.log'),
        evaluated: file('evaluated'),
        supervisorLog: file('supervisor.log'),
        pid: file('pid'),
        child: file('child'),
        state: file('state'),
        started: file('started'),
        gpus: file('gpus'),
        exit: file('exit'),
        why: file('why'),
        cancel: file('cancel'),
        reserve: file('reserve'),
      };
    },
  };
}

/** A repository path as one of this machine, inside `folder`. Undefined for one that leads out of it. */
export function inside(folder: string, repositoryPath: string): string | undefined {
  const names = repositoryPath.split('/');
  const bad = names.some((name) => name === '' || name === '.' || name === '..' || name.includes('\0'));
  if (bad || path.isAbsolute(repositoryPath) || /[\\:]/.test(path.sep === '\\' ? repositoryPath : '')) return undefined;
  return path.join(folder, ...names);
}
