import { type BoxOf, HumanError, type RunId } from '../../domain/index.ts';
import { throwForAnswer } from '../box/answers.ts';
import { outcomeOf, type StartAnswer } from '../box/shipper.ts';
import { BoxWorker } from '../box/worker.ts';
import type { BoxReport, Shipment, SubmitOptions } from '../types.ts';
import { arraysOf } from './arrays.ts';
import { boxOptions, gresOption, limitSeconds, sbatchOptions } from './options.ts';
import { parseCluster } from './probe.ts';

/** The same run folder, started by the cluster's queue. Our own `exit` file decides; Slurm's word makes no success. */
export class SlurmWorker extends BoxWorker<BoxOf<'slurm'>> {
  override async probe(signal?: AbortSignal): Promise<BoxReport> {
    const report = await super.probe(signal);
    const gres = this.box.gpu_type === undefined ? [] : [gresOption(this.box, 1)];
    const answer = await this.calls.text('slurm-probe', [...gres, ...boxOptions(this.box)], { signal });
    const said = parseCluster(answer, this.box);
    if (!said) throw this.calls.cut();
    // The login node's GPUs are not the cluster's. What a run is measured on it says itself, from its node.
    const hardware = `slurm:${this.box.partition ?? 'default'}${this.box.gpu_type === undefined ? '' : `:${this.box.gpu_type}`}`;
    const problems = [...report.problems, ...said.problems];
    return { ...report, gpus: [], hardware, problems, ...(said.cluster ? { cluster: said.cluster } : {}) };
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
    for (const [run, answer] of received) if (answer !== 'HELD') answers.set(run, answer);
    const held = shipments.filter(({ run }) => received.get(run) === 'HELD');
    for (const group of arraysOf(held)) {
      for (const [run, answer] of await this.#queue(group, options.signal)) answers.set(run, answer);
    }
    return answers;
  }

  /** @throws HumanError `slurm-secrets` where they would have to lie on the cluster's disk for as long as the run lives */
  protected override secretsOf(shipment: Shipment): Readonly<Record<string, string>> {
    if (!this.box.secrets) return {};
    if (this.box.requeue && Object.keys(shipment.secrets).length > 0) {
      throw new HumanError(
        `boxes.yaml: ${this.box.name} has both secrets and requeue. A run that Slurm starts again would need its secrets again, and they are removed when it first starts. Take one of the two out.`,
        { code: 'slurm-secrets' },
      );
    }
    return shipment.secrets;
  }

  /** Hands runs with the same options to Slurm: one job, or one array. */
  async #queue(shipments: readonly Shipment[], signal?: AbortSignal): Promise<Map<RunId, StartAnswer>> {
    const answers = new Map<RunId, StartAnswer>();
    const [first] = shipments;
    if (!first) return answers;
    const { environment } = first;
    const args = [String(this.box.max_jobs), String(limitSeconds(this.box, environment))];
    const answer = await this.calls.text('slurm-start', [...args, ...sbatchOptions(this.box, environment)], {
      input: Buffer.from(shipments.map(({ run }) => `${run}\n`).join('')),
      signal,
    });
    throwForAnswer(answer, this.transport.where);
    const lines = answer.split('\n');
    if (!lines.includes('END')) throw this.calls.cut();
    for (const { run } of shipments) {
      const line = lines.find((text) => text.startsWith(`${run} `));
      if (line === undefined) throw this.calls.cut();
      answers.set(run, this.#answerOf(line.slice(run.length + 1).trimEnd()));
    }
    return answers;
  }

  #answerOf(said: string): StartAnswer {
    const blank = said.indexOf(' ');
    const [word, rest] = blank < 0 ? [said, ''] : [said.slice(0, blank), said.slice(blank + 1)];
    if (word === 'LACK') return 'lack';
    if (word === 'REFUSED') {
      return new HumanError(
        `Slurm on ${this.transport.where} refused the run: ${rest}. Check partition, account, time and options of ${this.box.name} in boxes.yaml.`,
        { code: 'slurm-refused' },
      );
    }
    if (word === 'DOWN') {
      return new HumanError(
        `The controller of the cluster does not answer ${this.transport.where}: ${rest}. Nothing is lost and nothing is sent twice; it is asked again.`,
        { code: 'slurm-down' },
      );
    }
    const outcome = outcomeOf(word, this.transport.where);
    if (outcome === undefined) throw this.calls.cut();
    return outcome;
  }
}
