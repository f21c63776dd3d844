import { cpus } from 'node:os';
import type { BoxOf } from '../../domain/index.ts';
import type { BoxReport } from '../types.ts';
import { listGpus } from './gpus.ts';
import type { Layout } from './layout.ts';
import type { LocalParts } from './worker.ts';

const TOOLS = ['git', 'python3', 'uv'];
const LOW_BYTES = 1024 ** 3;

async function version(parts: LocalParts, tool: string): Promise<string | undefined> {
  try {
    const result = await parts.spawn.run(tool, ['--version'], { signal: AbortSignal.timeout(10_000) });
    return /\d+(?:\.\d+)+/.exec(result.stdout.toString('utf8'))?.[0] ?? '';
  } catch {
    return undefined;
  }
}

/** What this machine is and has. */
export async function probe(parts: LocalParts, layout: Layout, box: BoxOf<'local'>): Promise<BoxReport> {
  const problems: { what: string; fix: string }[] = [];
  await parts.files.makeFolder(layout.root, 0o700);
  const found = await Promise.all(TOOLS.map(async (tool) => [tool, await version(parts, tool)] as const));
  const tools = Object.fromEntries(found.flatMap(([tool, known]) => (known === undefined ? [] : [[tool, known]])));
  if (tools.git === undefined) {
    problems.push({ what: 'git is missing', fix: 'Install git; code is handed to runs with it.' });
  }
  const listed = box.gpus === 0 ? { gpus: [] } : await listGpus(parts.spawn);
  if (listed.problem) problems.push({ what: listed.problem, fix: 'Check the NVIDIA driver, or set gpus: 0.' });
  const gpus = listed.gpus.filter(({ index }) => box.gpus === 'all' || (box.gpus !== 0 && box.gpus.includes(index)));
  if (Array.isArray(box.gpus)) {
    const missing = box.gpus.filter((wanted) => !gpus.some(({ index }) => index === wanted));
    if (missing.length > 0 && !listed.problem) {
      problems.push({ what: `boxes.yaml names GPU ${missing.join(', ')}, which is not here`, fix: 'Correct gpus.' });
    }
  }
  const freeBytes = await parts.files.freeSpace(layout.root);
  if (freeBytes < LOW_BYTES) {
    problems.push({ what: `only ${Math.floor(freeBytes / 1024 ** 2)} MiB are free`, fix: 'Clean up, or set root.' });
  }
  const kinds = [...new Set(gpus.map(({ name }) => name))];
  const model = cpus()[0]?.model.trim();
  return {
    box: box.name,
    reachable: true,
    latencyMs: 0,
    gpus,
    freeBytes,
    tools,
    problems,
    hardware: kinds.length > 0 ? kinds.join(' + ') : `cpu:${model || process.arch}`,
    checkedAt: parts.clock.now(),
  };
}
