/** Endings of files that a person writes; `optim.steps` and `v1.2` have none of them. */
const ENDINGS = new Set(
  (
    'py pyi pyx ipynb js mjs cjs jsx ts mts cts tsx vue svelte json jsonl json5 jsonc yaml yml toml ini cfg conf properties ' +
    'md mdx markdown rst qmd rmd txt csv tsv tex bib sh bash zsh fish ps1 bat c cc cpp cxx h hh hpp hxx cu cuh swift java kt ' +
    'kts scala groovy gradle go rs rb php pl lua r jl hs ml mli ex exs erl clj dart cs sql html htm css scss sass xml svg ' +
    'proto graphql tf hcl nix cmake mk j2 jinja tmpl zig f90 wgsl glsl metal'
  ).split(' '),
);

/** Files whose name has no ending; a README is left out, for a heading may say that word and show what to type. */
const BARE_NAMES = /^(?:Makefile|Dockerfile|Containerfile|Snakefile|MANIFEST\.in|requirements\.in)$/;
const DOTFILE =
  /^\.(?:env(?:\.\w+)?|\w+ignore|\w+rc|gitattributes|gitmodules|editorconfig|flake8|python-version|clang-format|clang-tidy)$/;
/** What has a file's ending and is none: an attribute, a library. */
const NO_FILE = /^(?:(?:self|this|cls)\..*|(?:node|next|nuxt|vue|react|three|express|d3|chart)\.js)$/i;
/** Where a path leaves the repository or enters git's own folder it is one all the same, and is refused as such. */
const ELSEWHERE = /^(?:\.{0,2}[\\/]|~\/|[A-Za-z]:[\\/])\S|(?:^|[\\/])\.\.?[\\/]|(?:^|[\\/])\.git[\\/]/i;

/** The ending of a path's last part in lower case, without its dot. */
export function endingOf(path: string): string {
  return /[^\\/.]\.([A-Za-z]\w*)$/.exec(path)?.[1]?.toLowerCase() ?? '';
}

/** The paths of a repository, and what can be meant for one. */
export class Paths {
  readonly #all: ReadonlySet<string>;
  readonly #folders = new Set<string>();
  readonly #byName = new Map<string, string[]>();

  constructor(all: ReadonlySet<string>) {
    this.#all = all;
    for (const path of all) {
      const same = this.#byName.get(nameOf(path));
      if (same) same.push(path);
      else this.#byName.set(nameOf(path), [path]);
      for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
        this.#folders.add(path.slice(0, slash));
      }
    }
  }

  has(path: string): boolean {
    return this.#all.has(path);
  }

  /** The known path that a text means: itself, or the only one that ends so or is the end of it. */
  resolve(text: string): string | undefined {
    if (this.#all.has(text)) return text;
    const path = text.replaceAll('\\', '/').replace(/^(?:\.\/+)+/, '');
    if (this.#all.has(path)) return path;
    const ends = (this.#byName.get(nameOf(path)) ?? []).filter(
      (known) => known.endsWith(`/${path}`) || path.endsWith(`/${known}`),
    );
    return ends.length === 1 ? ends[0] : undefined;
  }

  /** Whether a text is a path: a known one, or one that a new file could well have. */
  looksLike(text: string): boolean {
    if (this.#all.has(text) || BARE_NAMES.test(text)) return true;
    if (!/^[^\s<>|"'`(),;*]{1,300}$/.test(text) || !/\w$/.test(text) || text.includes('://')) return false;
    const path = text.replaceAll('\\', '/');
    const [folder, name] = [path.slice(0, Math.max(0, path.lastIndexOf('/'))), nameOf(path)];
    if (ELSEWHERE.test(text)) return true;
    if (!NO_FILE.test(path) && ENDINGS.has(endingOf(name))) return true;
    if (BARE_NAMES.test(name) || DOTFILE.test(name)) return true;
    if (folder !== '' && /[\w-]\.[A-Za-z]\w{0,9}$/.test(name)) return true;
    return folder !== '' && (this.#folders.has(folder) || this.resolve(text) !== undefined);
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
