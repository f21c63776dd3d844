/** What a prompt holds, read the way a model would: files, earlier results, and what is asked. */
export interface ReadPrompt {
  readonly files: ReadonlyMap<string, string>;
  /** Everything outside the files. */
  readonly words: string;
  /** What the model answered earlier in the same conversation. */
  readonly said: string;
  readonly protectedPaths: readonly string[];
  readonly tried: readonly Tried[];
  readonly parents: readonly Tried[];
  readonly explore: number;
  readonly exploit: number;
}

export interface Tried {
  readonly idea: string;
  readonly candidate: string | undefined;
  readonly title: string;
  /** What it changed, in the words of its proposer. */
  readonly details: string;
  /** What came of it: `ran and was better: val_loss 2.31 ± 0.002 …`. */
  readonly result: string;
}

/** A line that names a path, then a fence; or an element with a path attribute. */
const FENCED =
  /^(?:[#>*\s]*(?:file|path)?:?\s*[`*]*)([\w.-]+(?:\/[\w.-]+)*\.\w+)[`*]*:?(?:[ \t]+\([^\n]*\))?[ \t]*\n+(`{3,}|~{3,})[^\n`]*\n([\s\S]*?)^\2[ \t]*$/gim;
const ELEMENT = /^<file\s+(?:path|name)="([^"\n]+)"[^>\n]*>\n([\s\S]*?)^<\/file>/gim;

export function readPrompt(messages: readonly { readonly role: string; readonly content: string }[]): ReadPrompt {
  const asked = messages.filter((message) => message.role === 'user').map((message) => message.content);
  const files = new Map<string, string>();
  let words = asked.join('\n\n');
  for (const shape of [ELEMENT, FENCED]) {
    words = words.replace(shape, (whole, path: string, ...rest: readonly string[]) => {
      const text = (shape === FENCED ? rest[1] : rest[0]) ?? '';
      // An instruction quotes code too; only the first mention of a path with a whole text is the file.
      if (files.has(path) || /<<<<<<< SEARCH/.test(text)) return whole;
      files.set(path, text);
      return '';
    });
  }
  const tried = readHistory(words);
  const [, , explore = '4', exploit = '0'] =
    [...words.matchAll(/(\d+) ideas?: (\d+) explore, (\d+) exploit/g)].at(-1) ?? [];
  return {
    files,
    words,
    said: messages
      .filter((message) => message.role === 'assistant')
      .map((message) => message.content)
      .join('\n'),
    protectedPaths: (/^Protected, never changed: (.*)$/m.exec(words)?.[1] ?? '').split(/,\s*/),
    tried,
    parents: [...words.matchAll(/^- (\d+\.\d+): /gm)].flatMap(
      ([, id]) => tried.find((one) => one.candidate === id) ?? [],
    ),
    explore: Number(explore),
    exploit: Number(exploit),
  };
}

function readHistory(words: string): Tried[] {
  const block = /^<results>\n([\s\S]*?)^<\/results>/m.exec(words)?.[1] ?? '';
  return block.split(/^(?=#\d+ ")/m).flatMap((entry) => {
    const head = /^#(\d+) "(.*)" \((?:candidate ([\d.]+), )?round/.exec(entry);
    if (!head) return [];
    const [, idea = '', title = '', candidate] = head;
    const change = /^ {2}change:\n((?: {4}\| .*\n)*)/m.exec(entry)?.[1] ?? '';
    return [
      {
        idea,
        title,
        candidate,
        details: change.replace(/^ {4}\| ?/gm, ''),
        result: /^ {2}result: (.*)$/m.exec(entry)?.[1] ?? '',
      },
    ];
  });
}
