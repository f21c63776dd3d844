import * as path from 'node:path';
import { type CorpusCase, readCorpus } from '../../test/support/patch-corpus/cases.ts';
import { type Applier, countScores, scoreCase } from '../../test/support/patch-corpus/score.ts';
import { asApplier, missingRivals, OURS, ours, RIVALS } from './appliers.ts';
import { extractDiff } from './extract.ts';

const COLUMNS = ['cases', 'right', 'refused', 'needlessly refused', 'silently wrong'] as const;

interface Row {
  readonly name: string;
  readonly counts: readonly number[];
  readonly wrong: readonly string[];
}

/**
 * Scores our ladder and its rivals on folders of answers, and prints one table.
 * @returns how many answers our ladder applied silently wrong
 */
export async function scoreAppliers(folders: readonly string[]): Promise<number> {
  const read = folders.map((folder) => readCorpus(folder).cases);
  const all = read.flat();
  const cases = all.filter(isAboutApplying);
  if (cases.length === 0) throw new Error(`No case in ${folders.join(', ')}.`);
  const diffs = cases.filter(({ answer }) => extractDiff(answer) !== undefined);
  const names = folders.map((folder) => path.basename(folder)).join(', ');
  console.log(`  ${names}: ${all.length} answers, ${all.length - cases.length} of them left out, about which only a`);
  console.log('  gate or the server can tell; the rivals can take unified diffs only.');
  const missing = missingRivals();
  for (const { name } of missing) console.log(`  ${name} is not on this machine.`);
  const rows = [await row(`${OURS}, all formats`, cases, ours), await row(OURS, diffs, ours)];
  for (const rival of RIVALS) {
    if (!missing.includes(rival)) rows.push(await row(rival.name, diffs, asApplier(rival)));
  }
  print(rows);
  return rows[0]?.wrong.length ?? 0;
}

/** A protected path, Python that does not parse, and a limit of tokens are told by what stands around an applier. */
function isAboutApplying({ outcome, reason, truncated }: CorpusCase): boolean {
  return !truncated && !(outcome === 'refused' && (reason === 'protected-path' || reason === 'syntax'));
}

async function row(name: string, cases: readonly CorpusCase[], applier: Applier): Promise<Row> {
  const scored = await Array.fromAsync(cases, (one) => scoreCase(one, applier));
  const counts = countScores(scored);
  // The codes are ours; of a rival it is enough that it refuses.
  const refused = counts['refused with the right code'] + counts['wrong code'];
  const numbers = [cases.length, counts.right, refused, counts['needlessly refused'], counts['silently wrong']];
  return {
    name,
    counts: numbers,
    wrong: scored.filter((one) => one.score === 'silently wrong').map((one) => one.name),
  };
}

function print(rows: readonly Row[]): void {
  const width = Math.max(...rows.map(({ name }) => name.length));
  console.log(`\n  ${''.padEnd(width)}  ${COLUMNS.join('  ')}`);
  for (const { name, counts } of rows) {
    const cells = counts.map((count, at) => String(count).padStart(COLUMNS[at]?.length ?? 0));
    console.log(`  ${name.padEnd(width)}  ${cells.join('  ')}`);
  }
  console.log('');
  for (const { name, wrong } of rows)
    if (wrong.length > 0) console.log(`  ${name}, silently wrong: ${wrong.join(', ')}`);
}
