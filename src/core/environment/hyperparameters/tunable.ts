/** Names whose change would change what is measured, where things go, or what a run costs, and not how well it learns. */
const LEAVE = new RegExp(
  [
    'seed|random_state|(^|_)rng(_|$)',
    '(^|_)(eval|validate|validation|generate|log|logging|save|saving|print|report|checkpoint|ckpt|val|test|wandb|tensorboard|profile|debug|verbose)(_|$)',
    '(^|_)(compile|device|devices|gpu|gpus|port|local_rank|world|workers?|threads?|prefetch|pin)(_|$)',
    '(^|_)(caches?|cached|overwrite|fast_tokenizer|pad_to_max|warnings|quiet|progress|plots?|render|video|benchmark|deterministic)(_|$)|^track$',
    '(^|_)(splits?|folds?|holdout|hold_out|subset)(_|$)',
    '(^|_)(train|training|data|dataset)_(size|ratio|frac|fraction|percent|pct|share|part)$',
    '(^|_)(vocab|num_classes|version|resume|timeout|out|path|dir|file|push|hub|upload|download|dry_run)(_|$)',
  ].join('|'),
);
/** Whether another value of a hyperparameter of this name would change how well a run learns, and nothing else. */
export function isTunable(name: string): boolean {
  return !LEAVE.test(segmentsOf(name).join('_'));
}

/** A key path in lower case with underscores; the place in a list belongs to the key before it. */
export function segmentsOf(name: string): string[] {
  const segments = name
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replaceAll('-', '_')
    .split('.');
  while (segments.length > 1 && /^\d+$/.test(segments.at(-1) ?? '')) segments.pop();
  return segments;
}
