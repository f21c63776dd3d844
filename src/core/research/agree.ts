import * as path from 'node:path';
import { type Base, HumanError } from '../domain/index.ts';
import { type Context, readContext } from '../environment/index.ts';
import type { Role } from '../models/index.ts';
import { ensureBase } from './base.ts';
import { commandsKey, describeCommands, serverKey } from './consents.ts';
import { contextWords } from './context-words.ts';
import { describeMissing } from './left-out.ts';
import { modelServers } from './make.ts';
import { modelConfig, type Parts, requireBase, requireBoxes, requireEnvironment } from './parts.ts';
import { readTexts } from './texts.ts';

/**
 * Before anything runs on a box: a box exists, and a person agreed to the commands that will run. Those are the
 * base's, whatever research.yaml says by now.
 * @param id the base; default the one in use, which is taken where there is none
 * @returns that base
 * @throws HumanError `declined`, and what `requireEnvironment` and `requireBoxes` throw
 */
export async function readyToRun(parts: Parts, id?: number): Promise<Base> {
  if (id === undefined) await requireEnvironment(parts);
  await requireBoxes(parts);
  const base = id === undefined ? await ensureBase(parts) : await requireBase(parts, id);
  const { consents, host, repository } = parts;
  const key = commandsKey(repository.root, base.environment);
  if (await consents.has('commands', key)) return base;
  const missing = await describeMissing(repository, base.commit, base.environment);
  const agreed = await host.confirm({
    kind: 'run-commands',
    message: `Run the commands of ${path.join(repository.root, 'research.yaml')} on your boxes?`,
    detail: [describeCommands(base.environment), missing].filter((text) => text !== '').join('\n\n'),
    yes: 'Run These Commands',
  });
  if (!agreed) {
    throw new HumanError('Nothing was run: you did not agree to the commands of research.yaml.', { code: 'declined' });
  }
  await consents.give('commands', key);
  return base;
}

/**
 * Before the first call to a server of these roles: which files would leave this machine, and how many bytes.
 * @throws HumanError `declined`
 */
export async function agreeToModel(parts: Parts, ...roles: readonly Role[]): Promise<void> {
  const read = async () => {
    const base = await ensureBase(parts);
    const { context_tokens } = (await modelConfig(parts)).models;
    return readContext(await readTexts(parts.repository, base.commit), base.environment, context_tokens);
  };
  await agreeToSend(parts, read, roles);
}

/** The same, for what a prompt shows of a repository that has no base yet. @throws HumanError `declined` */
export async function agreeToSend(parts: Parts, read: () => Promise<Context>, roles: readonly Role[]): Promise<void> {
  for (const server of await modelServers(parts, roles)) await agreeToServer(parts, server, read);
}

async function agreeToServer(
  parts: Parts,
  server: { readonly origin: string; readonly model: string },
  read: () => Promise<Context>,
): Promise<void> {
  const { root } = parts.repository;
  const key = serverKey(root, server.origin);
  if (await parts.consents.has('servers', key)) return;
  const agreed = await parts.host.confirm({
    kind: 'model-consent',
    message: `Send files of ${root} to ${server.origin} (${server.model})?`,
    detail: contextWords(await read()),
    yes: 'Send',
  });
  if (!agreed) throw new HumanError(`Nothing was sent to ${server.origin}.`, { code: 'declined' });
  await parts.consents.give('servers', key);
}
