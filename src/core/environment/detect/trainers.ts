import { stringValue, type Token } from '../hyperparameters/python.ts';
import { dictKeys, sourceOf, statements } from './calls.ts';
import { lineAt } from './evidence.ts';
import type { NamedValue } from './logged.ts';

const TRAINER = /\b(?:\w*Trainer)\s*\(/;

/** What a Hugging Face Trainer or Keras prints by itself, from the metrics that the program gives it. */
export function computedMetrics(file: string, text: string): NamedValue[] {
  const lines = statements(text);
  const transformers =
    /\b(?:from|import)\s+(transformers|trl|setfit|sentence_transformers)\b/.test(text) && TRAINER.test(text);
  const keras = /\bkeras\b/.test(text);
  const found: NamedValue[] = [];
  let inside: number | undefined;
  for (const { indent, tokens } of lines) {
    const [first, second] = tokens;
    if (!first) continue;
    if (inside !== undefined && indent <= inside) inside = undefined;
    if (transformers && first.text === 'def' && /compute_metrics|^metrics_fn$/.test(second?.text ?? ''))
      inside = indent;
    if (inside !== undefined && first.text === 'return') {
      const line = lineAt(text, first.start);
      for (const { name, value } of dictKeys(tokens.slice(1))) {
        found.push({
          file,
          line,
          sink: 'trainer',
          name: name.startsWith('eval_') ? name : `eval_${name}`,
          value: sourceOf(value),
        });
      }
    }
    if (keras) found.push(...kerasMetrics(file, text, tokens));
  }
  if (transformers && !found.some(({ sink }) => sink === 'trainer')) found.push(...loadedMetrics(file, text));
  const rl = transformers ? /\b(?:GRPO|RLOO|OnlineDPO|PPO)Trainer\s*\(/.exec(text) : null;
  if (rl) {
    const held = /\beval_dataset\s*=/.test(text) ? ['eval_reward', 'reward'] : ['reward'];
    for (const name of held) found.push({ file, line: lineAt(text, rl.index), sink: 'trainer', name, value: '' });
  }
  const best = transformers
    ? /\bmetric_for_best_model["']?\s*[:=]\s*["'](?:eval_)?([\w.-]{1,60})["']/.exec(text)
    : null;
  if (best?.[1] && !found.some(({ name }) => name === `eval_${best[1]}`)) {
    found.push({ file, line: lineAt(text, best.index), sink: 'trainer', name: `eval_${best[1]}`, value: '' });
  }
  const evaluates = transformers && /\beval_dataset\b|\.evaluate\(|compute_metrics/.test(text);
  if (evaluates) {
    const line = lineAt(text, TRAINER.exec(text)?.index ?? 0);
    found.push({ file, line, sink: 'trainer', name: 'eval_loss', value: '' });
  }
  return found;
}

/** What `evaluate.load('accuracy')` computes has its own name, where `compute_metrics` returns it as it is. */
function loadedMetrics(file: string, text: string): NamedValue[] {
  if (!/\bdef compute_metrics\b/.test(text) || !/\.compute\(/.test(text)) return [];
  return [
    ...text.matchAll(
      /\b(?:evaluate\.load|load_metric)\(\s*["'](accuracy|f1|precision|recall|wer|cer|exact_match|perplexity|mse|mae)["']\s*[,)]/g,
    ),
  ].map(({ 1: name, index }) => ({
    file,
    line: lineAt(text, index),
    sink: 'trainer',
    name: `eval_${name}`,
    value: '',
  }));
}

function kerasMetrics(file: string, text: string, tokens: readonly Token[]): NamedValue[] {
  const at = tokens.findIndex((token, index) => token.text === 'compile' && tokens[index - 1]?.text === '.');
  const first = tokens[at];
  // A fit that is silent prints nothing that could be read.
  if (at < 0 || !first || !/validation_(data|split)/.test(text) || /\.fit\([^)]*\bverbose\s*=\s*0/.test(text))
    return [];
  const metrics = tokens.findIndex((token) => token.text === 'metrics');
  const names = metrics < 0 ? [] : tokens.slice(metrics).flatMap((token) => stringValue(token) ?? []);
  const line = lineAt(text, first.start);
  return ['loss', ...names].map((name) => ({ file, line, sink: 'keras', name: `val_${name}`, value: '' }));
}
