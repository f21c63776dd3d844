import { blockEnd } from './changed.ts';

/** What prints for all the rest of a run. */
const REDIRECTS =
  /^\s{0,200}(?:(?:(?:builtins|__builtins__)\s{0,4}(?:\.\s{0,4}\w{1,40}|\[)|print\b|sys\s{0,4}\.\s{0,4}(?:stdout|stderr)(?:\.write)?)[^=([\n]{0,40}=(?!=)|def\s{1,4}print\s{0,4}\(|setattr\s{0,4}\(\s{0,4}(?:builtins|sys)\b)|\b(?:redirect_stdout|redirect_stderr|os\.dup2)\s{0,4}\(|\bimport\s{1,4}\w{1,40}\s{1,4}as\s{1,4}print\b/;
const OPERATOR = '\\s{0,20}(?:[-+*/@%|&^]|//|\\*\\*)?=(?!=)';
const VALUE_OF_SPLIT = new RegExp(`\\w{1,80}\\[["'](?:val|valid|validation|test|eval|dev)["']\\]${OPERATOR}`);

/** Whether a line of Python changes where, or by what, all that follows is printed. */
export function redirects(code: string): boolean {
  return REDIRECTS.test(code);
}

/** A statement that gives a number of the evaluation another value: `losses['val'] *= 0.9`. */
export function setsSplit(said: string): boolean {
  return VALUE_OF_SPLIT.test(said);
}

/** A statement that gives the metric its value: by its name, as an attribute, under its key, put to what is kept there, or as an argument of `dict`. */
export function assigned(metric: string): RegExp {
  const parts = metric
    .slice(0, 100)
    .split(/[\s_/.-]+/)
    .map((part) => part.replaceAll(/[^\w]/g, '\\$&'));
  const [name, key] = [parts.join('_'), parts.join('[\\s_/.-]')];
  return new RegExp(
    `^\\s{0,200}(?:[\\w.]{1,80}\\s{0,4},\\s{0,4}){0,8}(?:\\w{1,80}\\.){0,4}${name}(?:\\s{0,4},\\s{0,4}[\\w.]{1,80}){0,8}${OPERATOR}|\\b(?:dict|update|set_postfix)\\s{0,4}\\((?:[^()\\n]{0,200}[,\\s])?${name}\\s{0,4}=(?!=)|["']${key}["']\\s{0,4}(?:\\]${OPERATOR}|\\]\\s{0,4}\\.(?:append|extend|update|add)\\s{0,4}\\(|:)`,
    'i',
  );
}

/** A text that puts such a name together: `f'test_{k}'` for `test_acc1`. */
export function prefixedNames(metric: string): RegExp {
  const part = /^(?:val|valid|validation|test|eval|dev)(?=[\s_/.-])/i.exec(metric)?.[0];
  return part === undefined ? /(?!)/ : new RegExp(`["']${part}[_/.-]\\{`, 'i');
}

/** Functions that compute the objective, by the names that training code gives them. */
const EVALUATES =
  /^_{0,2}(?:(?:run_|do_|compute_)?(?:evaluat\w{0,40}|eval(?:_\w{0,40})?|valid(?:ate|ation)(?:_\w{0,40})?|estimate_loss|val_\w{0,40}|accuracy|top_?k_accuracy|(?:compute|calc|calculate|get)_(?:accuracy|acc|metrics?|scores?)|test(?:_step|_epoch(?:_end)?)?|metrics?)|on_(?:validation|test)_\w{0,40})$/;
const FUNCTION = /^(\s{0,200})(?:async\s+)?def\s+(\w{1,100})\s*\(/;
/** Classes that sum up what is measured. */
const METER = /^()class\s+(\w{0,60}(?:Meter|MetricLogger|SmoothedValue|Evaluator))\b/;

export interface Stretch {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** The functions that compute the objective, by their names or because they bear the metric's. */
export function evaluating(lines: readonly string[], metric: string): readonly Stretch[] {
  const named = metricFunctions(metric);
  const found: Stretch[] = [];
  for (const [index, line] of lines.entries()) {
    const meter = METER.exec(line);
    const [, indent = '', name = ''] = meter ?? FUNCTION.exec(line) ?? [];
    if (name === '' || !(meter || EVALUATES.test(name) || named.test(name))) continue;
    found.push({ name, from: index + 1, to: blockEnd(lines, index + 1, indent.length) });
  }
  return found;
}

/** `accuracy_reward` bears the name of `eval/reward`. What trains is called a loss too, so that word alone says nothing. */
function metricFunctions(metric: string): RegExp {
  const parts = metric
    .slice(0, 100)
    .split(/\W+|_+/)
    .filter(Boolean);
  const last = parts.at(-1) ?? '';
  const names = [parts.join('_'), ...(/^loss$/i.test(last) || last.length < 3 ? [] : [last])].filter(Boolean);
  return names.length > 0 ? new RegExp(`(?:^|_)(?:${names.join('|')})(?:_|$)`, 'i') : /(?!)/;
}
