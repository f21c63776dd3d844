import * as assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { boundedTail } from '../../../src/core/ideator/index.ts';
import { errorLine } from '../../../src/core/search/index.ts';

const PACKAGES = '/home/ana/miniconda3/envs/lm/lib/python3.12/site-packages';

/** A call of a traceback, as Python 3.12 prints it. */
const call = (file: string, line: number, name: string, code: string): string[] => [
  `  File "${file}", line ${line}, in ${name}`,
  `    ${code}`,
  `    ${'^'.repeat(code.length)}`,
];

/** A traceback from `train.py` through so many calls inside of torch. */
const traceback = (error: string, inside: number): string[] => [
  'Traceback (most recent call last):',
  ...call('/runs/17/code/train.py', 88, '<module>', 'loss = model(x)'),
  ...Array.from({ length: inside }, (_, at) =>
    call(`${PACKAGES}/torch/nn/modules/module.py`, 1700 + at, '_call_impl', 'return forward_call(*args, **kwargs)'),
  ).flat(),
  error,
];

/** What torchrun says of its children, each `[rank, exit code]`; the last is the root cause. */
function torchrun(...children: readonly (readonly [number, number])[]): string[] {
  const box = ([rank, code]: readonly [number, number]) => [
    `[${rank}]:`,
    '  time      : 2026-11-27_10:23:20',
    '  host      : box-1',
    `  rank      : ${rank} (local_rank: ${rank})`,
    `  exitcode  : ${code} (pid: ${33051 + rank})`,
    '  error_file: <N/A>',
    '  traceback : To enable traceback see: https://pytorch.org/docs/stable/elastic/errors.html',
  ];
  const root = children.at(-1) ?? [0, 1];
  const others = children.slice(0, -1);
  return [
    ...others.map(
      ([rank]) =>
        `W1127 10:23:17.366000 32974 torch/distributed/elastic/multiprocessing/api.py:900] Sending process ${33051 + rank} closing signal SIGTERM`,
    ),
    `E1127 10:23:20.000000 32974 torch/distributed/elastic/multiprocessing/api.py:874] failed (exitcode: ${root[1]}) local_rank: ${root[0]} (pid: 33054) of binary: /home/ana/miniconda3/envs/lm/bin/python3`,
    'Traceback (most recent call last):',
    ...call('/home/ana/miniconda3/envs/lm/bin/torchrun', 8, '<module>', 'sys.exit(main())'),
    ...call(`${PACKAGES}/torch/distributed/run.py`, 892, 'main', 'run(args)'),
    ...call(`${PACKAGES}/torch/distributed/launcher/api.py`, 270, 'launch_agent', 'raise ChildFailedError('),
    'torch.distributed.elastic.multiprocessing.errors.ChildFailedError: ',
    '='.repeat(60),
    'train.py FAILED',
    '-'.repeat(60),
    'Failures:',
    ...(others.length === 0 ? ['  <NO_OTHER_FAILURES>'] : others.flatMap(box)),
    '-'.repeat(60),
    'Root Cause (first observed failure):',
    ...box(root),
    '='.repeat(60),
  ];
}

const WANDB = [
  'wandb: ',
  'wandb: Run history:',
  ...Array.from({ length: 30 }, (_, at) => `wandb:   metric_${at} ▁▂▃▅▆▇██████████████████████████████████`),
  'wandb: You can sync this run to the cloud by running:',
  'wandb: wandb sync /runs/17/code/wandb/offline-run-20261127_102301-abc',
];
const ERROR = 'RuntimeError: mat1 and mat2 shapes cannot be multiplied (64x128 and 64x512)';

