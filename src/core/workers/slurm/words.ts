/** Slurm's reasons for a waiting job, in words; any other is shown as it is. */
const WAITS: Readonly<Record<string, string>> = {
  Priority: 'jobs of higher priority come first',
  Resources: 'it waits for nodes or GPUs to come free',
  Dependency: 'it waits for another job',
  BeginTime: 'its time to begin has not come',
  JobHeldUser: 'it is held; scontrol release lets it go',
  JobHeldAdmin: 'an administrator holds it',
  JobArrayTaskLimit: 'as many runs of its array are running as may',
  ReqNodeNotAvail: 'a node it needs is not available',
  PartitionDown: 'the partition is down',
  PartitionTimeLimit: 'its time is longer than the partition allows: lower time in boxes.yaml',
  PartitionNodeLimit: 'it asks for more nodes than the partition has',
  AssocGrpGRES: 'the account uses as many GPUs as it may',
  Licenses: 'it waits for a licence',
  Reservation: 'it waits for a reservation',
  SUSPENDED: 'Slurm suspended it',
  STOPPED: 'Slurm stopped it',
  COMPLETING: 'Slurm clears the node',
};

/** Why a cluster's run stands where it stands: `kind` and `said` of poll.sh; undefined where there is nothing to say. */
export function waitingWords(kind: string, said: string): string | undefined {
  if (kind === 'down') {
    const more = said === '' ? '' : ` (${said.replace(/^\w+: (error: )?/, '')})`;
    return `The controller of the cluster does not answer${more}. Nothing is lost by that; it is asked again.`;
  }
  if (said === '' || said === 'None')
    return kind === 'requeued' ? 'Slurm requeued it; it will start again.' : undefined;
  const words =
    WAITS[said] ?? (/^(QOS|Assoc|Max|Grp)/.test(said) ? 'a limit of the account or its QOS is reached' : '');
  const again = kind === 'requeued' ? 'Slurm requeued it. ' : '';
  return words === '' ? `${again}Slurm: ${said}.` : `${again}Slurm: ${words} (${said}).`;
}

const ENDS: Readonly<Record<string, string>> = {
  COMPLETED: 'Slurm calls its job COMPLETED, but it left no exit code',
  FAILED: 'Slurm calls its job FAILED, and it left no exit code: its script was killed on the node',
  NODE_FAIL: 'the node failed (NODE_FAIL)',
  BOOT_FAIL: 'the node did not boot (BOOT_FAIL)',
  PREEMPTED: 'Slurm preempted it (PREEMPTED)',
  REVOKED: 'the cluster revoked it (REVOKED)',
  GONE: 'Slurm does not know its job any more',
};

/** Why a cluster's run is lost: the state of its job, and `unbegun` where it never began on a node. */
export function lostWords(said: string): string {
  const [state = '', unbegun] = said.split(' ');
  const why = ENDS[state] ?? `Slurm ended its job as ${state} without an exit code`;
  return unbegun === undefined
    ? `Lost: ${why}.`
    : `Lost: ${why}, and it never began on a node. If this repeats: the folder of runs (root of this box) may not be on a disk that the nodes share, or the node is broken (sinfo -R).`;
}
