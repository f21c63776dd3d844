/**
 * The bundles of the product: name, entry and size budget in kB (design §7). A dynamic `import()` of a Node bundle's
 * entry file from another bundle becomes a load of that bundle at run time, so heavy libraries wait for first use.
 */
export interface BundleSpec {
  readonly name: string;
  readonly entry: string;
  readonly runtime: 'node' | 'browser';
  readonly budgetKB?: number;
}

export const BUNDLES: readonly BundleSpec[] = [
  { name: 'extension', entry: 'src/extension.ts', runtime: 'node', budgetKB: 150 },
  { name: 'core', entry: 'src/core/research.ts', runtime: 'node', budgetKB: 500 },
  { name: 'llm', entry: 'src/core/models/client.ts', runtime: 'node', budgetKB: 600 },
  { name: 'ideator', entry: 'src/core/ideator/index.ts', runtime: 'node', budgetKB: 300 },
  { name: 'implementer', entry: 'src/core/implementer/index.ts', runtime: 'node', budgetKB: 325 },
  { name: 'ruff', entry: 'src/core/implementer/gate/ruff/worker.ts', runtime: 'node', budgetKB: 150 },
  { name: 'ssh', entry: 'src/core/workers/ssh/worker.ts', runtime: 'node', budgetKB: 350 },
  { name: 'local', entry: 'src/core/workers/local/index.ts', runtime: 'node' },
  { name: 'probe', entry: 'src/core/workers/probe.ts', runtime: 'node' },
  { name: 'store-worker', entry: 'src/core/store/worker.ts', runtime: 'node' },
  { name: 'pattern-worker', entry: 'src/core/metrics/pattern-worker.ts', runtime: 'node' },
  { name: 'detect', entry: 'src/core/environment/detect/index.ts', runtime: 'node', budgetKB: 250 },
  { name: 'metric-files', entry: 'src/core/metrics/files/index.ts', runtime: 'node' },
  { name: 'supervisor', entry: 'src/core/workers/local/supervisor.ts', runtime: 'node' },
  { name: 'cli', entry: 'src/cli.ts', runtime: 'node' },
  { name: 'webview', entry: 'webview-ui/main.tsx', runtime: 'browser', budgetKB: 260 },
];
