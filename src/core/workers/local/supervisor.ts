import { uptime } from 'node:os';
import { realProcesses, realSystem } from '../../system/index.ts';
import { createHolderFile, formatHolder, type Holder } from './holder.ts';
import { layoutOf, type RunSpec } from './layout.ts';
import { supervise } from './supervise.ts';

/**
 * The supervisor of one local run: a process of its own that lives on when the editor is closed.
 * Arguments: the box's root, the run. Secrets come as JSON on stdin and stay in memory.
 */
async function main(): Promise<void> {
  const [root, id] = process.argv.slice(2);
  if (root === undefined || id === undefined) throw new Error('supervisor ROOT RUN');
  const system = realSystem();
  const { clock, files, pid } = system;
  const machine = realProcesses.machine(system.hostname);
  const layout = layoutOf(root, machine);
  const run = layout.run(id);
  const me: Holder = { pid, started: realProcesses.startTime(pid), machine };

  let told = false;
  process.on('SIGTERM', () => {
    told = true;
  });
  process.on('SIGINT', () => {
    told = true;
  });
  process.on('SIGHUP', () => {});

  // Exclusive: of two supervisors of one run the second leaves everything as it is.
  if (!(await createHolderFile(files, run.pid, formatHolder(me)))) return;
  let input = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) input += chunk;
  const secrets: Record<string, string> = JSON.parse(input === '' ? '{}' : input);
  const spec: RunSpec = JSON.parse((await files.readText(run.spec)) ?? '');
  const windows = system.platform === 'win32';
  const parts = { ...system, processes: realProcesses, machine, me, now: clock.now, windows, uptime };
  await supervise({ parts, layout, run, spec, secrets, told: () => told });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