describe("a log's last lines", () => {
  it('never exceed the bound, and are the end of the log', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '\n', ' ', '\u{1f600}', '\r', '\u001b[31m', '\u0007') }),
        fc.integer({ min: 3, max: 60 }),
        (text, max) => {
          const tail = boundedTail(text, max);
          assert.ok(tail.length <= max);
          assert.ok(['\u001b', '\u0007', '\r'].every((character) => !tail.includes(character)));
        },
      ),
    );
    assert.equal(boundedTail('one\ntwo\nthree', 9), '…\nthree');
    assert.equal(boundedTail('10%\r50%\r100%\nValueError: no\n', 100), '100%\nValueError: no');
    assert.equal(boundedTail('\u001b[31mred\u001b[0m \u001b]0;title\u0007text', 100), 'red text');
  });

  it('tell the error of the program, however much its launcher and its tracker say after it', () => {
    const ranks = (count: number) => Array.from({ length: count }, (_, rank) => [rank, 1] as const);
    for (const after of [
      torchrun([0, 1]),
      torchrun(...ranks(8)),
      [...WANDB, ...torchrun([0, 1]), 'srun: error: node3: task 0: Exited with exit code 1'],
      [' 12%|█▏        | 48/400 [00:05<00:41,  8.43it/s]', ...WANDB, 'make: *** [Makefile:7: train] Error 1'],
      [
        '[2026-11-27 10:23:17,147] [INFO] [launch.py:315:sigkill_handler] Killing subprocess 250621',
        `[2026-11-27 10:23:17,155] [ERROR] [launch.py:321:sigkill_handler] ['python3', '-u', '${'x'.repeat(1600)}'] exits with return code = 1`,
      ],
    ]) {
      const tail = boundedTail(['step 10: loss 2.5', ...traceback(ERROR, 2), ...after].join('\n'), 1500);
      assert.equal(errorLine(tail), ERROR, tail);
      assert.match(tail, /train\.py", line 88/);
      assert.match(tail, /…$/, 'what is left out is marked');
    }
  });

  it('keep what a launcher says where the program said nothing', () => {
    const tail = boundedTail(
      ['step 10: loss 2.5', ...torchrun(...[0, 1, 2, 3].map((rank) => [rank, -9] as const))].join('\n'),
      1500,
    );
    assert.match(tail, /Root Cause \(first observed failure\):[\s\S]*exitcode {2}: -9/);
  });

  it('keep the traceback of a program that calls another one', () => {
    const error = "subprocess.CalledProcessError: Command 'make data' returned non-zero exit status 2.";
    const tail = boundedTail([...traceback('ValueError: first', 1), ...traceback(error, 40)].join('\n'), 1500);
    assert.ok(tail.includes(error) && tail.includes('line 88'));
  });

  it('show the lines of the repository that a long traceback went through, and the call that raised', () => {
    const tail = boundedTail(traceback(ERROR, 60).join('\n'), 1500);
    assert.match(tail, /train\.py", line 88, in <module>\n {4}loss = model\(x\)/);
    assert.match(tail, /… 59 calls in libraries\n {2}File "[^"]*module\.py", line 1759/);
    assert.ok(tail.endsWith(ERROR));
    const ranks = traceback(ERROR, 60).map((line) => `[rank3]: ${line}`);
    assert.match(boundedTail(ranks.join('\n'), 1500), /\[rank3\]: {3}File "[^"]*train\.py", line 88/);
  });

  it('fold what a device asserts a thousand times, and the modules a dead interpreter lists', () => {
    const asserts = Array.from(
      { length: 1000 },
      (_, at) =>
        `/pytorch/aten/src/ATen/native/cuda/Loss.cu:245: nll_loss_forward_reduce_cuda_kernel_2d: block: [0,0,0], thread: [${at},0,0] Assertion \`t >= 0 && t < n_classes\` failed.`,
    );
    const error = 'torch.AcceleratorError: CUDA error: device-side assert triggered';
    const tail = boundedTail(['before', ...asserts, ...traceback(error, 3)].join('\n'), 2500);
    assert.match(tail, /^before\n/);
    assert.match(tail, /… 996 more lines like these/);
    assert.ok(tail.endsWith(error));
    const fault = [
      'Fatal Python error: Segmentation fault',
      '',
      'Current thread 0x1 (most recent call first):',
      '  File "train.py", line 3 in <module>',
      '',
      `Extension modules: ${'numpy._core._multiarray_umath, '.repeat(200)} (total: 200)`,
    ];
    assert.match(boundedTail(fault.join('\n'), 1500), /^Fatal Python error: Segmentation fault\n/);
  });

  it('are the same when they are bounded twice', () => {
    const line = fc.oneof(
      fc.constantFrom(...traceback(ERROR, 2), ...torchrun([0, 1]), ...WANDB, 'step 1: loss 2', '🚀'.repeat(300)),
      fc.string({ maxLength: 30 }),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), fc.integer({ min: 3, max: 900 }), (lines, max) => {
        const tail = boundedTail(lines.join('\n'), max);
        assert.ok(tail.length <= max);
        assert.ok(tail.isWellFormed());
        assert.equal(boundedTail(tail, max), tail);
      }),
    );
  });
});
