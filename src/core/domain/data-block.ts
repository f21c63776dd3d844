/** Every block of data in a prompt of ours. A text in one of them can begin or end none. */
export const DATA_BLOCKS = [
  'results',
  'problem',
  'brief',
  'parents',
  'repeats',
  'idea',
  'feedback',
  'refused',
  'known',
] as const;

const DELIMITER = new RegExp(`<(?=[\\s/]*(?:${DATA_BLOCKS.join('|')})\\b)`, 'gi');

/**
 * Somebody else's text as data in a prompt: between the delimiters of one block, the brackets of every delimiter that
 * stands in it escaped, so that it ends where we end it.
 */
export function dataBlock(name: (typeof DATA_BLOCKS)[number], text: string): string {
  return `<${name}>\n${text.replace(DELIMITER, '&lt;')}\n</${name}>`;
}
