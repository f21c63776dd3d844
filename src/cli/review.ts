import colors from 'picocolors';
import type { FileDiff, Hunk } from '../core/git/index.ts';
import type { ReviewHandle } from '../core/research/types.ts';
import { printable } from './format.ts';
import type { Terminal } from './terminal.ts';

function paint(line: string): string {
  const text = printable(line);
  if (line.startsWith('+')) return colors.green(text);
  return line.startsWith('-') ? colors.red(text) : text;
}

function hunkLines(path: string, hunk: Hunk): readonly string[] {
  return [
    colors.cyan(`${printable(path)} @@ -${hunk.oldStart},${hunk.oldCount} +${hunk.newStart},${hunk.newCount} @@`),
    ...hunk.lines.map(paint),
  ];
}

export function showPatch(terminal: Terminal, files: readonly FileDiff[]): void {
  for (const file of files) {
    if (file.binary || file.hunks.length === 0) terminal.say(colors.cyan(`${printable(file.path)} (${file.kind})`));
    for (const hunk of file.hunks) for (const line of hunkLines(file.path, hunk)) terminal.say(line);
  }
}

/** Goes through the undecided hunks one at a time, as `git add -p` does. What is decided stays decided after `q`. */
export async function reviewByHand(terminal: Terminal, { review, candidate }: ReviewHandle): Promise<void> {
  for (let [file] = await review.undecided(); file; [file] = await review.undecided()) {
    const hunk = file.binary ? undefined : file.hunks[0];
    if (hunk) for (const line of hunkLines(file.path, hunk)) terminal.say(line);
    else terminal.say(colors.cyan(`${printable(file.path)} (${file.kind}${file.binary ? ', binary' : ''})`));
    const answer = await terminal.ask('Accept this? [y]es, [n]o, the whole [f]ile, [u]ndo, [q]uit: ');
    if (answer === undefined || answer === 'q') break;
    if (answer === 'u') await review.undo();
    else if (answer === 'f') await review.acceptFile(file.path);
    else if (answer === 'y') await (hunk ? review.acceptHunk(file.path, hunk.id) : review.acceptFile(file.path));
    else if (answer === 'n') await (hunk ? review.rejectHunk(file.path, hunk.id) : review.rejectFile(file.path));
  }
  const left = (await review.undecided()).length;
  terminal.say(
    left === 0
      ? `Every hunk is decided. "research-copilot approve ${candidate.id}" commits what you accepted.`
      : `${left} files still hold undecided hunks. "research-copilot review ${candidate.idea}" goes on.`,
  );
}
