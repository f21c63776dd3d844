import type { Candidate, Idea } from '../../core/domain/index.ts';
import type { IdeaNode, ResearchState, ShownResult } from '../../core/research/index.ts';
import { escapeMarkdown, formatDelta, formatValue, oneLine, plural, stateWord } from '../format.ts';
import { statusIcon } from './icons.ts';
import { flags, type TreeNode } from './tree-node.ts';

/** A file of an open review, with how much of it is still to be decided. */
export interface ReviewFile {
  readonly path: string;
  readonly kind: string;
  readonly added: number;
  readonly removed: number;
  readonly undecided: number;
  /** Where it was before, for a file that moved. */
  readonly from?: string;
}

/** What the tree shows beside the state: the files of open reviews, by candidate. */
export type ReviewFiles = ReadonlyMap<string, readonly ReviewFile[]>;

/** Round, then idea, then candidate or changed file. Newest round first. */
export function ideasTree(state: ResearchState, reviews: ReviewFiles): readonly TreeNode[] {
  const { results } = state;
  const rounds = [...state.rounds].sort((a, b) => b.round.number - a.round.number);
  return rounds.map(({ round, ideas }, index) => {
    const proposing = round.state === 'proposing';
    const done = ideas.filter((node) => node.status === 'succeeded').length;
    return {
      id: `round/${round.base}/${round.number}`,
      label: `Round ${round.number}`,
      description: proposing
        ? `${ideas.length} of ${round.asked} ideas`
        : `${plural(ideas.length, 'idea')}${done > 0 ? `, ${done} with a result` : ''}`,
      tooltip: `Ideas by ${escapeMarkdown(round.ideator)}.`,
      icon: proposing ? 'loading~spin' : 'history',
      context: 'round',
      expanded: index === 0,
      children: ideas.map((node) => ideaNode(node, results, reviews)),
    };
  });
}

function ideaNode(node: IdeaNode, results: ResearchState['results'], reviews: ReviewFiles): TreeNode {
  const { idea, candidates, status } = node;
  const newest = candidates.at(-1);
  const files = newest ? reviews.get(newest.id) : undefined;
  const undecided = files?.reduce((sum, file) => sum + file.undecided, 0) ?? 0;
  const result = newest && results[newest.id];
  const dropped = idea.dropped !== undefined;
  const approved = newest?.state === 'approved';
  const hand = newest?.state === 'implementing' && newest.byHand === true;
  const words = describe(status, files ? undecided : undefined, result);
  const showsResult = result !== undefined && files === undefined;
  return {
    id: `idea/${idea.id}`,
    // What follows a long title is cut off, and a result must stay on screen: then the title follows.
    label: `#${idea.id} ${showsResult ? words : oneLine(idea.title, 120)}`,
    description: [
      ...(idea.pinned ? ['pinned'] : []),
      ...(showsResult ? [oneLine(idea.title, 120)] : [words, ...whyNot(idea, newest), ...warned(newest)]),
    ].join(' · '),
    tooltip: tooltip(idea, status, newest, result),
    ...(hand ? { icon: 'tools' } : statusIcon(status)),
    context: flags(
      'idea',
      !dropped && 'canEdit',
      !dropped && !approved && (hand || status !== 'implementing') && 'canReview',
      hand && 'canFinish',
      !dropped && status === 'proposed' && 'canImplement',
      status === 'ready' && 'canApprove',
      !dropped && !approved && status !== 'rejected' && (hand || status !== 'implementing') && 'canReject',
      dropped && 'canRestore',
      !dropped && (idea.pinned ? 'canUnpin' : 'canPin'),
      approved && 'canRun',
      approved && 'canApply',
      (status === 'failed-to-implement' || status === 'rejected') && 'canContinue',
      newest !== undefined && 'hasAttempts',
    ),
    target: { idea: idea.id, ...(newest ? { candidate: newest.id } : {}) },
    expanded: files !== undefined,
    ...(files
      ? { children: files.map((file) => fileNode(newest?.id ?? '', idea, file)) }
      : candidates.length > 1
        ? { children: candidates.map((candidate) => candidateNode(candidate, results)) }
        : {}),
  };
}

/** Why nothing comes of it, for a person: whom it repeats, or who turned it down. */
function whyNot(idea: Idea, newest: Candidate | undefined): readonly string[] {
  if (idea.rejection !== undefined) return [`rejected by you: ${oneLine(idea.rejection, 120)}`];
  if (idea.dropped !== undefined) return [oneLine(idea.dropped, 160)];
  return newest?.duplicateOf === undefined ? [] : [`the same patch as #${newest.duplicateOf}`];
}

