import type { BoxNode, ResearchState } from '../../core/research/index.ts';
import { clockTime, escapeMarkdown, formatBytes, oneLine, plural } from '../format.ts';
import { boxTooltip, kindsOfGpus, sentence } from './box-words.ts';
import { gpuNode } from './gpu-node.ts';
import { flags, type TreeNode } from './tree-node.ts';

type BoxReport = NonNullable<BoxNode['report']>;
type Problem = BoxReport['problems'][number];
type Partition = NonNullable<BoxReport['cluster']>['partitions'][number];

const WARNING = 'problemsWarningIcon.foreground';
const QUIET = 'disabledForeground';

/** Boxes in the order of boxes.yaml; beneath each what is wrong with it, its GPUs, and what it has. */
export function boxesTree(state: ResearchState): readonly TreeNode[] {
  const wrong = state.boxesProblems.map(
    (problem, index): TreeNode => ({
      id: `boxes.yaml/${index}`,
      label: `boxes.yaml:${problem.line}`,
      description: oneLine(problem.message, 200),
      tooltip: escapeMarkdown(problem.message),
      icon: 'error',
      color: 'testing.iconFailed',
      context: flags('boxesFile'),
      target: { line: problem.line },
      command: 'editBoxes',
    }),
  );
  return [...wrong, ...state.boxes.map((box) => boxNode(box, state))];
}

function boxNode(box: BoxNode, state: ResearchState): TreeNode {
  return {
    id: `box/${box.name}`,
    label: box.name,
    description: describe(box),
    tooltip: boxTooltip(box),
    ...icon(box),
    context: flags('box', box.drained || box.givenUp ? 'canResume' : 'canDrain', !box.givenUp && 'canGiveUp'),
    target: { box: box.name },
    children: [
      ...problemNodes(box, (problem) => !problem.note),
      ...reportNodes(box, state),
      ...problemNodes(box, (problem) => problem.note === true),
    ],
  };
}

/** How many boxes wait for a person: a login or a host key. Others mend themselves, or are only not as they could be. */
export function boxesBadge(state: ResearchState): { readonly value: number; readonly tooltip: string } | undefined {
  const value = state.boxes.filter(({ problem }) => problem !== undefined).length;
  const tooltip = value === 1 ? '1 box needs attention' : `${value} boxes need attention`;
  return value === 0 ? undefined : { value, tooltip };
}

/** Shape and word carry the state, the colour only helps. */
function icon(box: BoxNode): { readonly icon: string; readonly color?: string } {
  if (box.checking) return { icon: 'sync~spin' };
  if (box.problem !== undefined) return { icon: 'bell-dot', color: WARNING };
  if (isUnreachable(box)) return { icon: 'debug-disconnect', color: WARNING };
  if (box.drained || box.givenUp) return { icon: 'circle-slash', color: QUIET };
  if (box.report?.problems.some((problem) => !problem.note)) return { icon: 'warning', color: WARNING };
  if (box.running > 0) return { icon: 'vm-running', color: 'charts.green' };
  if (box.report === undefined) return { icon: 'vm-outline' };
  return { icon: box.kind === 'local' ? 'device-desktop' : box.kind === 'slurm' ? 'server-environment' : 'vm' };
}

export function isUnreachable(box: BoxNode): boolean {
  return box.unreachableSince !== undefined || box.report?.reachable === false;
}

/** The most telling first: a narrow view shows only the beginning. */
function describe(box: BoxNode): string {
  const parts: string[] = [];
  if (box.checking) parts.push('checking…');
  else if (box.problem !== undefined) parts.push('needs attention');
  else if (isUnreachable(box)) {
    parts.push(
      box.unreachableSince === undefined ? 'unreachable' : `unreachable since ${clockTime(box.unreachableSince)}`,
    );
  }
  if (box.givenUp) parts.push('given up');
  else if (box.drained) parts.push('drained');
  if (box.running > 0) parts.push(`${box.running} running`);
  if (box.waiting > 0) parts.push(`${box.waiting} waiting`);
  const { report } = box;
  if (report?.reachable) {
    if (report.gpus.length > 0) parts.push(kindsOfGpus(report.gpus));
    const { partitions = [] } = report.cluster ?? {};
    if (partitions.length > 0) parts.push(plural(partitions.length, 'partition'));
    if (report.disk) parts.push(`${formatBytes(report.disk.freeBytes)} free`);
  } else if (!box.checking && parts.length === 0) {
    parts.push('not checked yet');
  }
  parts.push(box.kind === 'local' ? box.where : `${box.kind} ${box.where}`);
  return parts.join(' · ');
}

