import { HumanError } from '../../domain/index.ts';
import { parseJump, resolveTarget, type SshConfigDeps, type SshTarget } from './config.ts';

const MAX_HOPS = 8;

/**
 * The hosts to pass on the way to one, nearest first and itself last, each by its own configuration.
 * @throws HumanError `ssh-config` for jumps in a circle, or a configuration that ssh refuses
 */
export async function resolveChain(deps: SshConfigDeps, host: string): Promise<readonly SshTarget[]> {
  const follow = async (
    alias: string,
    over: { readonly user?: string; readonly port?: number },
    depth: number,
  ): Promise<SshTarget[]> => {
    if (depth > MAX_HOPS) {
      throw new HumanError(`The jumps to ${host} go in a circle. Correct ProxyJump in ~/.ssh/config.`, {
        code: 'ssh-config',
      });
    }
    const target = await resolveTarget(deps, alias, over);
    const [first, ...others] = target.jumps.map(parseJump);
    if (!first) return [target];
    // As OpenSSH: the first jump may need jumps of its own; the others are reached through the one before.
    const chain = await follow(first.host, first, depth + 1);
    for (const jump of others) chain.push(await resolveTarget(deps, jump.host, jump));
    return [...chain, target];
  };
  return follow(host, {}, 0);
}
