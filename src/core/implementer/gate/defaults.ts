import type { Environment } from '../../domain/index.ts';
import { type FileChange, MOST_LINE } from './changed.ts';
import { escaped } from './program.ts';
import { replacedIn, sidesOf } from './texts.ts';

const OPTION = /\badd_argument\s{0,4}\(/;
/** The default of an option, where nothing has to be computed for it; and what is only told of it. */
const DEFAULT = /\bdefault\s{0,4}=\s{0,4}(?:"[^"\\]{0,200}"|'[^'\\]{0,200}'|[-+.\w]{1,40})/g;
const HELP = /\bhelp\s{0,4}=\s{0,4}f?(?:"[^"\\]{0,400}"|'[^'\\]{0,400}')/g;
/** How many lines an option is written in. */
const MOST_LINES = 6;
const STARTS = /\b(?:python[\d.]*|torchrun|accelerate[ \t]+launch|deepspeed|uv[ \t]+run)\b/g;
/** Arguments that are not those of the command line. */
const OTHER_ARGUMENTS = /\bparse_(?:known_)?args\s{0,4}\(\s{0,20}[^)\s]/;

type Commands = Pick<Environment, 'run' | 'evaluate'>;

/**
 * The options whose defaults are all that a patch changes, and that the command gives itself: their defaults are never
 * taken. Empty where it changes anything else, or where that cannot be told.
 */
export function givenDefaults(changed: readonly FileChange[], { run, evaluate }: Commands): readonly string[] {
  if ((run.match(STARTS) ?? []).length !== 1) return [];
  const options: string[] = [];
  for (const change of changed) {
    if (!change.python || change.before === undefined || change.after === null) return [];
    if (OTHER_ARGUMENTS.test(change.after)) return [];
    const { old, now } = sidesOf(change);
    const hunks = replacedIn(change);
    const paired = hunks.flatMap((hunk) => (hunk.old.length === hunk.now.length ? hunk.now : []));
    if (paired.length !== change.added.length || paired.length !== change.removed.length) return [];
    for (const hunk of hunks) {
      for (const [index, { line }] of hunk.now.entries()) {
        const [was, is] = [old.said[(hunk.old[index]?.line ?? 0) - 1] ?? '', now.said[line - 1] ?? ''];
        const option = optionAt(now.said, line);
        if (option === undefined || plain(was) !== plain(is)) return [];
        const given = new RegExp(`(?<![\\w-])${escaped(option)}(?=[\\s=])`);
        if (!given.test(run) || (evaluate !== undefined && !given.test(evaluate))) return [];
        options.push(option);
      }
    }
  }
  return [...new Set(options)];
}

/** The long name of the option in whose call a line stands. */
function optionAt(lines: readonly string[], line: number): string | undefined {
  for (let at = line; at > Math.max(0, line - MOST_LINES); at -= 1) {
    const text = (lines[at - 1] ?? '').slice(0, MOST_LINE);
    if (OPTION.test(text)) return /["'](--[\w-]{1,60})["']/.exec(text)?.[1];
  }
  return undefined;
}

function plain(line: string): string {
  return line.slice(0, MOST_LINE).replaceAll(DEFAULT, 'default=').replaceAll(HELP, 'help=') + line.slice(MOST_LINE);
}
