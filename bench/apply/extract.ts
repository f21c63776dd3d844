const HEADER = /^(?:diff --git |--- [^\r\n]*\r?\n\+\+\+ )/m;
const OTHER_FORMAT = /^(?:<{5,9} SEARCH|\*\*\* Begin Patch)/m;
const FENCE = /^(`{3,}|~{3,})/;

/**
 * The unified diff of an answer, as a fair caller of a tool that takes only diffs would cut it out: without a draft in
 * `<think>`, from all fences that hold a part of it, else from its first header on.
 * @returns undefined where the answer holds none, or asks for a part of its edits in another format
 */
export function extractDiff(answer: string): string | undefined {
  const said = withoutDraft(answer);
  if (OTHER_FORMAT.test(said)) return undefined;
  const fenced = fencesOf(said).filter((text) => HEADER.test(text) || text.startsWith('@@'));
  const diff = fenced.length > 0 ? fenced.join('') : said.slice(HEADER.exec(said)?.index ?? said.length);
  return HEADER.test(diff) ? diff : undefined;
}

/** How many parts of the paths to strip (`-p`): 1 where every header has git's `a/` and `b/`, else none. */
export function stripOf(diff: string): 0 | 1 {
  const paths = [...diff.matchAll(/^(?:---|\+\+\+) ([^\r\n]+)/gm)].map((match) => match[1] ?? '');
  return paths.every((name) => /^"?[ab]\//.test(name) || name.startsWith('/dev/null')) ? 1 : 0;
}

function withoutDraft(answer: string): string {
  const end = answer.lastIndexOf('</think>');
  return end < 0 ? answer : answer.slice(end + '</think>'.length);
}

/** The texts inside fences; a line of a diff begins with its marker, so that a fence of the file's own does not count. */
function fencesOf(answer: string): string[] {
  const texts: string[] = [];
  let open: { readonly mark: string; readonly lines: string[] } | undefined;
  for (const line of answer.split('\n')) {
    const mark = FENCE.exec(line)?.[1];
    if (open === undefined) {
      if (mark !== undefined) open = { mark, lines: [] };
    } else if (mark?.startsWith(open.mark) && line.trim() === mark) {
      texts.push(open.lines.map((one) => `${one}\n`).join(''));
      open = undefined;
    } else {
      open.lines.push(line);
    }
  }
  // An answer that was cut off leaves its last fence open.
  return open === undefined ? texts : [...texts, open.lines.join('\n')];
}
