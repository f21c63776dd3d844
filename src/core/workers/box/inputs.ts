import { formatSize, HumanError, isHumanError, type RunId } from '../../domain/index.ts';
import { type Clock, type Files, orAborted } from '../../system/index.ts';
import { Meter } from '../meter.ts';
import type { Shipment, SubmitOptions } from '../types.ts';
import { throwForAnswer } from './answers.ts';
import type { BoxCalls } from './calls.ts';

const CHUNK = 256 * 1024;
/** How often somebody else's upload is looked at, and how long it may stand still before ours takes its place. */
const LOOK_MS = 1000;
const STILL_MS = 15_000;
/** Room that a box keeps beside the inputs, for the runs themselves. */
const SPARE_BYTES = 16 * 1024 * 1024;
/** An answer other than "taken" sends on from another byte; so often in a row only where something is wrong. */
const TRIES = 5;

type Input = Shipment['inputs'][number];

/** What the box lacks of an input. */
interface Wanted {
  readonly input: Input;
  readonly size: number;
  /** Bytes of it that are there from an upload that broke off. */
  readonly from: number;
  readonly runs: readonly RunId[];
}

export interface InputLimits {
  /** The box's name, for questions and messages. */
  readonly box: string;
  /** Bytes above which a person is asked. */
  readonly askAbove: number;
}

/** Sends the untracked files that runs need, each content once, whoever of this process wants it. */
export class InputSender {
  readonly #calls: BoxCalls;
  readonly #files: Files;
  readonly #clock: Clock;
  readonly #limits: InputLimits;
  readonly #flights = new Map<string, Promise<void>>();
  /** Ends when the last upload that was asked for has ended, one way or the other. */
  #line: Promise<void> = Promise.resolve();

  constructor(calls: BoxCalls, system: { readonly files: Files; readonly clock: Clock }, limits: InputLimits) {
    this.#calls = calls;
    this.#files = system.files;
    this.#clock = system.clock;
    this.#limits = limits;
  }

