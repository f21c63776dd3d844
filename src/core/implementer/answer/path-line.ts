const FENCE = /^[ \t]*(?:`{3,}|~{3,})[ \t]*(.*)$/;
const LOOK_BACK = 3;

/** What a line is once the ornaments around a path are gone: `**src/a.py**:`, `### File: a.py`, `` `a.py` ``. */
function bare(line: string): string {
  return line
    .trim()
    .replace(/^(?:[#>*\-\s]|\/\/|\d+[.)]\s)+/, '')
    .replace(/^(?:file|path|filename)\s*:\s*/i, '')
    .replace(/^[`*"']+/, '')
    .replace(/[`*"':]+$/, '')
    .trim();
}

function looksLikePath(text: string): boolean {
  return /^[^\s<>|"'`(),;]+$/.test(text) && /[./\\]/.test(text) && /[\w)]$/.test(text);
}

/** The path named in the lines before a block's head: nearest line first, three lines back, fences and blanks aside. */
export function pathBefore(before: readonly string[], known: ReadonlySet<string>): string | undefined {
  let looked = 0;
  for (let at = before.length - 1; at >= 0 && looked < LOOK_BACK; at -= 1) {
    const line = before[at] ?? '';
    if (line.trim() === '' || FENCE.test(line)) continue;
    looked += 1;
    const text = bare(line);
    if (known.has(text) || known.has(line.trim()) || looksLikePath(text))
      return known.has(line.trim()) ? line.trim() : text;
    const quoted = [...line.matchAll(/`([^`]+)`/g)].map(([, inner = '']) => inner).filter((inner) => known.has(inner));
    if (new Set(quoted).size === 1) return quoted[0];
  }
  return undefined;
}

/** The path in the fence's own line: ```` ```python src/a.py ````. */
export function pathInFence(before: readonly string[]): string | undefined {
  const [, info = ''] = FENCE.exec(before.at(-1) ?? '') ?? [];
  return info
    .split(/[\s=:]+/)
    .map(bare)
    .findLast(looksLikePath);
}
