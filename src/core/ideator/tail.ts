import { beginning, ending, isOfLauncher, namesError, startsTraceback, withoutRank } from '../domain/index.ts';
import { cleanText } from './text.ts';

/** The mark of what is missing. */
const MARK = '…';
const LONGEST_LINE = 400;
const MOST_ALIKE = 6;

/** Of lines without their rank. */
const FRAME = /^\s{1,40}File "([^"]{1,500})", line \d+/;
const INSIDE_FRAME = /^\s{4,}(?!File ")/;
const LIBRARY = /[\\/](?:site-packages|dist-packages|lib[\\/]python\d[^\\/]*)[\\/]|^<frozen /;

/** What follows an error: a tracker's farewell, bars that close, what launchers, Slurm and make say of their children. */
const AFTERWORDS = new RegExp(
  [
    String.raw`^\s*$`,
    '^wandb:',
    String.raw`\d{1,3}%\|.{0,200}\| ?\d+/\d+ \[`,
    String.raw`\[launch\.py:\d+:sigkill_handler\]`,
    String.raw`destroy_process_group\(\) was not called`,
    String.raw`resource_tracker(?:\.py)?:.{0,20} There appear to be \d+ leaked`,
    String.raw`^\s{2,}warnings\.warn\(`,
    '^srun: (?:error: .{1,200} Exited with exit code|Terminating StepId|Terminating job step|launch/slurm)',
    String.raw`^make(?:\[\d+\])?: \*\*\* `,
    'Set the environment variable HYDRA_FULL_ERROR=1',
  ].join('|'),
);
/** A launcher's traceback is that of a file of its own. */
const LAUNCHER =
  /[\\/](?:torch[\\/]distributed[\\/](?:run|launch|launcher)|accelerate[\\/]commands|deepspeed[\\/]launcher)\b/;
/** The box under a ChildFailedError: rules, `train.py FAILED`, `[0]:`, `  rank : 0`. */
const BOX = /^(?:={8,}|-{8,}|\S.* FAILED|Failures:|Root Cause \(.*|\[\d+\]:|\s+\S.*|\s*)$/;
const BEFORE_BOX = /failed \(exitcode: -?\d+\)|Sending process \d+ closing signal/;

/**
 * The last lines of a log that tell why it ended, at most `maxChars` characters with the mark of what is missing:
 * progress bars folded to their last state, no terminal escapes. Where that is too long, what launchers and trackers say
 * after the program's own error goes first, then what repeats, long lines and calls inside of libraries, then the
 * beginning: a report of torchrun is longer than what a model is shown, and says nothing of the cause.
 */
export function boundedTail(text: string, maxChars: number): string {
  const folded = text
    .replace(/\r\n/g, '\n')
    .split('\n')
    .map((line) => line.replace(/\r+$/, '').replace(/^.*\r/s, ''))
    .join('\n');
  const clean = cleanText(folded).trimEnd();
  if (clean.length <= maxChars) return clean;
  const own = withoutAfterwords(clean.split('\n'));
  const short = [withoutLibraries, withoutRepeats, withoutLength].reduce(
    (lines, shorten) => (lengthOf(lines) <= maxChars ? lines : shorten(lines)),
    own,
  );
  return lastOf(short.join('\n'), maxChars);
}

function lastOf(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const mark = `${MARK}\n`;
  const room = Math.max(0, maxChars - mark.length);
  const cut = ending(text, room);
  const lineStart = cut.indexOf('\n');
  return mark + (lineStart >= 0 && lineStart < room / 2 ? cut.slice(lineStart + 1) : cut);
}

function lengthOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, -1);
}

/** The lines up to the program's own error; all of them where they name none. */
function withoutAfterwords(lines: readonly string[]): readonly string[] {
  let end = lines.length;
  for (let last = -1; last !== end; ) {
    last = end;
    end = lines.slice(0, end).findLastIndex((line) => !AFTERWORDS.test(line)) + 1;
    end = launcherStart(lines.slice(0, end)) ?? end;
  }
  const own = lines.slice(0, end);
  return end < lines.length && own.map(withoutRank).some((line) => namesError(line) || startsTraceback(line))
    ? [...own, MARK]
    : lines;
}

/** Where what a launcher says of its children begins, if the lines end with it. */
function launcherStart(lines: readonly string[]): number | undefined {
  const error = lines.findLastIndex((line) => isOfLauncher(line) && namesError(line));
  if (error < 0 || !lines.slice(error + 1).every((line) => BOX.test(line))) return undefined;
  let start = lines.slice(0, error).findLastIndex((line) => startsTraceback(line));
  if (start < 0 || !lines.slice(start, error).some((line) => LAUNCHER.test(line))) return undefined;
  while (start > 0 && BEFORE_BOX.test(lines[start - 1] ?? '')) start -= 1;
  return start;
}

/** Tracebacks without the calls inside of libraries, but for the one that raised. */
function withoutLibraries(lines: readonly string[]): readonly string[] {
  const kept: string[] = [];
  let calls: string[][] = [];
  const flush = (raised: boolean) => {
    const last = raised ? calls.pop() : undefined;
    if (calls.length > 1) kept.push(`    ${MARK} ${calls.length} calls in libraries`);
    else kept.push(...calls.flat());
    kept.push(...(last ?? []));
    calls = [];
  };
  for (const line of lines) {
    const own = withoutRank(line);
    const file = FRAME.exec(own)?.[1];
    const call = calls.at(-1);
    if (file !== undefined && LIBRARY.test(file)) calls.push([line]);
    else if (call && INSIDE_FRAME.test(own)) call.push(line);
    else {
      flush(file === undefined);
      kept.push(line);
    }
  }
  flush(true);
  return kept;
}

/** Lines that differ in nothing but numbers: of many in a row the first two and the last two. */
function withoutRepeats(lines: readonly string[]): readonly string[] {
  const alike: string[][] = [];
  let shape: string | undefined;
  for (const line of lines) {
    const own = line.replace(/\d+/g, '0');
    if (own === shape) alike.at(-1)?.push(line);
    else alike.push([line]);
    shape = own;
  }
  return alike.flatMap((rows) =>
    rows.length < MOST_ALIKE
      ? rows
      : [...rows.slice(0, 2), `${MARK} ${rows.length - 4} more lines like these`, ...rows.slice(-2)],
  );
}

function withoutLength(lines: readonly string[]): readonly string[] {
  return lines.map((line) =>
    line.length <= LONGEST_LINE ? line : `${beginning(line, LONGEST_LINE - 150)} ${MARK} ${ending(line, 140)}`,
  );
}
