import { fenced } from '../domain/index.ts';
import type { Context, ContextFile } from './context.ts';

/**
 * The repository as it stands in every prompt of ours, so that a server's prompt cache holds from one to the next:
 * whole files first, then outlines, then what is protected. Without line numbers: models copy them into their answers.
 */
export function contextText({ files }: Context): string {
  const of = (form: ContextFile['form'], readOnly: boolean) =>
    files.filter((file) => file.form === form && file.readOnly === readOnly);
  const outlines = of('outline', false);
  const kept = files.filter((file) => file.readOnly);
  return [
    '# The repository',
    ...of('whole', false).map(section),
    ...(outlines.length > 0
      ? [
          `Files by their outlines only (lines are missing between these, so they cannot be quoted as one):\n${outlines.map(listed).join('\n')}`,
        ]
      : []),
    ...(kept.length > 0 ? [`Protected files, by what they define (read-only):\n${kept.map(listed).join('\n')}`] : []),
  ].join('\n\n');
}

function section({ path, text }: ContextFile): string {
  const extension = /\.(\w+)$/.exec(path)?.[1] ?? '';
  return `File: ${path}\n${fenced(text, extension === 'py' ? 'python' : extension)}`;
}

/** Whatever a reader may take for the end of a line. */
const LINE_BREAK = /\r\n?|[\n\v\f\u0085\u2028\u2029]/;

function listed({ path, text }: ContextFile): string {
  const lines = text === '' ? [] : text.split(LINE_BREAK).map((line) => `    ${line}`);
  return [`- ${path}`, ...lines].join('\n');
}
