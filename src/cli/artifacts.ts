import * as path from 'node:path';
import { formatSize, HumanError, parseSize } from '../core/domain/index.ts';
import { printable } from './columns.ts';
import { withProgress } from './commands.ts';
import type { Session } from './main.ts';
import { count } from './numbers.ts';
import { findRun } from './runs.ts';

/** Fetches the artifacts of a run, and says where they are and what was left out. */
export async function artifacts(
  session: Session,
  what: string,
  options: { readonly to?: string; readonly max?: string },
): Promise<void> {
  const { research, terminal, signal } = session;
  const maxBytes = options.max === undefined ? undefined : parseSize(options.max);
  if (options.max !== undefined && maxBytes === undefined) {
    throw new HumanError(`--max ${options.max} is no size. Write one such as 500MB or 2GiB.`, { code: 'bad-size' });
  }
  const run = await findRun(research, what);
  const fetched = await withProgress(session, (progress) =>
    research.fetchArtifacts(run.id, {
      signal,
      progress,
      ...(options.to === undefined ? {} : { to: path.resolve(options.to) }),
      ...(maxBytes === undefined ? {} : { maxBytes }),
    }),
  );
  terminal.answer(fetched);
  const bytes = fetched.files.reduce((sum, file) => sum + file.size, 0);
  terminal.say(`${count(fetched.files.length, 'file')} (${formatSize(bytes)}) of run ${run.id} in ${fetched.folder}`);
  for (const file of fetched.files) terminal.say(`  ${printable(file.path)}  ${formatSize(file.size)}`);
  for (const { path: name, why } of fetched.skipped) terminal.note(`left out ${printable(name)}: ${why}`);
}
