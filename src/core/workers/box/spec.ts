import {
  type BoxOf,
  type Environment,
  HumanError,
  parseDuration,
  parseSize,
  type SeedRule,
} from '../../domain/index.ts';
import type { Shipment } from '../types.ts';
import { globRoots, globsToRegexes, metricGlobs } from './glob.ts';

/** A run without a limit of its own would hold a GPU for ever; the schema gives one hour. */
const DEFAULT_TIMEOUT_S = 3600;

/** The shell command that a run of this purpose is, with the seed's flag. */
export function commandOf(shipment: Pick<Shipment, 'purpose' | 'environment' | 'seed'>): string {
  const { environment, purpose } = shipment;
  const command = purpose === 'evaluate' ? (environment.evaluate ?? environment.run) : environment.run;
  const flag = purpose === 'evaluate' ? undefined : flagOf(environment.seed);
  if (flag === undefined) return command;
  return flag.endsWith('=') ? `${command} ${flag}${shipment.seed}` : `${command} ${flag} ${shipment.seed}`;
}

function flagOf(seed: SeedRule): string | undefined {
  return typeof seed === 'object' && 'flag' in seed ? seed.flag : undefined;
}

function checkPath(path: string, what: string): string {
  if (/[\n\t\0]/.test(path) || path === '' || path.startsWith('/') || path.split('/').includes('..')) {
    throw new HumanError(
      `${what}: ${JSON.stringify(path)} cannot be laid out on a box. Use a path inside the repository without .. or line breaks.`,
      { code: 'bad-path' },
    );
  }
  return path;
}

function slots(box: BoxOf<'ssh'> | BoxOf<'slurm'>): { gpuList: string; cpuSlots: number } {
  if (box.kind === 'slurm') return { gpuList: 'all', cpuSlots: 1 };
  return { gpuList: box.gpus === 'all' ? 'all' : box.gpus.join(' '), cpuSlots: box.cpu_slots };
}

/** The kinds whose values of one line come as a line. */
const LINES: Readonly<Record<string, string>> = { spec: 'line', env: 'env-line' };

/** What a run's `spec` folder holds, by file name. No secrets. */
export function specFiles(box: BoxOf<'ssh'> | BoxOf<'slurm'>, shipment: Shipment): Record<string, string> {
  const environment: Environment = shipment.environment;
  const { gpuList, cpuSlots } = slots(box);
  return {
    trusted: shipment.trusted,
    run: commandOf(shipment),
    evaluate: evaluates(shipment) ? (environment.evaluate ?? '') : '',
    setup: environment.setup ?? '',
    setup_inputs: globsToRegexes(environment.setup_inputs).trimEnd(),
    protected: globsToRegexes(environment.protected).trimEnd(),
    artifacts: globsToRegexes(environment.artifacts).trimEnd(),
    metric_files: globsToRegexes(metricGlobs(environment.metrics)).trimEnd(),
    metric_roots: globRoots(metricGlobs(environment.metrics)).join('\n'),
    timeout: String(parseDuration(environment.resources.timeout) ?? DEFAULT_TIMEOUT_S),
    gpus: String(environment.resources.gpus),
    gpu_list: gpuList,
    cpu_slots: String(cpuSlots),
    ...(box.kind === 'slurm' ? { gpu_type: box.gpu_type ?? '' } : {}),
    start_before: String(Math.floor(shipment.startBefore ?? 0)),
    sandbox: box.sandbox,
    sandbox_image: box.sandbox_image ?? '',
    secret_names: Object.keys(shipment.secrets).join('\n'),
    max_log: String(parseSize(box.max_log) ?? 0),
    max_disk: String(parseSize(box.max_disk) ?? 0),
    inputs: shipment.inputs.map((input) => `${input.sha256} ${checkPath(input.path, 'inputs')}\n`).join(''),
    links: Object.entries(environment.links)
      .map(([path, target]) => `${checkPath(path, 'links')}\t${target.replaceAll('\n', ' ')}\n`)
      .join(''),
  };
}

function evaluates(shipment: Shipment): boolean {
  return shipment.purpose === 'baseline' || shipment.purpose === 'trial';
}

/** The variables of the run: those of `env`, and the seed's. */
export function variables(shipment: Pick<Shipment, 'environment' | 'seed'>): Record<string, string> {
  const { env, seed } = shipment.environment;
  return typeof seed === 'object' && 'env' in seed ? { ...env, [seed.env]: String(shipment.seed) } : { ...env };
}

/**
 * One run in the stream that `start.sh` reads: `run ID COMMIT`, frames of `kind name length` and their bytes, `end`.
 * Secrets are only ever held in the environment of the supervisor.
 * @throws HumanError `bad-path`, `bad-name`
 */
export function runFrames(
  box: BoxOf<'ssh'> | BoxOf<'slurm'>,
  shipment: Shipment,
  secrets: Readonly<Record<string, string>>,
): Buffer {
  const parts: Buffer[] = [Buffer.from(`run ${shipment.run} ${shipment.commit}\n`)];
  const frame = (kind: string, name: string, body: Buffer) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || /^rc_/i.test(name)) {
      throw new HumanError(`${name} cannot be the name of a variable on a box. Rename it in research.yaml.`, {
        code: 'bad-name',
      });
    }
    parts.push(Buffer.from(`${kind} ${name} ${body.length}\n`), body);
  };
  const text = (kind: string, name: string, value: string) => {
    if (value.includes('\0')) {
      throw new HumanError(`The value of ${name} holds a NUL byte, which no command can take.`, { code: 'bad-name' });
    }
    const line = LINES[kind];
    if (line === undefined || value.includes('\n')) frame(kind, name, Buffer.from(value, 'utf8'));
    else frame(line, name, Buffer.from(`${value}\n`, 'utf8'));
  };
  for (const [name, value] of Object.entries(specFiles(box, shipment))) text('spec', name, value);
  for (const [name, value] of Object.entries(variables(shipment))) text('env', name, value);
  for (const [name, value] of Object.entries(secrets)) text('secret', name, value);
  parts.push(Buffer.from('end end 0\n'));
  return Buffer.concat(parts);
}

/** What `start.sh` reads: the pack for all runs, the runs, `done`. A stream without it was cut. */
export function startStream(runs: readonly Buffer[], pack: Buffer | undefined): Buffer[] {
  const head = pack ? [Buffer.from(`pack pack ${pack.length}\n`), pack] : [];
  return [...head, ...runs, Buffer.from('done done 0\n')];
}