/** How many warnings of the gates stand beside a patch, and whether it is ranked at all. */
function warned(candidate: Candidate | undefined): readonly string[] {
  const warnings = candidate?.findings.filter((one) => one.severity === 'warning').length ?? 0;
  return [
    ...(candidate?.byHand ? ['by hand'] : []),
    ...(candidate?.tags.includes('seed-only') ? ['seed only'] : []),
    ...(warnings > 0 ? [plural(warnings, 'warning')] : []),
  ];
}

function fileNode(candidate: string, idea: Idea, file: ReviewFile): TreeNode {
  const slash = file.path.lastIndexOf('/');
  const folder = file.path.slice(0, Math.max(0, slash));
  const moved = file.from === undefined ? '' : ` · from ${oneLine(file.from, 200)}`;
  const open = file.undecided > 0 ? `${plural(file.undecided, 'hunk')} to decide` : 'decided';
  return {
    id: `file/${candidate}/${file.path}`,
    label: file.path.slice(slash + 1),
    description: `+${file.added} −${file.removed} · ${open}${folder === '' ? '' : ` · ${folder}`}${moved}`,
    tooltip: `${file.from === undefined ? '' : `${escapeMarkdown(file.from)} → `}${escapeMarkdown(file.path)} (${file.kind}): ${open}.`,
    icon: file.undecided === 0 ? 'check' : file.from === undefined ? 'diff' : 'diff-renamed',
    context: flags('reviewFile', file.undecided > 0 && 'undecided'),
    target: { idea: idea.id, candidate, path: file.path },
    command: 'openReviewFile',
  };
}

function candidateNode(candidate: Candidate, results: ResearchState['results']): TreeNode {
  const status = candidate.state === 'failed' ? 'failed-to-implement' : candidate.state;
  const result = results[candidate.id];
  return {
    id: `candidate/${candidate.id}`,
    label: `#${candidate.id}`,
    description: describe(status, undefined, result),
    tooltip: escapeMarkdown(candidate.failure?.message ?? `Candidate ${candidate.id}: ${stateWord(candidate.state)}`),
    ...statusIcon(status),
    context: flags(
      'candidate',
      candidate.state === 'ready' && 'canReview',
      candidate.state === 'ready' && 'canApprove',
      candidate.state === 'implementing' && candidate.byHand && 'canFinish',
      candidate.state === 'approved' && 'canRun',
      candidate.state === 'approved' && 'canApply',
      (candidate.state === 'failed' || candidate.state === 'rejected') && 'canContinue',
      'hasAttempts',
    ),
    target: { idea: candidate.idea, candidate: candidate.id },
  };
}

function describe(status: IdeaNode['status'], undecided: number | undefined, result: ShownResult | undefined): string {
  if (undecided !== undefined)
    return undecided > 0 ? `in review, ${undecided} to decide` : 'in review, ready to approve';
  if (result) {
    const delta = result.delta === undefined ? '' : `  Δ ${formatDelta(result.delta)}`;
    return `${formatValue(result.summary.mean)}${delta}${result.improved ? ' ▲' : ''}${result.doubted ? ' · not confirmed' : ''}`;
  }
  return status === 'failed-to-implement' ? 'not implemented' : stateWord(status);
}

function tooltip(
  idea: Idea,
  status: IdeaNode['status'],
  newest: Candidate | undefined,
  result: ShownResult | undefined,
): string {
  const parents = idea.parents.map((parent) => `#${parent.candidate}`);
  const lines = [
    `**#${idea.id} ${escapeMarkdown(idea.title)}**`,
    escapeMarkdown(idea.hypothesis),
    idea.expected === '' ? '' : `Expected: ${escapeMarkdown(idea.expected)}`,
    idea.risk === '' ? '' : `Risk: ${escapeMarkdown(idea.risk)}`,
    `Status: ${stateWord(status)}. Lane: ${idea.lane}, ${idea.move}.`,
    parents.length === 0 ? '' : `Builds on ${escapeMarkdown(parents.join(', '))}.`,
    idea.dropped === undefined ? '' : `Dropped: ${escapeMarkdown(idea.dropped)}`,
    newest?.failure ? escapeMarkdown(newest.failure.message) : '',
    ...(newest?.findings ?? [])
      .slice(0, 6)
      .map((one) => escapeMarkdown(`${one.severity}: ${one.path}${one.line ? `:${one.line}` : ''}: ${one.message}`)),
    result ? sentence(result) : '',
  ];
  return lines.filter((line) => line !== '').join('\n\n');
}

function sentence({ summary: { mean, std, n }, delta }: ShownResult): string {
  const spread = n > 1 ? ` ± ${formatValue(std)}` : '';
  const against = delta === undefined ? '' : `, ${formatDelta(delta)} to the baseline`;
  return escapeMarkdown(`Result: ${formatValue(mean)}${spread} (${plural(n, 'run')})${against}.`);
}
