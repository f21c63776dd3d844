import { statfs } from 'node:fs/promises';

/** Magic numbers of statfs(2) for file systems whose locks or shared memory cannot be relied on. */
const NETWORK_TYPES: ReadonlySet<number> = new Set([
  0x6969, // NFS
  0x517b, // SMB
  0xff534d42, // CIFS
  0xfe534d42, // SMB2
  0x01021997, // 9P
  0x65735546, // FUSE: sshfs, s3fs, virtiofs
  0x5346414f, // AFS
  0x00c36400, // Ceph
  0x0bd00bd0, // Lustre
  0x47504653, // GPFS
  0x19830326, // BeeGFS
  0x786f4256, // VirtualBox shared folders
  0xbacbacbc, // VMware shared folders
]);

/** Whether an existing folder lies on a network drive (or a file system that behaves like one). False where unknown. */
export async function onNetworkDrive(folder: string): Promise<boolean> {
  if (process.platform === 'win32') return folder.startsWith('\\\\');
  if (process.platform !== 'linux') return false;
  try {
    const { type } = await statfs(folder);
    return NETWORK_TYPES.has(type >>> 0);
  } catch {
    return false;
  }
}