  /**
   * Sends what the box wants. Gives an error for each run whose input could not be sent.
   * @param want what the box lacks: sha256, and how many bytes of it are there
   * @param free bytes on the disk of the box
   * @throws HumanError `unreachable`, `box-disk-full` and what else stops all runs
   */
  async send(
    shipments: readonly Shipment[],
    want: ReadonlyMap<string, number>,
    free: number | undefined,
    options: SubmitOptions,
  ): Promise<Map<RunId, HumanError>> {
    const errors = new Map<RunId, HumanError>();
    if (want.size === 0) return errors;
    const fail = (wanted: Pick<Wanted, 'runs'>, error: HumanError) => {
      for (const run of wanted.runs) errors.set(run, errors.get(run) ?? error);
    };
    const missing: Wanted[] = [];
    for (const one of wantedOf(shipments, want)) {
      const info = await this.#files.info(one.input.source);
      if (info) missing.push({ ...one, size: info.size });
      else
        fail(one, new HumanError(`${one.input.source} (inputs in research.yaml) is gone.`, { code: 'missing-input' }));
    }
    const bytes = missing.reduce((sum, { size, from }) => sum + Math.max(0, size - from), 0);
    if (bytes > this.#limits.askAbove && !(await this.#agreed(missing, bytes, options))) {
      const error = this.#unanswered(missing, bytes);
      for (const one of missing) fail(one, error);
      return errors;
    }
    if (free !== undefined && bytes + SPARE_BYTES > free) throw this.#noRoom(bytes, free);
    const meter = new Meter(this.#clock, bytes, options.progress);
    for (const one of missing) {
      try {
        await this.#once(one, meter, options.signal);
      } catch (error) {
        if (!isHumanError(error) || error.code !== 'input-changed') throw error;
        fail(one, error);
      }
    }
    return errors;
  }

  async #agreed(missing: readonly Wanted[], bytes: number, { mayShip }: SubmitOptions): Promise<boolean> {
    const inputs = missing.map(({ input, size, from }) => ({
      path: input.path,
      sha256: input.sha256,
      bytes: Math.max(0, size - from),
    }));
    const runs = [...new Set(missing.flatMap((one) => one.runs))];
    return (await mayShip?.({ box: this.#limits.box, bytes, inputs, runs })) ?? false;
  }

  #unanswered(missing: readonly Wanted[], bytes: number): HumanError {
    const { box, askAbove } = this.#limits;
    const [first] = missing;
    const others = missing.length > 1 ? ` and ${missing.length - 1} more` : '';
    return new HumanError(
      `It waits for a yes to send ${formatSize(bytes)} of inputs to ${box} (${first?.input.path}${others}); without asking go ${formatSize(askAbove)}. Say yes where you are asked, or set ask_above of ${box} in boxes.yaml to more.`,
      { code: 'ask-inputs' },
    );
  }

  #noRoom(bytes: number, free: number): HumanError {
    return new HumanError(
      `The inputs need ${formatSize(bytes)} on ${this.#calls.where} and ${formatSize(free)} are free there. Free space, or set root of ${this.#limits.box} to another folder.`,
      { code: 'box-disk-full' },
    );
  }

  /**
   * Several that want the same content wait for one upload; different ones go one after the other, so that other calls to
   * the box find a channel. Where its own asker gave an upload up, the next takes over.
   */
  async #once(wanted: Wanted, meter: Meter, signal?: AbortSignal): Promise<void> {
    const { sha256 } = wanted.input;
    for (;;) {
      signal?.throwIfAborted();
      const flight = this.#flights.get(sha256);
      if (!flight) break;
      const arrived = flight.then(
        () => true,
        () => false,
      );
      if (await orAborted(arrived, signal)) return;
    }
    const own = this.#line.then(() => {
      signal?.throwIfAborted();
      return this.#upload(wanted, meter, signal);
    });
    this.#flights.set(sha256, own);
    this.#line = own.then(
      () => {
        this.#flights.delete(sha256);
      },
      () => {
        this.#flights.delete(sha256);
      },
    );
    await orAborted(own, signal);
  }

  async #upload(wanted: Wanted, meter: Meter, signal?: AbortSignal): Promise<void> {
    const { input, size } = wanted;
    let from = wanted.from;
    let over = false;
    // Behind another upload nothing is sent: only asked for.
    let behind = false;
    let still = { bytes: -1, since: this.#clock.monotonic() };
    const before = meter.sent;
    const there = (bytes: number) => meter.set(before + Math.max(0, bytes - wanted.from));
    meter.begin(input.path, wanted.runs);
    for (let tries = 0; tries < TRIES; ) {
      there(from);
      const answer = await this.#put(wanted, from, behind ? from : size, over, meter, signal);
      const [word = '', digits = ''] = answer.trim().split('\n').at(-1)?.split(' ') ?? [];
      over = false;
      behind = word === 'BUSY';
      if (word === 'TAKEN') {
        there(size);
        return;
      }
      if (word === 'BUSY') {
        const now = this.#clock.monotonic();
        if (Number(digits) !== still.bytes) still = { bytes: Number(digits), since: now };
        over = now - still.since >= STILL_MS;
        from = Number(digits);
        there(from);
        await this.#clock.sleep(LOOK_MS, signal);
      } else if (word === 'AT') {
        from = Number(digits);
        tries += 1;
      } else if (word === 'DIFFERENT') {
        if (from === 0) break;
        // What came before may have been of another file: all of it anew.
        from = 0;
        tries += 1;
      } else {
        throw this.#calls.cut();
      }
    }
    throw new HumanError(
      `The input ${input.path} changed while it was sent to ${this.#calls.where} (${size} bytes). It is sent again as it is then.`,
      { code: 'input-changed' },
    );
  }

  /** Sends the bytes from one to another; none where they are the same. */
  async #put(
    { input, size }: Wanted,
    from: number,
    to: number,
    over: boolean,
    meter: Meter,
    signal?: AbortSignal,
  ): Promise<string> {
    const files = this.#files;
    async function* bytes() {
      for (let offset = from; offset < to; ) {
        signal?.throwIfAborted();
        const chunk = await files.readRange(input.source, offset, Math.min(CHUNK, to - offset));
        if (chunk.length === 0) return;
        offset += chunk.length;
        yield chunk;
        meter.add(chunk.length);
      }
    }
    const args = [input.sha256, String(size), String(from), over ? 'over' : ''];
    const answer = await this.#calls.text('put-input', args, { input: bytes, signal });
    throwForAnswer(answer, this.#calls.where);
    return answer;
  }
}

/** Each wanted content once, with the runs that wait for it. */
function wantedOf(shipments: readonly Shipment[], want: ReadonlyMap<string, number>): Omit<Wanted, 'size'>[] {
  return [...want].flatMap(([sha256, from]) => {
    const of = (shipment: Shipment) => shipment.inputs.find((input) => input.sha256 === sha256);
    const runs = shipments.filter(of).map(({ run }) => run);
    const input = shipments.map(of).find((one) => one !== undefined);
    return input ? [{ input, from, runs }] : [];
  });
}
