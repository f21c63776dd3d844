import type { Finding } from '../core/domain/index.ts';
import type { FileDiff, Hunk } from '../core/git/index.ts';
import type { ReviewHandle } from '../core/research/types.ts';
import { printable } from './columns.ts';
import { count } from './numbers.ts';
import { paint as colours } from './paint.ts';
import type { Terminal } from './terminal.ts';

function paint(line: string): string {
  const text = printable(line);
  if (line.startsWith('+')) return colours.green(text);
  return line.startsWith('-') ? colours.red(text) : text;
}

function hunkLines(path: string, hunk: Hunk): readonly string[] {
  return [
    colours.cyan(`${printable(path)} @@ -${hunk.oldStart},${hunk.oldCount} +${hunk.newStart},${hunk.newCount} @@`),
    ...hunk.lines.map(paint),
  ];
}

export function showPatch(terminal: Terminal, files: readonly FileDiff[]): void {
  for (const file of files) {
    if (file.binary || file.hunks.length === 0) terminal.say(colours.cyan(`${printable(file.path)} (${file.kind})`));
    for (const hunk of file.hunks) for (const line of hunkLines(file.path, hunk)) terminal.say(line);
  }
}

/** What the gates saw and let pass: one line each, worst first. */
function findingLines(findings: readonly Finding[]): string[] {
  const shown = findings.toSorted((a, b) => Number(b.severity === 'warning') - Number(a.severity === 'warning'));
  return shown.map(({ severity, path, line, message }) => {
    const place = line === undefined ? path : `${path}:${line}`;
    const text = printable(`${severity}: ${place}: ${message.replaceAll(/\s*\n\s*/g, ' ')}`);
    return severity === 'warning' ? colours.yellow(text) : colours.dim(text);
  });
}

/** What a review is of, above its first hunk: the idea in its own words, and how much there is to read. */
export function reviewHead({ candidate, idea, files }: Pick<ReviewHandle, 'candidate' | 'idea' | 'files'>): string[] {
  const hunks = files.reduce((sum, file) => sum + Math.max(1, file.hunks.length), 0);
  return [
    colours.bold(`#${candidate.id} ${printable(idea.title)}`),
    ...(idea.hypothesis === '' ? [] : [printable(idea.hypothesis)]),
    colours.dim(`${count(files.length, 'file')}, ${count(hunks, 'hunk')}`),
    ...findingLines(candidate.findings),
    ...(candidate.duplicateOf === undefined ? [] : [`The same patch as #${candidate.duplicateOf}.`]),
    '',
  ];
}

/** Reads one answer: its first letter, in lower case; undefined when nobody answers any more. */
async function letter(terminal: Terminal, question: string, signal: AbortSignal): Promise<string | undefined> {
  const answer = await terminal.ask(question, signal);
  return answer === undefined ? undefined : answer.charAt(0).toLowerCase();
}

/**
 * Goes through the undecided hunks one at a time, as `git add -p` does. What is decided stays decided after `q`.
 * Gives true when every hunk is decided and the person wants the candidate approved.
 */
export async function reviewByHand(terminal: Terminal, handle: ReviewHandle, signal: AbortSignal): Promise<boolean> {
  const { review, candidate } = handle;
  for (const line of reviewHead(handle)) terminal.say(line);
  for (;;) {
    const undecided = await review.undecided();
    const [file] = undecided;
    const accepted = (await review.accepted()).length > 0;
    if (!file) {
      const ask = accepted
        ? 'Every hunk is decided. [a]pprove what you accepted, [u]ndo, [q]uit: '
        : 'You rejected every hunk. [u]ndo, [q]uit: ';
      const answer = await letter(terminal, ask, signal);
      if (answer === 'a' && accepted) return true;
      if (answer === 'u') await review.undo();
      else if (answer === undefined || answer === 'q') {
        terminal.say(
          accepted
            ? `"research-copilot approve ${candidate.id}" commits what you accepted.`
            : `"research-copilot reject ${candidate.id} --reason …" tells the ideator why.`,
        );
        return false;
      }
      continue;
    }
    const hunk = file.binary ? undefined : file.hunks[0];
    if (hunk) for (const line of hunkLines(file.path, hunk)) terminal.say(line);
    else terminal.say(colours.cyan(`${printable(file.path)} (${file.kind}${file.binary ? ', binary' : ''})`));
    const answer = await letter(terminal, 'Accept this? [y]es, [n]o, the whole [f]ile, [u]ndo, [q]uit: ', signal);
    if (answer === undefined || answer === 'q') {
      const left = undecided.reduce((sum, one) => sum + Math.max(1, one.hunks.length), 0);
      terminal.say(
        `${count(left, 'hunk')} ${left === 1 ? 'is' : 'are'} undecided. "research-copilot review ${candidate.idea}" goes on.`,
      );
      return false;
    }
    if (answer === 'u' && !(await review.undo())) terminal.note('There is nothing to undo.');
    else if (answer === 'f') await review.acceptFile(file.path);
    else if (answer === 'y') await (hunk ? review.acceptHunk(file.path, hunk.id) : review.acceptFile(file.path));
    else if (answer === 'n') await (hunk ? review.rejectHunk(file.path, hunk.id) : review.rejectFile(file.path));
  }
}