/** Those of a box's problems that are wanted; one that only a person can settle comes first. */
function problemNodes(box: BoxNode, wanted: (problem: Problem) => boolean): readonly TreeNode[] {
  const problems = box.report?.problems ?? [];
  const said: readonly Problem[] =
    box.problem === undefined || problems.some(({ what }) => what === box.problem)
      ? problems
      : [{ what: box.problem, fix: '' }, ...problems];
  return said.filter(wanted).map((problem, index): TreeNode => {
    const what = sentence(problem.what);
    return {
      id: `${problem.note ? 'note' : 'problem'}/${box.name}/${index}`,
      label: oneLine(what, 200),
      ...(problem.fix === '' ? {} : { description: oneLine(problem.fix, 300) }),
      tooltip: `${escapeMarkdown(what)}\n\n${escapeMarkdown(problem.fix)}`,
      ...(problem.note ? { icon: 'info' } : { icon: 'warning', color: WARNING }),
      context: flags('problem'),
      target: { box: box.name },
      copy: problem.fix === '' ? problem.what : problem.fix,
    };
  });
}

function reportNodes(box: BoxNode, state: ResearchState): readonly TreeNode[] {
  const { report } = box;
  if (!report?.reachable) return [];
  const nodes: TreeNode[] = [];
  if (isUnreachable(box)) {
    const time = clockTime(report.seenAt ?? report.checkedAt);
    nodes.push({
      id: `then/${box.name}`,
      label: `As it was at ${time}`,
      description: 'before it was silent',
      icon: 'history',
    });
  }
  nodes.push(...report.gpus.map((gpu) => gpuNode(box, gpu, state.runs)));
  nodes.push(...(report.cluster?.partitions ?? []).map((partition) => partitionNode(box, partition)));
  if (report.disk) {
    const { freeBytes, kind, network } = report.disk;
    nodes.push({
      id: `disk/${box.name}`,
      label: `${formatBytes(freeBytes)} free`,
      description: [kind, network ? 'network disk' : 'local disk'].filter(Boolean).join(', '),
      tooltip: 'The disk of its runs folder',
      icon: 'database',
    });
  }
  if (box.kind !== 'local' && report.sandbox !== undefined) nodes.push(sandboxNode(box, report));
  const tools = ['python3', 'uv', 'git', 'flock'].flatMap((name) => {
    const version = report.tools[name];
    return version === undefined ? [] : [`${name} ${version}`.trim()];
  });
  if (tools.length > 0) {
    const login = report.loginTools ?? [];
    nodes.push({
      id: `tools/${box.name}`,
      label: plural(Object.keys(report.tools).length, 'program'),
      description: tools.join(', '),
      tooltip: escapeMarkdown(
        Object.keys(report.tools).join(', ') +
          (login.length === 0 ? '' : `\nOnly a login shell finds: ${login.join(', ')}`),
      ),
      icon: 'tools',
    });
  }
  return nodes;
}

function partitionNode(box: BoxNode, partition: Partition): TreeNode {
  const { name, up, nodes, idleNodes, gpus, timeLimit } = partition;
  const cards = gpus.map(({ type, idle, total }) => `${idle} of ${total} ${type} free`);
  const limit = /^\D/.test(timeLimit) || timeLimit === '' ? '' : `at most ${timeLimit}`;
  return {
    id: `partition/${box.name}/${name}`,
    label: `Partition ${name}`,
    description: up
      ? [`${idleNodes} of ${plural(nodes, 'node')} idle`, ...cards, limit].filter(Boolean).join(' · ')
      : 'down',
    icon: up ? 'server' : 'circle-slash',
    ...(up ? {} : { color: QUIET }),
  };
}

function sandboxNode(box: BoxNode, report: BoxReport): TreeNode {
  const { sandbox = 'none', sandboxes = [] } = report;
  const others = sandboxes.filter((name) => name !== sandbox);
  return {
    id: `sandbox/${box.name}`,
    label: sandbox === 'none' ? 'No sandbox' : `Sandbox ${sandbox}`,
    description: others.length === 0 ? '' : `${others.join(' and ')} would work${sandbox === 'none' ? '' : ', too'}`,
    tooltip:
      sandbox === 'none'
        ? 'Runs can read and change all that your account can on this box.'
        : 'What keeps runs from the rest of your account on this box. Choose with sandbox in boxes.yaml.',
    icon: sandbox === 'none' ? 'unlock' : 'shield',
  };
}
