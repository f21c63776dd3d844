import anser from 'anser';

/** A piece of a log line with its look; the text is for a text node, never for markup. */
export interface Span {
  readonly text: string;
  /** Class names of the sixteen terminal colours and of decorations. */
  readonly classes: readonly string[];
  /** `rgb(…)` where the line named a colour outside the sixteen. */
  readonly color?: string;
  readonly background?: string;
}

/** A line longer than this is cut for drawing; the log itself keeps it. */
export const MOST_DRAWN = 4000;

const OTHER_SEQUENCES =
  /\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b\[[0-9;?]*[@-ln-~]|\u001b[()][A-Z0-9]|\u001b[=>78cM]/g;
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/g;
const BIDI = /[\u202A-\u202E\u2066-\u2069]/g;

function visible(text: string): string {
  return text
    .replace(BIDI, (mark) => `[U+${mark.charCodeAt(0).toString(16).toUpperCase()}]`)
    .replace(CONTROL, (char) => (char === '\u007f' ? '\u2421' : String.fromCharCode(0x2400 + char.charCodeAt(0))));
}

function colour(name: string | null, truecolor: string | null): { readonly name?: string; readonly rgb?: string } {
  if (!name) return {};
  if (name === 'ansi-truecolor' || name.startsWith('ansi-palette')) {
    return truecolor && /^\d+,\s*\d+,\s*\d+$/.test(truecolor) ? { rgb: `rgb(${truecolor})` } : {};
  }
  return { name };
}

/** The coloured pieces of one line. SGR is obeyed, every other sequence dropped, stray control characters shown. */
export function spansOf(line: string): readonly Span[] {
  const cut = line.length > MOST_DRAWN ? line.slice(0, MOST_DRAWN) : line;
  const text = cut.replace(OTHER_SEQUENCES, '');
  const spans: Span[] = text.includes('\u001b')
    ? anser.ansiToJson(text, { json: true, use_classes: true, remove_empty: true }).map(spanOf)
    : text === ''
      ? []
      : [{ text: visible(text), classes: [] }];
  if (cut.length < line.length) {
    spans.push({ text: ` … ${line.length - cut.length} more characters`, classes: ['ansi-cut'] });
  }
  return spans;
}

function spanOf(entry: anser.AnserJsonEntry): Span {
  const front = colour(entry.fg, entry.fg_truecolor);
  const back = colour(entry.bg, entry.bg_truecolor);
  const classes = [
    ...(front.name ? [`${front.name}-fg`] : []),
    ...(back.name ? [`${back.name}-bg`] : []),
    ...entry.decorations.map((decoration) => `ansi-${decoration}`),
  ];
  return {
    text: visible(entry.content),
    classes,
    ...(front.rgb ? { color: front.rgb } : {}),
    ...(back.rgb ? { background: back.rgb } : {}),
  };
}

/** Cuts spans where `wanted` is found (letter case does not matter) and marks those pieces. */
export function markMatches(spans: readonly Span[], wanted: string): readonly (Span & { readonly hit?: boolean })[] {
  if (wanted === '') return spans;
  const whole = spans
    .map((span) => span.text)
    .join('')
    .toLowerCase();
  const needle = wanted.toLowerCase();
  const cuts: number[] = [];
  for (let at = whole.indexOf(needle); at >= 0; at = whole.indexOf(needle, at + needle.length)) {
    cuts.push(at, at + needle.length);
  }
  if (cuts.length === 0) return spans;
  const out: (Span & { hit?: boolean })[] = [];
  let start = 0;
  for (const span of spans) {
    const end = start + span.text.length;
    const edges = [start, ...cuts.filter((cut) => cut > start && cut < end), end];
    for (let index = 0; index + 1 < edges.length; index++) {
      const from = edges[index] ?? start;
      const to = edges[index + 1] ?? end;
      const passed = cuts.filter((cut) => cut <= from).length;
      out.push({
        ...span,
        text: span.text.slice(from - start, to - start),
        ...(passed % 2 === 1 ? { hit: true } : {}),
      });
    }
    start = end;
  }
  return out;
}
