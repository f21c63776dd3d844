import { DATA_BLOCKS } from '../../src/core/domain/index.ts';

const LINE = /\r\n?|[\n\v\f\u0085\u2028\u2029]/;
const BEGIN = new RegExp(`^<(${DATA_BLOCKS.join('|')})>$`);

/**
 * What a prompt says in our own words: without what stands in fences, in blocks of data and in outlines, read line by
 * line as a model would, and so that a text which ends its own block early is seen.
 */
export function ourWords(prompt: string): string {
  const ours: string[] = [];
  let until: string | undefined;
  for (const line of prompt.split(LINE)) {
    if (until !== undefined) {
      if (line === until) until = undefined;
      continue;
    }
    const [, name] = BEGIN.exec(line) ?? [];
    const [, fence] = /^(`{3,})[\w+.-]*$/.exec(line) ?? [];
    until = name === undefined ? fence : `</${name}>`;
    // An outline's lines are indented; none of ours are.
    if (until === undefined && !line.startsWith('    ')) ours.push(line);
  }
  return [...ours, ...(until === undefined ? [] : [`never ended: ${until}`])].join('\n');
}
