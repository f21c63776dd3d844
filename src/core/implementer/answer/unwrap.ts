import { closes, fenceOf } from './fence.ts';
import { asRows, fromXml } from './xml.ts';

/** Keys under which answers that were asked for as JSON carry a patch. */
const TEXT_KEYS = ['patch', 'diff', 'answer', 'input', 'content', 'text'];
const LIST_KEYS = ['edits', 'changes', 'blocks'];
const MOST_CHARS = 1_000_000;

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', '#39': "'", '#x27': "'", amp: '&' };

/** The text without one layer of HTML escapes. */
export function decodeEntities(text: string): string {
  return text.replace(/&(lt|gt|quot|#39|#x27|amp);/g, (_, name: string) => ENTITIES[name] ?? '');
}

/**
 * Other ways to read an answer in which no edit was found: as JSON that holds one, as the inside of a JSON string, as
 * HTML, with its edits in tags. Never tried on an answer that can be read as it stands.
 */
export function unwrapped(answer: string): readonly string[] {
  if (answer.length > MOST_CHARS) return [];
  const bare = answer
    .trim()
    .replace(/^```\w*\n/, '')
    .replace(/\n```$/, '')
    .trim();
  const json = fromJson(bare);
  if (json !== undefined) return [json];
  const found: string[] = fencedJson(answer);
  const tagged = fromXml(answer);
  if (tagged !== undefined) found.push(tagged);
  if (/&lt;{1,2}|&gt;|&amp;/.test(answer)) found.push(decodeEntities(answer));
  if (/\\n/.test(bare) && bare.split('\n').length <= 3) found.push(unescaped(bare));
  return found;
}

/** The one fence of an answer that holds edits as JSON, whatever words stand around it: of several, one may be an example. */
function fencedJson(answer: string): string[] {
  const lines = answer.split(/\r?\n/);
  const found: string[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const open = fenceOf(lines[at] ?? '');
    if (!open) continue;
    let end = at + 1;
    while (end < lines.length && !closes(lines[end] ?? '', open)) end += 1;
    if (end === lines.length) break;
    const inner = lines
      .slice(at + 1, end)
      .join('\n')
      .trim();
    const edits = /^[[{]/.test(inner) ? fromJson(inner) : undefined;
    if (edits !== undefined) found.push(edits);
    at = end;
  }
  return found.length === 1 ? found : [];
}

function fromJson(text: string): string | undefined {
  if (!/^["{[]/.test(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return blocksOf(value);
  const fields = value as Readonly<Record<string, unknown>>;
  const list = LIST_KEYS.map((key) => fields[key]).find(Array.isArray);
  if (list) return blocksOf(list);
  const texts = TEXT_KEYS.map((key) => fields[key]).filter((one) => typeof one === 'string');
  return texts.length === 1 ? texts[0] : blocksOf([value]);
}

/** Edits as objects, written as search/replace blocks; undefined where one of them is anything else. */
function blocksOf(edits: readonly unknown[]): string | undefined {
  const blocks = edits.map((edit) => {
    if (typeof edit !== 'object' || edit === null) return undefined;
    const fields = edit as Readonly<Record<string, unknown>>;
    const first = (...keys: readonly string[]) => keys.map((key) => fields[key]).find((one) => typeof one === 'string');
    const path = first('path', 'file', 'file_path', 'filename');
    const search = first('search', 'old', 'old_string', 'old_str');
    const replace = first('replace', 'new', 'new_string', 'new_str');
    if (path === undefined || search === undefined || replace === undefined || /\n/.test(path)) return undefined;
    return `${path}\n<<<<<<< SEARCH\n${asRows(search)}=======\n${asRows(replace)}>>>>>>> REPLACE\n`;
  });
  return blocks.length > 0 && blocks.every((one) => one !== undefined) ? blocks.join('\n') : undefined;
}

/** `\n`, `\t`, `\"` and `\\` as inside a JSON string. */
function unescaped(text: string): string {
  const signs: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '', '"': '"', '\\': '\\' };
  return text.replace(/\\([ntr"\\])/g, (_, sign: string) => signs[sign] ?? '');
}
