import { type Candidate, type Config, HumanError, parseSize } from '../domain/index.ts';
import type { GateReport, PatchLabels, SizeLimits, Texts, TreeEntry } from '../implementer/index.ts';
import { modelConfig, type Parts, requireBase } from './parts.ts';
import { readTexts } from './texts.ts';

/** The size limits of `config.yaml` as the gate takes them. */
export function limitsOf({ max_changed_files, max_changed_lines, max_file_size }: Config['implementer']): SizeLimits {
  return { max_changed_files, max_changed_lines, max_file_size: parseSize(max_file_size) ?? 400_000 };
}

/** The commit a candidate is cut from, as the gates read it; the same for all that happens to the candidate. */
export interface CutFrom {
  readonly files: Texts;
  readonly tree: readonly TreeEntry[];
}

export async function readCutFrom({ repository }: Parts, { cutFrom }: Candidate): Promise<CutFrom> {
  const [files, tree] = await Promise.all([readTexts(repository, cutFrom), repository.files(cutFrom)]);
  return { files, tree };
}

/** What the gates see in a patch, and what it is; an empty one is nothing. */
export type Gated = GateReport & Partial<PatchLabels>;

/**
 * What the static gates see in changed bytes of a candidate, and what its box told of it when it was made.
 * @param changes new bytes by path, null for a deletion; bytes that are no text are refused as such
 */
export async function gateBytes(
  parts: Parts,
  candidate: Candidate,
  changes: ReadonlyMap<string, Buffer | null>,
  cutFrom?: CutFrom,
): Promise<Gated> {
  if (changes.size === 0) return { findings: [], tags: [] };
  const { labelsOf, runGates } = await import('../implementer/index.ts');
  const { environment } = await requireBase(parts, candidate.base);
  const read = cutFrom ?? (await readCutFrom(parts, candidate));
  const files = new Map(read.files);
  const unread = [...changes.keys()].filter((path) => !files.has(path));
  // A file too large for a model is there all the same: its regions are protected, and most of it is not new.
  for (const [path, bytes] of await parts.repository.readMany(candidate.cutFrom, unread)) {
    files.set(path, bytes.toString('utf8'));
  }
  // A NUL in what is no text: the size gate says so, and git's own bytes are what counts.
  const texts = new Map([...changes].map(([path, bytes]) => [path, bytes === null ? null : bytes.toString('utf8')]));
  const report = await runGates({
    files,
    changes: texts,
    environment,
    tree: read.tree,
    limits: limitsOf((await modelConfig(parts)).implementer),
    checker: await parts.checkers.syntax(),
  });
  const told = candidate.findings.filter(
    (one) => (one.gate === 'imports' || one.gate === 'smoke') && changes.has(one.path),
  );
  return { ...report, ...labelsOf(files, texts), findings: [...report.findings, ...told] };
}

/**
 * The gates over what a person accepted or wrote, before it becomes a commit that may run.
 * @throws HumanError `gate-refused` with every error and its line
 */
export async function requireGates(
  parts: Parts,
  candidate: Candidate,
  changes: ReadonlyMap<string, Buffer | null>,
): Promise<Gated> {
  const report = await gateBytes(parts, candidate, changes);
  const errors = report.findings.filter((one) => one.severity === 'error');
  if (errors.length === 0) return report;
  const lines = errors
    .slice(0, 10)
    .map((one) => `${one.path}${one.line === undefined ? '' : `:${one.line}`}: ${one.message}`);
  const more = errors.length > lines.length ? `\n… and ${errors.length - lines.length} more.` : '';
  throw new HumanError(
    `#${candidate.id} cannot be taken as it stands. Change these lines or reject their hunks:\n${lines.join('\n')}${more}`,
    { code: 'gate-refused' },
  );
}
