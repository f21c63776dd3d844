import type { CandidateId, IdeaId, RunId } from '../../core/domain/index.ts';

/** What a command is asked to act on, whoever asks: a tree, the leaderboard page, a CodeLens, a button, a key. */
export interface Target {
  readonly idea?: IdeaId;
  readonly candidate?: CandidateId;
  readonly run?: RunId;
  readonly box?: string;
  /** A line of boxes.yaml, from 1. */
  readonly line?: number;
  /** A file of a review: its path in the repository. */
  readonly path?: string;
  /** A hunk of that file. */
  readonly hunk?: string;
}

interface Carrier {
  readonly target?: Target;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/**
 * What a command acts on where several may be selected: all of them when the one that was clicked is among them, else
 * only that one, as everywhere in VS Code.
 */
export function targetsOf(argument: unknown, selected: unknown): readonly Target[] {
  const own = targetOf(argument);
  const all = Array.isArray(selected) ? selected.map(targetOf) : [];
  return all.some((one) => one.run !== undefined && one.run === own.run) ? all : [own];
}

/** Reads a target out of the first argument of a command: a target, something that carries one, or an idea's number. */
export function targetOf(argument: unknown): Target {
  if (typeof argument === 'number') return { idea: argument };
  if (!isRecord(argument)) return {};
  const carried = (argument as Carrier).target;
  const from = isRecord(carried) ? carried : argument;
  const text = (key: Exclude<keyof Target, 'idea' | 'line'>) =>
    typeof from[key] === 'string' ? { [key]: from[key] } : {};
  return {
    ...(typeof from.idea === 'number' ? { idea: from.idea } : {}),
    ...(typeof from.line === 'number' ? { line: from.line } : {}),
    ...text('candidate'),
    ...text('run'),
    ...text('box'),
    ...text('hunk'),
    // A Uri has a path too; it is not a path in the repository.
    ...(typeof from.scheme === 'string' ? {} : text('path')),
  };
}
