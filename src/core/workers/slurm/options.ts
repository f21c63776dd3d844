import { type BoxOf, HumanError, parseDuration } from '../../domain/index.ts';
import type { Shipment } from '../types.ts';

/** Long options that are ours: another value would break the run folder's rules, or an abbreviation of one would. */
const OURS = [
  'account',
  'array',
  'batch',
  'chdir',
  'clusters',
  'error',
  'export',
  'export-file',
  'get-user-env',
  'gid',
  'help',
  'hold',
  'input',
  'job-name',
  'no-requeue',
  'open-mode',
  'output',
  'parsable',
  'partition',
  'requeue',
  'signal',
  'test-only',
  'time',
  'uid',
  'usage',
  'version',
  'wait',
  'wrap',
];

/** Short options that take a value and are not ours; behind any other letter more letters could hide. */
const SHORT = 'BCFGLNScdmnpqwx';

/** What a run leaves for itself before Slurm stops it: it is told so many seconds before its limit. */
const WARN_S = 90;
/** Laying out, and sweeping at the end. */
const SPARE_S = 300;
/** Building an environment for the first time takes place in the job. */
const SETUP_S = 1800;

/**
 * One option of boxes.yaml as the words sbatch gets.
 * @throws HumanError `slurm-option` for an option that cannot be passed on
 */
function words(box: BoxOf<'slurm'>, option: string): string[] {
  const refuse = (why: string): never => {
    throw new HumanError(
      `boxes.yaml: ${box.name} cannot pass ${JSON.stringify(option)} to sbatch: ${why}. Give one option a line, such as --mem=32G; partition, account, time, gpu_type and requeue have keys of their own.`,
      { code: 'slurm-option' },
    );
  };
  if (/[\n\r\0]/.test(option)) refuse('it holds a line break');
  const long = /^--([a-z][a-z0-9-]*)(?:(?:=|\s+)(.*))?$/.exec(option.trim());
  if (long) {
    const [, name = '', value] = long;
    const ours = OURS.find((one) => one.startsWith(name) || name === one);
    if (ours !== undefined) refuse(`--${ours} is set by Research Copilot`);
    return [value === undefined ? `--${name}` : `--${name}=${value}`];
  }
  const short = /^-([A-Za-z])\s*(.*)$/.exec(option.trim());
  if (!short) return refuse('it is no option');
  const [, letter = '', value = ''] = short;
  if (letter === 'p') refuse('--partition is set by Research Copilot');
  if (!SHORT.includes(letter)) refuse(`-${letter} is not passed on; use the long form`);
  if (value === '') refuse('its value is missing');
  return [`-${letter}`, value];
}

/** Seconds of Slurm's own limit: a backstop behind ours, for everything the job does. */
export function limitSeconds(box: BoxOf<'slurm'>, environment: Shipment['environment']): number {
  const named = parseDuration(box.time ?? '');
  const timeout = parseDuration(environment.resources.timeout) ?? 3600;
  const seconds =
    named ??
    timeout * (environment.evaluate === undefined ? 1 : 2) + (environment.setup === undefined ? 0 : SETUP_S) + SPARE_S;
  return Math.ceil(seconds / 60) * 60;
}

/**
 * The options of sbatch that come from boxes.yaml alone.
 * @throws HumanError `slurm-option`
 */
export function boxOptions(box: BoxOf<'slurm'>): string[] {
  const options: string[] = [];
  for (const key of ['partition', 'account'] as const) {
    const value = box[key];
    if (value === undefined) continue;
    if (/[\n\r\0]/.test(value)) {
      throw new HumanError(`boxes.yaml: ${key} of ${box.name} holds a line break.`, { code: 'slurm-option' });
    }
    options.push(`--${key}=${value}`);
  }
  return [...options, ...box.options.flatMap((option) => words(box, option))];
}

/** `--gres` for so many GPUs. @throws HumanError `slurm-option` for a kind that is no word */
export function gresOption(box: BoxOf<'slurm'>, gpus: number): string {
  if (box.gpu_type !== undefined && !/^[A-Za-z0-9._-]+$/.test(box.gpu_type)) {
    throw new HumanError(
      `boxes.yaml: gpu_type of ${box.name} is a word such as a100, as sinfo -o %G shows it, and not ${JSON.stringify(box.gpu_type)}.`,
      { code: 'slurm-option' },
    );
  }
  return `--gres=gpu:${box.gpu_type === undefined ? '' : `${box.gpu_type}:`}${gpus}`;
}

/**
 * The options of sbatch for a run. Those of boxes.yaml come last, so that they win where sbatch takes the last.
 * @throws HumanError `slurm-option` for an option that cannot be passed on
 */
export function sbatchOptions(box: BoxOf<'slurm'>, environment: Shipment['environment']): string[] {
  const { gpus } = environment.resources;
  const seconds = limitSeconds(box, environment);
  const warn = Math.min(WARN_S, Math.floor(seconds / 4));
  return [
    `--time=${seconds / 60}`,
    `--signal=B:USR1@${warn}`,
    box.requeue ? '--requeue' : '--no-requeue',
    '--nodes=1',
    '--ntasks=1',
    ...(gpus > 0 ? [gresOption(box, gpus)] : []),
    ...boxOptions(box),
  ];
}
