/** What PyTorch and torchrun write before a line to say which process printed it. */
const RANK = /^\[?(?:default|rank)\d*\]?:? ?/;
const ERROR = /^(?:[A-Za-z_][\w.]*\.)?[A-Z]\w*(?:Error|Exception|Interrupt)\b/;
const OF_LAUNCHER = /\b(?:ChildFailedError|CalledProcessError)\b/;

/** A line of a log without the rank that printed it. */
export function withoutRank(line: string): string {
  return line.replace(RANK, '');
}

/** Whether a line, without its rank, is the head of a traceback of Python. */
export function startsTraceback(line: string): boolean {
  return line.startsWith('Traceback (most recent call last):');
}

/** Whether a line, without its rank, names an error as Python does behind a traceback. */
export function namesError(line: string): boolean {
  return ERROR.test(line);
}

/** Whether a line is what a launcher says of the process that failed, after that process said why. */
export function isOfLauncher(line: string): boolean {
  return OF_LAUNCHER.test(line);
}
