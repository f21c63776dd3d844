import type { Change } from './changes.ts';
import { functionLines } from './code.ts';

export interface Sketch {
  readonly title: string;
  readonly why: string;
  readonly changes: readonly Change[];
}

/**
 * Structural ideas for code that has the place for them: each looks at the files, and has nothing to say where its
 * function or line is missing.
 */
export function structuralSketches(files: ReadonlyMap<string, string>): Sketch[] {
  return [...files].flatMap(([path, text]) =>
    path.endsWith('.py') ? [longerContext(path, text), adaptiveSteps(path, text), linearDecay(path, text)].flat() : [],
  );
}

/** Rows for more positions of the history: a table that looked at the last character looks at the last two. */
function longerContext(path: string, text: string): Sketch[] {
  const weights = /^\s*(self\.weights = \[\[(.+) for _ in range\(size\)\] for _ in range\(size\)\])$/m.exec(text);
  const rows = functionLines(text, 'rows');
  if (!weights?.[1] || !rows || !/return \[history\[-1\]\]/.test(text)) return [];
  return [
    {
      title: 'Look at the last two characters instead of one',
      why: '`rows` switches on a single row of the table, so the model cannot tell "th" from "sh". A second table for the position before adds what is missing at twice the cost of a prediction.',
      changes: [
        {
          kind: 'line',
          path,
          old: weights[1],
          code: `self.weights = [[${weights[2]} for _ in range(size)] for _ in range(2 * size)]`,
        },
        {
          kind: 'function',
          path,
          name: 'rows',
          code: [
            'def rows(self, history):',
            '    """The rows that a history (character numbers, the newest last) switches on: one a position."""',
            '    return [history[-1], self.size + history[-2]]',
          ].join('\n'),
        },
      ],
    },
  ];
}

/** AdaGrad in place of plain descent, where `update` is handed gradients by row. */
function adaptiveSteps(path: string, text: string): Sketch[] {
  const span = functionLines(text, 'update');
  const body = span ? text.split('\n').slice(span.start, span.end).join('\n') : '';
  if (
    !/def update\(self, gradient, learning_rate, weight_decay\)/.test(body) ||
    !/self\.bias = \[0\.0\] \* size/.test(text)
  )
    return [];
  return [
    {
      title: 'Adaptive step sizes for every weight',
      why: 'Rare characters get few gradients, and one step size for all of them leaves their rows behind. Dividing by the root of the summed squares gives each weight a step of its own, as AdaGrad does.',
      changes: [
        {
          kind: 'line',
          path,
          old: 'self.bias = [0.0] * size',
          code: 'self.bias = [0.0] * size\nself.squares = {}  # summed squares of the gradients, by row',
        },
        {
          kind: 'function',
          path,
          name: 'update',
          code: [
            'def update(self, gradient, learning_rate, weight_decay):',
            '    """One step of AdaGrad."""',
            '    for row, step in gradient.items():',
            '        values = self.bias if row is None else self.weights[row]',
            '        decay = 0.0 if row is None else weight_decay',
            '        squares = self.squares.setdefault(row, [1e-8] * self.size)',
            '        squares[:] = [s + g * g for s, g in zip(squares, step)]',
            '        values[:] = [',
            '            value - learning_rate * (g / math.sqrt(s) + decay * value)',
            '            for value, g, s in zip(values, step, squares)',
            '        ]',
          ].join('\n'),
        },
      ],
    },
  ];
}

/** A straight line in place of a half cosine. */
function linearDecay(path: string, text: string): Sketch[] {
  const found = /^[ \t]*(.*0\.5 \* \(1\.0 \+ math\.cos\(math\.pi \* (\w+)\)\).*)$/m.exec(text);
  const [, line, share] = found ?? [];
  if (!line || !share) return [];
  return [
    {
      title: 'A linear decay in place of the cosine',
      why: 'The cosine spends its last third close to the smallest learning rate. A straight line keeps the steps useful for longer in a run this short.',
      changes: [
        {
          kind: 'line',
          path,
          old: line,
          code: line.replace(/0\.5 \* \(1\.0 \+ math\.cos\(math\.pi \* \w+\)\)/, `(1.0 - ${share})`),
        },
      ],
    },
  ];
}
