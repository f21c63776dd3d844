import type { Run } from '../../core/domain/index.ts';
import type { BoxNode } from '../../core/research/index.ts';
import { escapeMarkdown, oneLine } from '../format.ts';
import { shortKind } from './box-words.ts';
import type { TreeNode } from './tree-node.ts';

export type Gpu = NonNullable<BoxNode['report']>['gpus'][number];

/** One GPU of a box: how busy it is, how full, and with whom. */
export function gpuNode(box: Pick<BoxNode, 'name'>, gpu: Gpu, runs: readonly Run[]): TreeNode {
  const who = whoUses(gpu, runs);
  const idle = who.words === 'free' && gpu.utilisation === 0;
  const busy = gpu.utilisation === null || idle ? '' : `${gpu.utilisation} %`;
  return {
    id: `gpu/${box.name}/${gpu.index}`,
    label: `GPU ${gpu.index}`,
    description: [who.words, busy, memory(gpu), gpu.mig ? 'MIG' : '', shortKind(gpu.name)].filter(Boolean).join(' · '),
    tooltip: tooltip(gpu, runs, who.sentence),
    ...who.icon,
    ...(who.run === undefined ? {} : { target: { box: box.name, run: who.run }, context: 'gpu hasRun' }),
  };
}

interface Who {
  readonly words: string;
  readonly sentence: string;
  readonly icon: { readonly icon: string; readonly color?: string };
  /** A run of ours that this window knows. */
  readonly run?: string;
}

/** Who has it: a run of ours, another account's run, somebody beside the tool, or nobody. */
function whoUses(gpu: Gpu, runs: readonly Run[]): Who {
  const mine = gpu.users.find(({ run }) => run !== undefined)?.run ?? gpu.lockedBy?.run;
  const known = runs.find(({ id }) => id === mine);
  if (known) {
    const words = runName(known);
    return {
      words,
      sentence: `Used by our run ${words}.`,
      icon: { icon: 'vm-running', color: 'charts.green' },
      run: known.id,
    };
  }
  if (gpu.lockedBy) {
    const words = gpu.lockedBy.user === undefined ? 'a run' : `a run of ${oneLine(gpu.lockedBy.user, 40)}`;
    const sentence = `Reserved by ${words} of this tool${mine === undefined ? '' : ` (${mine})`}.`;
    return { words, sentence, icon: { icon: 'lock' } };
  }
  if (gpu.users.length > 0) {
    const names = [...new Set(gpu.users.map((user) => oneLine(user.user ?? 'somebody', 40)))];
    const words = names.length > 2 ? `${names.length} accounts` : names.join(', ');
    const sentence = `Used by ${names.join(', ')} without a reservation of this tool: runs leave it alone until it is free.`;
    return { words, sentence, icon: { icon: 'account', color: 'charts.yellow' } };
  }
  return { words: 'free', sentence: 'Free.', icon: { icon: 'circuit-board' } };
}

/** `#12.1 seed 3`, `Baseline seed 1`. */
function runName(run: Run): string {
  return `${run.candidate === undefined ? 'Baseline' : `#${run.candidate}`} seed ${run.seed}`;
}

/** `30 of 80 GiB`; what the driver does not tell is left out. */
function memory({ usedMiB, memoryMiB }: Gpu): string {
  if (memoryMiB === 0) return usedMiB === null ? '' : `${gib(usedMiB)} GiB used`;
  return usedMiB === null ? `${gib(memoryMiB)} GiB` : `${gib(usedMiB)} of ${gib(memoryMiB)} GiB`;
}

function gib(mib: number): string {
  const value = mib / 1024;
  return value >= 10 ? value.toFixed(0) : String(Number(value.toFixed(1)));
}

function tooltip(gpu: Gpu, runs: readonly Run[], sentence: string): string {
  const users = gpu.users.map(({ pid, user, program, usedMiB, run }) => {
    const own = runs.find(({ id }) => id === run);
    const whose = own ? runName(own) : (user ?? 'an account the box does not show');
    const held = usedMiB === null ? '' : `, ${gib(usedMiB)} GiB`;
    return `${program ?? 'process'} ${pid} of ${whose}${held}`;
  });
  const lines = [
    `**${escapeMarkdown(gpu.name)}**`,
    escapeMarkdown(sentence),
    escapeMarkdown(users.join('\n')),
    gpu.mig ? 'Cut into MIG devices: a run on it computes on the first of them.' : '',
    escapeMarkdown(gpu.uuid),
  ];
  return lines.filter((line) => line !== '').join('\n\n');
}
