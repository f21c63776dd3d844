import { HumanError } from '../domain/index.ts';

/** A link of research.yaml leads nowhere on a box, or to what its account may not read. */
export function linkMissing(name: string, target: string, where: string, unreadable: boolean): HumanError {
  const what = unreadable ? 'cannot be read there' : 'does not exist there';
  return new HumanError(
    `links: ${name} points to ${target} on ${where}, which ${what}. Put it there, or change links in research.yaml.`,
    { code: 'link-missing' },
  );
}
