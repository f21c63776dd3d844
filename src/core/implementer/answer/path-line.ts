import { fenceOf } from './fence.ts';

const LOOK_BACK = 3;

/** What a line is once the ornaments around a path are gone: `**src/a.py**:`, `### File: a.py`, `` `a.py` ``. */
function bare(line: string): string {
  return line
    .trim()
    .replace(/^(?:[#>*\-\s]|\/\/|\d+[.)]\s)+/, '')
    .replace(/^(?:file|path|filename)\s*:\s*/i, '')
    .replace(/^[`*"']+/, '')
    .replace(/(?:\s*\((?:new|new file|updated|modified|full)\))?[`*"':]*$/i, '')
    .replace(/[`*"':]+$/, '')
    .trim();
}

/** Files whose name has no ending; a README is left out, for a heading may say that word and show what to type. */
const BARE_NAMES = /^(?:Makefile|Dockerfile|Containerfile|Snakefile)$/;

function looksLikePath(text: string): boolean {
  if (BARE_NAMES.test(text)) return true;
  return /^[^\s<>|"'`(),;]+$/.test(text) && /[./\\]/.test(text) && /[\w)]$/.test(text);
}

/** The path a line consists of, ornaments aside; undefined where it says anything else. */
export function onlyPath(line: string | undefined, known: ReadonlySet<string>): string | undefined {
  if (line === undefined || line.length > 300) return undefined;
  if (known.has(line.trim())) return line.trim();
  const text = bare(line);
  return known.has(text) || (looksLikePath(text) && !/^[\d.]+$/.test(text)) ? text : undefined;
}

/** The path named in the lines before a block's head: nearest line first, three lines back, fences and blanks aside. */
export function pathBefore(before: readonly string[], known: ReadonlySet<string>): string | undefined {
  let looked = 0;
  for (let at = before.length - 1; at >= 0 && looked < LOOK_BACK; at -= 1) {
    const line = before[at] ?? '';
    if (line.trim() === '' || fenceOf(line)) continue;
    looked += 1;
    const found = onlyPath(line, known) ?? quotedPath(line, known);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether exactly one known path ends so. */
function endsOne(text: string, known: ReadonlySet<string>): boolean {
  if (!looksLikePath(text)) return false;
  return [...known].filter((path) => path.endsWith(`/${text}`)).length === 1;
}

/** The one known path that a line names, in backquotes or as a word. */
function quotedPath(line: string, known: ReadonlySet<string>): string | undefined {
  if (line.length > 1000) return undefined;
  const quoted = [...line.matchAll(/`([^`]+)`/g)]
    .map(([, inner = '']) => inner)
    .filter((inner) => known.has(inner) || endsOne(inner, known));
  if (new Set(quoted).size === 1) return quoted[0];
  if (quoted.length > 0) return undefined;
  const words = line.split(/[\s"'()*]+/).map((word) => word.replace(/[:,;.]+$/, ''));
  const named = words.filter((word) => known.has(word) && /[./]/.test(word));
  return new Set(named).size === 1 ? named[0] : undefined;
}

/** The file that a sentence before a fence says is given whole: "Here is the complete `train.py`:". */
export function pathInSentence(before: readonly string[], known: ReadonlySet<string>): string | undefined {
  const line = before.findLast((one) => one.trim() !== '') ?? '';
  return /\b(?:complete|full|entire|whole|rewritten)\b/i.test(line) ? quotedPath(line, known) : undefined;
}

/** The path in the fence's own line: ```` ```python src/a.py ````. */
export function pathInFence(before: readonly string[]): string | undefined {
  const info = fenceOf((before.at(-1) ?? '').slice(0, 400))?.info ?? '';
  return info
    .split(/[\s=:]+/)
    .map(bare)
    .findLast(looksLikePath);
}
