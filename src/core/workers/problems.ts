import type { Box } from '../domain/index.ts';
import type { Disk, Gpu, Problem } from './types.ts';

/** Below this a run may not even write its log. */
const LOW_BYTES = 1024 ** 3;
/** Pack and checkout options the scripts use are in git since then. */
const LEAST_GIT = '2.30';
/** A clock this far off mixes up when runs began and ended. */
const SKEW_MS = 5000;

/** File systems that other machines write to as well, by the names that `df` and `stat` give them. */
const NETWORK =
  /^(?:nfs|smb|cifs|lustre|ceph|gpfs|afs|beegfs|panfs|9p|v9fs|glusterfs|ocfs2|gfs|wekafs|fuse\.(?:sshfs|glusterfs|ceph|s3fs|rclone|gcsfuse|juicefs|mount))/i;

/** The disk of a runs folder; undefined where nothing is known of it. */
export function diskOf(freeBytes: number | undefined, kind: string): Disk | undefined {
  return freeBytes === undefined ? undefined : { freeBytes, kind, network: NETWORK.test(kind) };
}

/** What is wrong with the disk that runs are on. */
export function diskProblems(disk: Disk | undefined, box: Box): readonly Problem[] {
  if (!disk) return [];
  const problems: Problem[] = [];
  if (disk.freeBytes < LOW_BYTES) {
    problems.push({
      what: `only ${Math.floor(disk.freeBytes / 1024 ** 2)} MiB are free on the disk of its runs`,
      fix: 'Clean Up removes folders of ended runs; or set root of this box to a folder on a larger disk.',
    });
  }
  if (box.kind === 'slurm') {
    if (!disk.network) {
      problems.push({
        what: `its runs folder is on a disk of the login node (${disk.kind || 'unknown kind'})`,
        fix: 'The nodes of the cluster must see the same folder. If they do not, set root of this box to a shared one.',
        note: true,
      });
    }
  } else if (disk.network) {
    problems.push({
      what: `its runs folder is on a network disk (${disk.kind})`,
      fix: 'Locks may hang or be lost there, and every log line crosses the network. Set root of this box to a folder on a local disk, such as /scratch.',
    });
  } else if (/^(?:tmpfs|ramfs)$/.test(disk.kind)) {
    problems.push({
      what: `its runs folder is in memory (${disk.kind})`,
      fix: 'A restart of the box takes runs and their logs along. Set root of this box to a folder on a disk.',
    });
  }
  return problems;
}

/** Whether version `found` is at least `least`; true where none is known. */
export function isAtLeast(found: string, least: string): boolean {
  if (found === '') return true;
  const [own, wanted] = [found, least].map((version) => version.split('.').map(Number));
  for (const [place, want] of (wanted ?? []).entries()) {
    const have = own?.[place] ?? 0;
    if (have !== want) return have > want;
  }
  return true;
}

export function gitProblems(version: string | undefined): readonly Problem[] {
  if (version === undefined || isAtLeast(version, LEAST_GIT)) return [];
  const fix = `Install git ${LEAST_GIT} or newer; a conda environment or a module of the cluster has it, too.`;
  return [{ what: `git ${version} is too old`, fix }];
}

/** GPUs that boxes.yaml names and the box does not have. */
export function gpuProblems(box: Box, gpus: readonly Pick<Gpu, 'index'>[]): readonly Problem[] {
  if (box.kind === 'slurm' || !Array.isArray(box.gpus)) return [];
  const missing = box.gpus.filter((wanted) => !gpus.some(({ index }) => index === wanted));
  if (missing.length === 0) return [];
  const there = gpus.length === 0 ? 'It shows none.' : `It has ${gpus.map(({ index }) => index).join(', ')}.`;
  return [
    {
      what: `boxes.yaml names GPU ${missing.join(', ')}, which the box does not have`,
      fix: `Correct gpus of this box. ${there}`,
    },
  ];
}

/** @param latencyMs the round trip that the clock was read in: half of it is not known */
export function clockProblems(skewMs: number | undefined, latencyMs: number): readonly Problem[] {
  if (skewMs === undefined || Math.abs(skewMs) < SKEW_MS + latencyMs / 2) return [];
  const what = `its clock is ${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs > 0 ? 'ahead of' : 'behind'} this machine’s`;
  return [{ what, fix: 'Have the clocks set by the network (NTP) on both machines.' }];
}

/**
 * @param wanted what boxes.yaml asks for @param chosen what that comes to on the box
 * @param works those that ran something @param why what the box said of the others
 */
export function sandboxProblems(
  wanted: 'auto' | 'bwrap' | 'docker' | 'apptainer' | 'none',
  chosen: string,
  works: readonly string[],
  why: Readonly<Record<string, string>>,
): readonly Problem[] {
  if (wanted === 'none' || works.includes(chosen)) return [];
  if (wanted !== 'auto') {
    const fix = `Until then no run starts there. ${SANDBOX_FIX[wanted]} Or set sandbox: auto for this box.`;
    const said = why[wanted] === undefined ? '' : `: ${why[wanted]}`;
    return [{ what: `boxes.yaml asks for sandbox: ${wanted}, which cannot be used${said}`, fix }];
  }
  const [first] = works;
  if (first !== undefined) {
    const fix = `Runs can read and change all that your account can there. Set sandbox: ${first} for this box.`;
    return [{ what: `runs are in no sandbox, though ${first} works`, fix, note: true }];
  }
  // The others are tried only with an image, which few have.
  const said = why.bwrap === undefined ? '' : `: ${why.bwrap}`;
  const fix = `Runs can read and change all that your account can there. ${SANDBOX_FIX.bwrap}`;
  return [{ what: `runs are in no sandbox${said}`, fix, note: true }];
}

const SANDBOX_FIX = {
  bwrap:
    'Install bubblewrap. Where it is installed and refused: the administrator allows user namespaces (on Ubuntu: an AppArmor profile for bwrap).',
  docker: 'It needs a docker that your account may use, best a rootless one, and sandbox_image.',
  apptainer: 'It needs apptainer on the box, perhaps from a module loaded in ~/.profile, and sandbox_image.',
} as const;
