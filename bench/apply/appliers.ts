import { spawnSync } from 'node:child_process';
import { applyPatch, parsePatch, type StructuredPatch } from 'diff';
import { applyAnswer } from '../../src/core/implementer/index.ts';
import type { Outcome } from '../../test/support/patch-corpus/apply.ts';
import type { Applier } from '../../test/support/patch-corpus/score.ts';
import { gitApply, inFolder } from '../../test/support/patch-corpus/through-git.ts';
import { extractDiff, stripOf } from './extract.ts';

type Texts = ReadonlyMap<string, string>;

/** Applies a unified diff to texts; gives all texts after it, undefined where it refuses. */
export interface Rival {
  readonly name: string;
  readonly apply: (files: Texts, diff: string, strip: 0 | 1) => Texts | undefined;
}

export const OURS = 'our ladder';
export const ours: Applier = ({ files, answer }) => applyAnswer(files, answer);

const git = (...options: readonly string[]): Rival => ({
  name: ['git apply', ...options].join(' '),
  apply: (files, diff, strip) => inFolder(files, (folder) => gitApply(folder, diff, `-p${strip}`, ...options)),
});

const gnuPatch: Rival = {
  name: 'GNU patch',
  // A diff that stands there already is refused, not undone; `--unified` keeps it from running a script for ed.
  apply: (files, diff, strip) =>
    inFolder(files, (cwd) => {
      const quiet = ['--unified', '--force', '--forward', '--no-backup-if-mismatch', '--reject-file=-'];
      return spawnSync('patch', [...quiet, `-p${strip}`], { cwd, input: diff }).status === 0;
    }),
};

const jsdiff: Rival = { name: 'jsdiff, fuzz 2', apply: (files, diff) => applyJsdiff(files, diff) };

export const RIVALS: readonly Rival[] = [git(), git('--recount', '-C1'), gnuPatch, jsdiff];

/** Rivals whose program this machine has not. */
export function missingRivals(): readonly Rival[] {
  return spawnSync('patch', ['--version']).status === 0 ? [] : [gnuPatch];
}

/** What a rival makes of an answer, from which the diff is cut out for it. */
export function asApplier(rival: Rival): Applier {
  return ({ files, answer }): Outcome => {
    const diff = extractDiff(answer);
    const left = diff === undefined ? undefined : rival.apply(files, diff, stripOf(diff));
    if (left === undefined) return { ok: false, refusals: [] };
    const gone = [...files.keys()].filter((name) => !left.has(name));
    return {
      ok: true,
      changes: new Map<string, string | null>([...left, ...gone.map((name) => [name, null] as const)]),
    };
  };
}

/** As its documentation has it: each file's patch on the text of its old name, false is a refusal. */
function applyJsdiff(files: Texts, diff: string): Texts | undefined {
  const left = new Map(files);
  for (const patch of parsePatch(diff)) {
    const from = nameOf(patch, patch.oldFileName);
    const to = nameOf(patch, patch.newFileName);
    const target = to ?? from;
    // Its caller has to look after the paths; one that did not would write outside of the repository.
    if (target === undefined || /^\/|(?:^|\/)\.\.(?:\/|$)/.test(target)) return undefined;
    const before = from === undefined ? '' : left.get(from);
    if (before === undefined || (to !== undefined && to !== from && left.has(to))) return undefined;
    const after = applyPatch(before, patch, { fuzzFactor: 2 });
    if (after === false) return undefined;
    if (from !== undefined) left.delete(from);
    if (to !== undefined) left.set(to, after);
  }
  return left;
}

function nameOf(patch: StructuredPatch, name: string | undefined): string | undefined {
  if (name === undefined || name === '/dev/null') return undefined;
  const prefixed = [patch.oldFileName, patch.newFileName].every(
    (one) => one === undefined || one === '/dev/null' || /^[ab]\//.test(one),
  );
  return prefixed ? name.slice(2) : name;
}
