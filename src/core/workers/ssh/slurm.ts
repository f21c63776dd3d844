import { type BoxOf, HumanError, parseDuration, type RunId } from '../../domain/index.ts';
import { outcomeOf, type StartAnswer } from '../box/shipper.ts';
import { BoxWorker } from '../box/worker.ts';
import type { BoxReport, Shipment, SubmitOptions } from '../types.ts';

/** Options we set ourselves: another value would break the run folder's rules. */
const OURS =
  /^(-[JoeaDWMh]|--(job-name|output|error|export|open-mode|parsable|wrap|array|requeue|no-requeue|chdir|wait|test-only|clusters)(=|\s|$))/;

/**
 * The options of sbatch for a run.
 * @throws HumanError `slurm-option` for an option that cannot be passed on
 */
export function sbatchOptions(box: BoxOf<'slurm'>, shipment: Pick<Shipment, 'environment'>): string[] {
  const { gpus, timeout } = shipment.environment.resources;
  // Slurm's limit is a backstop behind ours: five minutes more for laying out and evaluating.
  const seconds = parseDuration(box.time ?? '') ?? (parseDuration(timeout) ?? 3600) + 300;
  const options = [`--time=${Math.ceil(seconds / 60)}`, '--nodes=1', '--ntasks=1'];
  if (gpus > 0) options.push(`--gres=gpu:${box.gpu_type === undefined ? '' : `${box.gpu_type}:`}${gpus}`);
  if (box.partition !== undefined) options.push(`--partition=${box.partition}`);
  if (box.account !== undefined) options.push(`--account=${box.account}`);
  for (const option of box.options) {
    if (!/^--[a-z]|^-[A-Za-z]/.test(option) || /[\n\0]/.test(option) || OURS.test(option)) {
      throw new HumanError(
        `boxes.yaml: ${box.name} cannot pass ${JSON.stringify(option)} to sbatch. Give options such as --mem=32G; job name, output, export and arrays are set by Research Copilot.`,
        { code: 'slurm-option' },
      );
    }
    options.push(option);
  }
  return options;
}

/** The same run folder, started by the cluster's queue. Our own `exit` file decides; Slurm's word for it is not asked. */
export class SlurmWorker extends BoxWorker<BoxOf<'slurm'>> {
  override async probe(signal?: AbortSignal): Promise<BoxReport> {
    const report = await super.probe(signal);
    const said = {
      what: 'secrets are not sent to a cluster',
      fix: 'Keep them in your account there (for instance ~/.netrc), or run on a box of kind ssh.',
    };
    // The login node's GPUs are not the cluster's.
    const hardware = `slurm:${this.box.partition ?? 'default'}${this.box.gpu_type === undefined ? '' : `:${this.box.gpu_type}`}`;
    return { ...report, gpus: [], hardware, problems: [...report.problems, said] };
  }

  protected override async start(
    shipments: readonly Shipment[],
    pack: Buffer | undefined,
    options: SubmitOptions,
  ): Promise<ReadonlyMap<RunId, StartAnswer>> {
    const { where } = this.transport;
    const received = await this.receive(shipments, pack, 'hold', options, (word) =>
      word === 'HELD' ? word : outcomeOf(word, where),
    );
    const answers = new Map<RunId, StartAnswer>();
    for (const shipment of shipments) {
      const answer = received.get(shipment.run);
      if (answer === 'HELD') answers.set(shipment.run, await this.#queue(shipment, options.signal));
      else if (answer !== undefined) answers.set(shipment.run, answer);
    }
    return answers;
  }

  protected override secretsOf(): Readonly<Record<string, string>> {
    return {};
  }

  async #queue(shipment: Shipment, signal?: AbortSignal): Promise<StartAnswer> {
    const options = sbatchOptions(this.box, shipment);
    const answer = await this.calls.text('slurm-start', [shipment.run, ...options], { signal });
    const refused = /^REFUSED (.*)$/m.exec(answer);
    if (refused) {
      return new HumanError(
        `Slurm on ${this.transport.where} refused the run: ${refused[1]}. Check partition, account, time and options of ${this.box.name} in boxes.yaml.`,
        { code: 'slurm-refused' },
      );
    }
    const outcome = outcomeOf(answer.trim().split('\n').at(-1) ?? '', this.transport.where);
    if (outcome === undefined) throw this.calls.cut();
    return outcome;
  }
}
