import { type Attempt, type Candidate, type CandidateId, fenced, type Idea } from '../domain/index.ts';
import type { Parts } from './parts.ts';
import { requireCandidate } from './review.ts';

/**
 * Every answer that was given for a candidate and what came of each of its edits, as Markdown to be read.
 * @throws HumanError `no-candidate`
 */
export async function readAttempts(parts: Parts, id: CandidateId): Promise<string> {
  const { candidate, idea } = await requireCandidate(parts, id);
  return attemptsText(candidate, idea, await parts.store.attempts(id));
}

export function attemptsText(candidate: Candidate, idea: Idea, attempts: readonly Attempt[]): string {
  const came = candidate.failure === undefined ? candidate.state : `${candidate.state}: ${candidate.failure.message}`;
  const head = [`# Attempts of #${candidate.id} ${idea.title}`, came];
  if (attempts.length === 0) head.push('No answer is kept: nobody was asked for this patch, or the asking failed.');
  return `${[...head, ...attempts.flatMap(section)].join('\n\n')}\n`;
}

function section({ number, modelCall, createdAt, report, answer, diff }: Attempt): string[] {
  const by = modelCall === undefined ? 'made by rule' : `model call ${modelCall}`;
  const rows = report.map(({ path, outcome, detail }) => {
    const words = detail.replaceAll(/\s*\n\s*/g, ' ');
    return `- ${path === '' ? 'the answer' : path}: ${outcome}${words === '' ? '' : ` (${words})`}`;
  });
  return [
    `## Attempt ${number}: ${diff === '' ? 'refused' : 'taken'}`,
    `${new Date(createdAt).toISOString()}, ${by}`,
    rows.length > 0 ? rows.join('\n') : 'No edit was found in it.',
    '### The answer',
    fenced(answer, ''),
    ...(diff === '' ? [] : ['### The patch', fenced(diff, 'diff')]),
  ];
}
