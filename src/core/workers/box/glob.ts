const SPECIAL = /[.*+?^$(){}|[\]\\]/g;

const literal = (text: string): string => text.replace(SPECIAL, '\\$&');

/**
 * A path pattern as a POSIX extended regular expression for `grep -E -x`: `*` and `?` stay within one folder name,
 * `**` as a whole name spans folders, `{a,b}` and `[a-z]` work, and a pattern with a trailing slash or without any
 * wildcard also takes everything below it. `*.py` matches at the root only, as it does in the gate.
 */
export function globToRegex(glob: string): string {
  const trimmed = glob.replace(/^\.?\/+/, '').replace(/\/+$/, '');
  const body = trimmed.split('/').map(segment).reduce(join, '');
  return `${body}${/[*?[{]/.test(trimmed) ? '' : '(/.*)?'}`;
}

/** Joins the expressions of two neighbouring names; `**` brings its own slash. */
function join(before: string, name: string, index: number): string {
  const deep = name === '**';
  if (index === 0) return deep ? '**' : name;
  if (before.endsWith('**')) {
    const head = before.slice(0, -2);
    return deep ? before : `${head}(.*/)?${name}`;
  }
  return deep ? `${before}/**` : `${before}/${name}`;
}

function segment(name: string): string {
  if (name === '**') return name;
  let out = '';
  for (let at = 0; at < name.length; at += 1) {
    const char = name[at] ?? '';
    if (char === '*') {
      while (name[at + 1] === '*') at += 1;
      out += '[^/]*';
    } else if (char === '?') {
      out += '[^/]';
    } else if (char === '[' && name.indexOf(']', at + 2) > 0) {
      const close = name.indexOf(']', at + 2);
      out += `[${name.slice(at + 1, close).replace(/^!/, '^')}]`;
      at = close;
    } else if (char === '{' && name.indexOf('}', at) > 0) {
      const close = name.indexOf('}', at);
      const choices = name.slice(at + 1, close).split(',');
      out += `(${choices.map((choice) => segment(choice)).join('|')})`;
      at = close;
    } else {
      out += literal(char);
    }
  }
  return out;
}

/** The expressions of several patterns, one a line. Patterns that hold a line break match nothing and are left out. */
export function globsToRegexes(globs: readonly string[]): string {
  return globs
    .filter((glob) => !/[\n\0]/.test(glob))
    .map((glob) => `${finish(globToRegex(glob))}\n`)
    .join('');
}

/** A pattern that ends in `**` takes the folder itself and whatever is below. */
function finish(regex: string): string {
  if (regex.endsWith('/**')) return `${regex.slice(0, -3)}(/.*)?`;
  return regex.endsWith('**') ? `${regex.slice(0, -2)}.*` : regex;
}

/** The folders, or files, under which everything lies that the patterns can match; `.` for the root. None within another. */
export function globRoots(globs: readonly string[]): string[] {
  const roots = globs
    .filter((glob) => !/[\n\0]/.test(glob))
    .map((glob) => {
      const names = glob
        .replace(/^\.?\/+/, '')
        .replace(/\/+$/, '')
        .split('/');
      const wild = names.findIndex((name) => /[*?[{]/.test(name));
      return (wild < 0 ? names : names.slice(0, wild)).join('/') || '.';
    });
  if (roots.includes('.')) return ['.'];
  return [...new Set(roots)].filter((root) => !roots.some((other) => root.startsWith(`${other}/`)));
}

/** The patterns of `metrics: [{ file }]`. */
export function metricGlobs(metrics: readonly (string | { readonly file: string })[]): string[] {
  return metrics.flatMap((source) => (typeof source === 'string' ? [] : [source.file]));
}
