import type { BoxOf } from '../../domain/index.ts';
import type { BoxReport, Cluster } from '../types.ts';

type Problem = BoxReport['problems'][number];

/** What `slurm-probe.sh` answered: the cluster, and what is wrong with it; undefined where the answer was cut. */
export function parseCluster(
  text: string,
  box: BoxOf<'slurm'>,
): { readonly cluster: Cluster | undefined; readonly problems: readonly Problem[] } | undefined {
  const lines = text.split('\n');
  const end = lines.lastIndexOf('END');
  if (end < 0) return undefined;
  const one = new Map<string, string>();
  const partitions: Cluster['partitions'][number][] = [];
  for (const line of lines.slice(0, end)) {
    const blank = line.indexOf(' ');
    const [key, value] = blank < 0 ? [line, ''] : [line.slice(0, blank), line.slice(blank + 1)];
    if (key === 'partition') partitions.push(partitionOf(value));
    else one.set(key, value);
  }
  if (!one.has('version')) return { cluster: undefined, problems: [] };
  const accounting = one.get('accounting');
  const cluster: Cluster = {
    version: /\d+(\.\d+)+/.exec(one.get('version') ?? '')?.[0] ?? '',
    answers: !one.has('down'),
    accounting: accounting === undefined || accounting === '' ? undefined : !accounting.endsWith('/none'),
    partitions: partitions.sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
  return { cluster, problems: problemsOf(box, cluster, one) };
}

function partitionOf(line: string): Cluster['partitions'][number] {
  const [name = '', up = '', timeLimit = '', nodes = '', idle = '', ...types] = line.split(' ');
  const gpus = types.flatMap((type) => {
    const [, kind, all, free] = /^(.+)=(\d+)\/(-?\d+)$/.exec(type) ?? [];
    return kind === undefined ? [] : [{ type: kind, total: Number(all), idle: Math.max(0, Number(free)) }];
  });
  return {
    name: name.replace(/\*$/, ''),
    up: up === 'up',
    timeLimit,
    nodes: Number(nodes) || 0,
    idleNodes: Number(idle) || 0,
    gpus,
  };
}

function problemsOf(box: BoxOf<'slurm'>, cluster: Cluster, one: ReadonlyMap<string, string>): Problem[] {
  const problems: Problem[] = [];
  if (!cluster.answers) {
    return [
      {
        what: `the controller of the cluster does not answer: ${one.get('down') ?? ''}`,
        fix: 'Runs there stay as they are. If it lasts, ask the administrators; scontrol ping on the login node says the same.',
      },
    ];
  }
  const named = cluster.partitions.find((partition) => partition.name === box.partition);
  const names = cluster.partitions.map((partition) => partition.name).join(', ');
  if (box.partition !== undefined && !named) {
    problems.push({
      what: `there is no partition ${box.partition}`,
      fix: `Set partition of this box to one of ${names}.`,
    });
  } else if (named && !named.up) {
    problems.push({ what: `the partition ${named.name} is down`, fix: 'Wait, or name another partition.' });
  }
  if (box.gpu_type !== undefined) {
    const kinds = (named ? [named] : cluster.partitions).flatMap(({ gpus }) => gpus.map(({ type }) => type));
    if (!kinds.includes(box.gpu_type)) {
      const there = [...new Set(kinds)].join(', ') || 'none';
      problems.push({
        what: `no GPU of gpu_type ${box.gpu_type} is in ${named ? `partition ${named.name}` : 'any partition'}`,
        fix: `The kinds there: ${there}.`,
      });
    }
  }
  const accounts = one.get('accounts')?.split(' ').filter(Boolean);
  if (box.account !== undefined && accounts !== undefined && cluster.accounting && !accounts.includes(box.account)) {
    problems.push({
      what: `you have no account ${box.account} on the cluster`,
      fix: accounts.length === 0 ? 'Ask its administrators for one.' : `Your accounts: ${accounts.join(', ')}.`,
    });
  }
  const refused = one.get('refused');
  if (refused !== undefined && problems.length === 0) {
    problems.push({
      what: `Slurm would refuse a job: ${refused.replace(/^sbatch: error: |^allocation failure: /, '')}`,
      fix: 'Check partition, account, time and options of this box in boxes.yaml.',
    });
  }
  if (cluster.accounting === false) {
    problems.push({
      what: 'the cluster keeps no accounting',
      fix: 'Nothing to do: runs tell their own end. Only Slurm’s reason for a lost run is known for a few minutes alone.',
      note: true,
    });
  }
  if (!box.secrets) {
    problems.push({
      what: 'secrets are not sent to a cluster',
      fix: 'Keep them in your account there (for instance ~/.netrc), or set secrets: true for this box.',
      note: true,
    });
  }
  return problems;
}
