import picomatch from 'picomatch';
import type { Environment } from '../domain/index.ts';

/** Whether a repository path matches any of the globs. A glob that names a folder matches what is in it. */
export function matcher(globs: readonly string[]): (path: string) => boolean {
  const tests = globs.flatMap((glob) => {
    const plain = glob.replace(/^\.\//, '').replace(/\/+$/, '');
    return [picomatch(plain, { dot: true }), picomatch(`${plain}/**`, { dot: true })];
  });
  return (path) => tests.some((test) => test(path));
}

/** Whether a patch may change a file: `editable` and not `protected`. `research.yaml` itself never. */
export function changeable(environment: Pick<Environment, 'editable' | 'protected'>): (path: string) => boolean {
  const editable = matcher(environment.editable);
  const kept = matcher(environment.protected);
  return (path) => path !== 'research.yaml' && editable(path) && !kept(path);
}
