import { searchReplace } from '../support/model-server/index.ts';
import type { PlayedIdea } from '../support/played-ideas.ts';

const ATTEND = '        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)';
const STEP = '    optimizer.step()';
const BATCH = 'BATCH_SIZE = 64';
const IMPORT = 'from torch.nn import functional';

const edit = (search: string, replace: string, file = 'train.py') =>
  `The one place to change.\n\n${searchReplace(file, search, replace)}\n`;
const idea = (title: string, details: string, answers: PlayedIdea['answers'], truth: PlayedIdea['truth']) => ({
  ...{ title, details, hypothesis: `${title}: the loss falls.`, answers, truth },
});

/** Ideas for `gpt/`, of which each meets what only a machine with a GPU has. */
export const ON_A_GPU: readonly PlayedIdea[] = [
  idea(
    'Three times the learning rate',
    'LEARNING_RATE in train.py becomes 3e-3.',
    [edit('LEARNING_RATE = 1e-3', 'LEARNING_RATE = 3e-3')],
    { stage: 'ranked', calls: 1 },
  ),
  idea(
    'Compute in bfloat16',
    'The forward pass runs under autocast with bfloat16 tensors.',
    [
      edit(
        '    logits = model(x)',
        '    with torch.autocast("cuda", dtype=torch.bfloat16):\n        logits = model(x).float()',
      ),
    ],
    { stage: 'ranked', calls: 1 },
  ),
  idea(
    'Compile the blocks',
    'torch.compile fuses what each transformer block does.',
    [edit('model = GPT().to(device)', 'model = GPT().to(device)\nmodel.blocks = torch.compile(model.blocks)')],
    { stage: 'ranked', calls: 1 },
  ),
  idea(
    'Clip the norm of gradients',
    'Before each optimizer step the global gradient norm is bounded by one.',
    [edit(STEP, `    nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n${STEP}`)],
    { stage: 'ranked', calls: 1 },
  ),
  idea(
    'As large a batch as there is',
    'Use a giant BATCH_SIZE so that every gradient is almost exact.',
    // More than any card holds: the smoke run dies of it, and the answer to its trace is a batch that fits.
    [
      edit(
        '    return x.to(device), y.to(device)',
        '    return x.repeat(1 << 14, 1).to(device), y.repeat(1 << 14, 1).to(device)',
      ),
      edit(BATCH, 'BATCH_SIZE = 256'),
    ],
    { stage: 'ranked', calls: 2 },
  ),
  idea(
    'Attention by a package of its own',
    'Call the fused kernel of flash_attn_3 inside attend().',
    [
      edit(IMPORT, `${IMPORT}\nimport flash_attn_3`) +
        edit(ATTEND, '        mixed = flash_attn_3.attend(q, k, v, causal=True)'),
      edit(ATTEND, '        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True, scale=0.15)'),
    ],
    { stage: 'ranked', calls: 2 },
  ),
  idea(
    'Labels beyond the alphabet',
    'Shift targets by one class to regularise the softmax output.',
    // The device asserts, far from the line that is wrong.
    [edit('    return x.to(device), y.to(device)', '    return x.to(device), (y + 40).to(device)')],
    { stage: 'applied', lost: 'smoke-failed' },
  ),
  idea(
    'Weights on another device',
    'Late in training an averaged copy of the head is mixed in.',
    // Passes the smoke run, crashes when it trains; mended with the trace.
    [
      edit(STEP, `${STEP}\n    if step == 100:\n        model.head.weight.data += 0.01 * model.head.weight.data.cpu()`),
      edit(STEP, `${STEP}\n    if step == 100:\n        model.head.weight.data.mul_(1.01)`),
    ],
    { stage: 'ranked', calls: 2 },
  ),
  idea(
    'Judge by an easier text',
    'Evaluate the validation loss with a temperature inside report().',
    [edit('    logits = model(x).float()', '    logits = model(x).float() * 1.5', 'evaluate.py')],
    { stage: 'applied', lost: 'protected-path' },
  ),
  idea(
    'Another stream of chance',
    'Offset the random seed of the run by a large prime.',
    [
      edit(
        'torch.manual_seed(int(os.environ.get("SEED", "1")))',
        'torch.manual_seed(int(os.environ.get("SEED", "1")) + 7919)',
      ),
    ],
    { stage: 'succeeded', lost: 'seed-only' },
  ),
];
