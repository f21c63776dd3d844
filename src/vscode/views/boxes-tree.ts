import type { BoxNode, ResearchState } from '../../core/research/index.ts';
import { clockTime, escapeMarkdown, formatBytes, plural } from '../format.ts';
import { flags, type TreeNode } from './tree-node.ts';

/** Boxes in the order of boxes.yaml; beneath each its GPUs and what is missing on it. */
export function boxesTree(state: ResearchState): readonly TreeNode[] {
  return state.boxes.map(boxNode);
}

function boxNode(box: BoxNode): TreeNode {
  const problems = box.report?.problems ?? [];
  return {
    id: `box/${box.name}`,
    label: box.name,
    description: describe(box),
    tooltip: tooltip(box),
    ...icon(box),
    context: flags('box'),
    target: { box: box.name },
    children: [
      ...(box.report?.gpus ?? []).map(
        (gpu): TreeNode => ({
          id: `gpu/${box.name}/${gpu.index}`,
          label: `GPU ${gpu.index}`,
          description: `${gpu.name}${gpu.usedMiB === null ? '' : ` · ${gpu.usedMiB} of ${gpu.memoryMiB} MiB`}${gpu.utilisation === null ? '' : ` · ${gpu.utilisation} %`}`,
          tooltip: escapeMarkdown(gpu.uuid),
          icon: 'circuit-board',
        }),
      ),
      ...problems.map(
        (problem, index): TreeNode => ({
          id: `problem/${box.name}/${index}`,
          label: problem.what,
          description: problem.fix,
          tooltip: `${escapeMarkdown(problem.what)}\n\n${escapeMarkdown(problem.fix)}`,
          icon: 'warning',
          color: 'problemsWarningIcon.foreground',
        }),
      ),
    ],
  };
}

function icon(box: BoxNode): { readonly icon: string; readonly color?: string } {
  if (box.problem !== undefined) return { icon: 'warning', color: 'problemsWarningIcon.foreground' };
  if (box.unreachableSince !== undefined || box.report?.reachable === false) {
    return { icon: 'debug-disconnect', color: 'problemsWarningIcon.foreground' };
  }
  if ((box.report?.problems.length ?? 0) > 0) return { icon: 'warning', color: 'problemsWarningIcon.foreground' };
  if (box.running > 0) return { icon: 'vm-running', color: 'charts.green' };
  return { icon: box.kind === 'local' ? 'device-desktop' : box.kind === 'slurm' ? 'server-environment' : 'vm' };
}

function describe(box: BoxNode): string {
  if (box.problem !== undefined) return 'needs attention: Check Boxes';
  if (box.unreachableSince !== undefined) return `unreachable since ${clockTime(box.unreachableSince)}`;
  const parts = [box.kind === 'local' ? box.where : `${box.kind} ${box.where}`];
  const gpus = box.report?.gpus.length ?? 0;
  if (gpus > 0) parts.push(plural(gpus, 'GPU'));
  if (box.running > 0) parts.push(`${box.running} running`);
  if (box.waiting > 0) parts.push(`${box.waiting} waiting`);
  return parts.join(' · ');
}

function tooltip(box: BoxNode): string {
  const report = box.report;
  if (!report) return `${escapeMarkdown(box.name)}: not checked yet.`;
  const tools = Object.entries(report.tools).map(([name, version]) => `${name} ${version}`.trim());
  const lines = [
    `**${escapeMarkdown(box.name)}**: ${escapeMarkdown(report.hardware)}`,
    report.latencyMs === undefined ? '' : `Answers in ${Math.round(report.latencyMs)} ms`,
    report.disk === undefined ? '' : `${formatBytes(report.disk.freeBytes)} free`,
    tools.length === 0 ? '' : escapeMarkdown(tools.join(', ')),
    `Checked at ${clockTime(report.checkedAt)}`,
  ];
  return lines.filter((line) => line !== '').join('\n\n');
}
