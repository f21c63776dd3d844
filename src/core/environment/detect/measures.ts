/** What a metric's name says: which part of the data, what is measured, and which way is better. */
export interface Measure {
  readonly split: 'train' | 'val' | 'test' | 'none';
  /** One word for names of the same thing: `accuracy` of `acc` and `top1`. */
  readonly kind: string;
  readonly goal: 'minimize' | 'maximize';
  /** Whether it is the task's own number and no loss. */
  readonly task: boolean;
}

const SPLITS = [
  ['val', /^(val|valid|validation|dev|eval|evaluation|heldout|holdout)$/],
  ['test', /^test$/],
  ['train', /^(train|training|tr)$/],
] as const;

const KINDS: readonly (readonly [kind: string, goal: Measure['goal'], task: boolean, words: RegExp])[] = [
  ['loss', 'minimize', false, /^(loss|losses|nll|ce|xent|crossentropy|cross_entropy|objective)$/],
  ['bits', 'minimize', true, /^(bpb|bpc|bpd|bits)$/],
  ['perplexity', 'minimize', true, /^(ppl|perplexity)$/],
  ['error', 'minimize', true, /^(err|error|error_rate|errors|misclassification)$/],
  ['wer', 'minimize', true, /^wer$/],
  ['cer', 'minimize', true, /^cer$/],
  ['mse', 'minimize', true, /^(mse|rmse)$/],
  ['mae', 'minimize', true, /^(mae|mape)$/],
  ['fid', 'minimize', true, /^fid$/],
  ['accuracy', 'maximize', true, /^(acc|accuracy|accuracies|top1|top_1|acc1|acc_1|acc_at_1|precision1|prec1|prec_1)$/],
  ['f1', 'maximize', true, /^(f1|f1_score|macro_f1|micro_f1|f1_macro|f1_micro)$/],
  ['exact match', 'maximize', true, /^(em|exact_match)$/],
  [
    'pass rate',
    'maximize',
    true,
    /^(pass|pass1|pass_1|pass_at_1|success|success_rate|win_rate|winrate|solve_rate|solved)$/,
  ],
  [
    'reward',
    'maximize',
    true,
    /^(reward|rewards|return|returns|episode_reward|episode_return|ep_rew_mean|episodic_return)$/,
  ],
  ['score', 'maximize', true, /^(score|elo)$/],
  ['bleu', 'maximize', true, /^(bleu|sacrebleu|chrf)$/],
  ['rouge', 'maximize', true, /^(rouge|rouge1|rouge2|rougel|rouge_l)$/],
  ['auc', 'maximize', true, /^(auc|auroc|roc_auc|auprc)$/],
  ['map', 'maximize', true, /^(map|map50|mean_ap|ap|ndcg|mrr|recall|precision)$/],
  ['iou', 'maximize', true, /^(iou|miou|dice)$/],
  ['psnr', 'maximize', true, /^(psnr|ssim)$/],
  ['r2', 'maximize', true, /^(r2|r2_score|spearman|pearson|mcc|kappa|correlation)$/],
];

const NEVER =
  /(^|_)(time|seconds|secs|sec|ms|lr|learning_rate|step|steps|iter|iters|epoch|epochs|mfu|memory|mem|vram|tokens|tok|params|grad|norm|throughput|speed|rate|batch|size|count|num|total|weight|scale|temperature|beta|gamma|min|max|std|target|threshold|best_epoch|eta|elapsed|fps|samples|dt|util|gb|mb|length|len)(_|$)/;

/**
 * What a metric's name says, or undefined where it is no result: times, rates, counters, sizes. The words are those of
 * common trainers: `val_loss`, `eval/accuracy`, `Validation Loss`, `test_acc`, `eval_f1`.
 */
export function measureOf(name: string): Measure | undefined {
  // `charts/episodic_return`: the first part groups curves and says nothing of the value.
  const inner =
    /^(?!(?:val|valid|validation|dev|eval|evaluation|heldout|holdout|test|train|training)\/)\w{1,40}\/(.+)$/i.exec(
      name,
    )?.[1];
  const grouped = inner === undefined ? undefined : measureOfFlat(inner);
  // `mIoU`, `AUC`: capitals within a word are no new word there.
  return grouped ?? measureOfFlat(name) ?? measureOfFlat(name.toLowerCase());
}

function measureOfFlat(name: string): Measure | undefined {
  const flat = name
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .replaceAll(/^(final|best|mean|avg|average|the|running)_|_(mean|avg|epoch)$/g, '')
    .replaceAll(/^(final|mean|avg|average)_/g, '');
  if (/^(loss_scale|running_time)/.test(flat)) return undefined;
  const parts = flat.split('_');
  let split: Measure['split'] = 'none';
  const rest = parts.filter((part) => {
    const found = SPLITS.find(([, words]) => words.test(part));
    if (found && split !== 'val') split = found[0];
    return (
      !found && !['final', 'best', 'mean', 'avg', 'average', 'overall', 'set', 'data', 'the', 'current'].includes(part)
    );
  });
  const joined = rest.join('_');
  for (const [kind, goal, task, words] of KINDS) {
    if (words.test(joined)) return { split, kind, goal, task };
  }
  if (NEVER.test(joined)) return undefined;
  // `fid_score` is of FID; a score of something unknown may be either way around.
  const scored = rest.at(-1) === 'score' && rest.length > 1;
  const last = (scored ? rest.at(-2) : rest.at(-1)) ?? '';
  const found = KINDS.find(([, , , words]) => words.test(last));
  return found && { split, kind: `${joined}`, goal: found[1], task: found[2] };
}
