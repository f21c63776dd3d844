import { isBlank } from './ops.ts';
import { endingOf } from './path-names.ts';

/** A fence that says it holds no code of a file. */
const SHOWN = /^(?:text|txt|plain(?:text)?|output|stdout|log|mermaid|math|latex)\b/i;
const SHELL = /^(?:bash|sh|shell|zsh|console|terminal|shell-session|cmd|powershell|bat)\b/i;
const SHELL_FILES = new Set(['', 'sh', 'bash', 'zsh', 'fish', 'ps1', 'bat', 'cmd', 'env', 'mk']);
const COMMAND =
  /^\s*(?:[$>%] ?|(?:[A-Z_]{1,40}=\S{0,100} ){0,5}(?:sudo )?(?:\.\/\S|(?:python[\d.]*|pip3?|bash|sh|zsh|cd|uv|torchrun|accelerate|npm|npx|node|git|make|conda|export|source|docker|pytest|cat|ls|mkdir|cp|mv|curl|wget)\b))/;

/** Whether a fence whose words name no file of its own is a sample: what to type, what comes out, nothing at all. */
export function isSample(info: string, lines: readonly string[]): boolean {
  return SHELL.test(info) || SHOWN.test(info) || isBlank(lines) || areCommands(lines);
}

/** Whether a fence below a file's path shows how to run it and does not hold it. */
export function isUsage(info: string, lines: readonly string[], path: string): boolean {
  if (!areCommands(lines)) return false;
  if (!SHELL_FILES.has(endingOf(path))) return SHELL.test(info);
  const name = path.slice(path.lastIndexOf('/') + 1);
  // A script that runs itself would never end.
  return lines.some((line) => line.split(/[\s;&|]+/).some((word) => word === name || word.endsWith(`/${name}`)));
}

function areCommands(lines: readonly string[]): boolean {
  const shown = lines.filter((line) => line.trim() !== '' && !/^\s*#(?!!)/.test(line));
  const own = shown.filter((_, at) => at === 0 || !(shown[at - 1] ?? '').endsWith('\\'));
  return own.length > 0 && own.every((line) => line.length <= 2000 && COMMAND.test(line));
}
