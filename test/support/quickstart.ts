import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { realSpawn } from '../../src/core/system/index.ts';

/** A change to examples/quickstart, as texts that stand in its files once. */
export interface Variant {
  readonly name: string;
  readonly edits: readonly { readonly file: string; readonly from: string; readonly to: string }[];
}

const DECAY =
  '            values[:] = [value - learning_rate * (g + decay * value) for value, g in zip(values, step)]\n';

const argument = (name: string, from: string, to: string): Variant => ({
  name: `\`${name}\` ${from} → ${to}`,
  edits: [
    { file: 'train.py', from: `"--${name}", type=${type(from)}, default=${from},`, to: argumentText(name, from, to) },
  ],
});
const type = (literal: string) => (literal.includes('.') ? 'float' : 'int');
const argumentText = (name: string, from: string, to: string) => `"--${name}", type=${type(from)}, default=${to},`;
const constant = (name: string, from: string, to: string): Variant => ({
  name: `\`${name}\` ${from} → ${to}`,
  edits: [{ file: 'model.py', from: `${name} = ${from} `, to: `${name} = ${to} ` }],
});
const positions = (count: number): Variant => ({
  name: `the last ${count} characters, a table row for each`,
  edits: [
    {
      file: 'model.py',
      from: 'for _ in range(size)] for _ in range(size)]',
      to: `for _ in range(size)] for _ in range(${count} * size)]`,
    },
    {
      file: 'model.py',
      from: '        return [history[-1]]\n',
      to: `        return [back * self.size + history[-1 - back] for back in range(${count})]\n`,
    },
  ],
});
const remembering = (name: string, memory: string, lines: string): Variant => ({
  name,
  edits: [
    {
      file: 'model.py',
      from: '        self.bias = [0.0] * size\n',
      to: `        self.bias = [0.0] * size\n        self.${memory} = {}\n`,
    },
    { file: 'model.py', from: DECAY, to: lines },
  ],
});

/** The changes of the table in examples/quickstart/README.md: hyperparameters first, then changes of the code. */
export const VARIANTS = {
  rateUp: argument('learning_rate', '0.5', '1.5'),
  rateDown: argument('learning_rate', '0.5', '0.15'),
  batchDown: argument('batch_size', '32', '8'),
  batchUp: argument('batch_size', '32', '128'),
  decayDown: argument('weight_decay', '0.01', '0.001'),
  decayUp: argument('weight_decay', '0.01', '0.1'),
  scaleUp: constant('INIT_SCALE', '0.5', '1.5'),
  smoothing: constant('LABEL_SMOOTHING', '0.0', '0.1'),
  clip: argument('grad_clip', '1.0', '0.3'),
  warmup: argument('warmup', '0.1', '0.3'),
  twoCharacters: positions(2),
  threeCharacters: positions(3),
  momentum: remembering(
    'momentum 0.9 in place of plain gradient descent',
    'speed',
    `            speed = [0.9 * v + g for v, g in zip(self.speed.get(row, [0.0] * self.size), step)]
            self.speed[row] = speed
            values[:] = [value - learning_rate * (g + decay * value) for value, g in zip(values, speed)]
`,
  ),
  adagrad: remembering(
    'a step size of its own for every weight (Adagrad)',
    'squares',
    `            squares = [s + g * g for s, g in zip(self.squares.get(row, [1e-8] * self.size), step)]
            self.squares[row] = squares
            step = [g / math.sqrt(s) for g, s in zip(step, squares)]
${DECAY}`,
  ),
  softCap: {
    name: 'soft cap on the sums, `4 tanh(x / 4)`, against overconfidence',
    edits: [
      {
        file: 'model.py',
        from: '        top = max(sums)\n',
        to: '        sums = [4.0 * math.tanh(value / 4.0) for value in sums]\n        top = max(sums)\n',
      },
    ],
  },
} as const satisfies Readonly<Record<string, Variant>>;

/** Copies a folder of examples/ to a fresh temporary folder. */
export async function copyExample(name = 'quickstart'): Promise<string> {
  const folder = await fs.mkdtemp(path.join(tmpdir(), `${name}-`));
  await fs.cp(path.resolve('examples', name), folder, {
    recursive: true,
    filter: (file) => path.basename(file) !== '__pycache__',
  });
  return folder;
}

/** Puts a variant into a copy. @throws when a text does not stand in its file exactly once */
export async function applyVariant(folder: string, variant: Variant): Promise<void> {
  for (const edit of variant.edits) {
    const file = path.join(folder, edit.file);
    const text = await fs.readFile(file, 'utf8');
    if (text.split(edit.from).length !== 2) throw new Error(`${edit.file} does not hold once: ${edit.from}`);
    await fs.writeFile(
      file,
      text.replace(edit.from, () => edit.to),
    );
  }
}

/** Runs train.py to its end and gives its log. @throws with the log when it fails */
export async function train(folder: string, seed: number): Promise<string> {
  const result = await realSpawn.run('python3', ['train.py'], {
    cwd: folder,
    env: { ...process.env, SEED: String(seed), PYTHONDONTWRITEBYTECODE: '1' },
  });
  if (result.code !== 0) throw new Error(`train.py ended with ${result.code}: ${result.stderr.toString('utf8')}`);
  return result.stdout.toString('utf8');
}

/** The last validation loss of a log of examples/quickstart. */
export function lastLoss(log: string): number {
  return Number([...log.matchAll(/val loss ([\d.]+)/g)].at(-1)?.[1] ?? Number.NaN);
}

/**
 * Skips a suite where there is no python3, with the line that installs it; fails there in CI.
 * @throws in CI, when python3 cannot be started
 */
export async function needPython(context: Mocha.Context): Promise<void> {
  try {
    await realSpawn.run('python3', ['--version']);
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    console.log('python3 is missing: apt-get install -y --no-install-recommends python3');
    context.skip();
  }
}
