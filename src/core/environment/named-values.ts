/** A secret in a text, and where it begins. */
export interface Found {
  readonly name: string;
  readonly value: string;
  readonly at: number;
}

export const NAME = String.raw`(?<![A-Za-z_])(?<name>[A-Za-z_][\w.-]{0,80})(?![\w.-])`;
/** The quote before a value, also one that is escaped, and what Python writes before it. */
export const QUOTE = String.raw`[bBrRuUfF]{0,2}\\{0,2}["']`;

/** `=`, `:` and the like, also after a quoted name. */
export const ASSIGNS = String.raw`\\{0,2}["']?\]?[ \t]{0,20}(?::=|=>|[:=])[ \t]{0,20}`;
/** The type of a variable stands between: `: str =`, `: Optional[str] =`. No comma out of brackets: another name comes there. */
export const TYPED = String.raw`[ \t]{0,4}:[ \t]{0,4}[A-Za-z][\w.| ]{0,60}(?:\[[^=()\n]{0,80}\])?[ \t]{0,4}(?:\|[ \t]{0,4}\w{1,20}[ \t]{0,4})?=[ \t]{0,4}`;
/** `= Field(default="value")`, with its type or without. */
export const FIELD = String.raw`(?:${ASSIGNS}|${TYPED})[A-Za-z_][\w.]{0,60}\((?:[^()"'\n]{0,80},)?[ \t]{0,4}default[ \t]{0,4}=[ \t]{0,4}(?=${QUOTE})`;
/** `= Secret("value")`, `=("value")`, `= look("up") or "value"`. */
export const MADE = String.raw`(?:${ASSIGNS}|${TYPED})(?:[\w.]{0,60}\([ \t]{0,4}|[\w.]{1,60}\([^()\n]{0,80}\)[ \t]{1,4}or[ \t]{1,4})(?=${QUOTE})`;
/** `set_token("value")`. */
export const GIVEN = String.raw`\([ \t]{0,4}(?=${QUOTE})`;
/** `setdefault("NAME", "value")`. */
export const COMMA = String.raw`["'][ \t]{0,4},[ \t]{0,20}(?=${QUOTE})`;
/** `add_argument("--name", type=str, default="value")`. */
export const DEFAULT = String.raw`["'][ \t]{0,4},[^()\n]{0,160}?\bdefault[ \t]{0,4}=[ \t]{0,4}`;
/** `--name value`. */
export const BLANK = String.raw`[ \t]{1,4}`;

/** The words of a name: `wandb_api_key`, `wandbApiKey` and `WANDB-API-KEY` have the same. */
export function wordsOf(name: string): string[] {
  return name
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .split(/[_.-]/);
}

/** Whether a name is spelled as variables of the environment are. */
export function isVariable(name: string): boolean {
  return /^[A-Z][A-Z0-9_]{0,80}$/.test(name);
}

export function isBlank(gap: string): boolean {
  return /^[ \t]+$/.test(gap);
}

/** Whether the name that was found is one of an option: `--name`. */
export function isOption({ input, index }: RegExpExecArray): boolean {
  return input[index - 1] === '-';
}

/** What a shape with the groups `name` and `value` (and indices) found. */
export function foundAs({ groups, indices, index }: RegExpExecArray): Found {
  const { name = '', value = '' } = groups ?? {};
  const { value: where } = indices?.groups ?? {};
  return { name: `a value of ${name}`, value, at: where?.[0] ?? index };
}
