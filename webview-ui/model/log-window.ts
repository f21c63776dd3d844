/** Chromium ends elements at about 33.5 million pixels; half of it is safe at every zoom. */
export const MOST_PIXELS = 15_000_000;
export const PAGE_LINES = 200;

export interface LogView {
  /** Height of the scrolled element in pixels. */
  readonly height: number;
  /** First line in view. */
  readonly first: number;
  /** Lines to draw from `first`. */
  readonly count: number;
  /** Where the first drawn line stands, in pixels from the element's top. */
  readonly top: number;
}

/** The lines a scroll position shows. Above about 800,000 lines one pixel of scrolling is more than one of text. */
export function viewLog(scroll: number, viewport: number, lineHeight: number, total: number): LogView {
  const real = total * lineHeight;
  const height = Math.max(viewport, Math.min(real, MOST_PIXELS));
  const ratio = height > viewport ? Math.max(0, real - viewport) / (height - viewport) : 1;
  const offset = Math.max(0, Math.min(scroll, height - viewport)) * ratio;
  const first = Math.max(0, Math.min(Math.max(0, total - 1), Math.floor(offset / lineHeight)));
  const count = Math.min(total - first, Math.ceil(viewport / lineHeight) + 1);
  return { height, first, count: Math.max(0, count), top: scroll - (offset - first * lineHeight) };
}

/** The scroll position that puts a line in the middle of the view. */
export function scrollTo(line: number, viewport: number, lineHeight: number, total: number): number {
  const real = total * lineHeight;
  const height = Math.max(viewport, Math.min(real, MOST_PIXELS));
  const wanted = Math.max(0, Math.min(real - viewport, line * lineHeight - viewport / 2 + lineHeight / 2));
  return real > viewport ? (wanted * (height - viewport)) / (real - viewport) : 0;
}

/** The pages (of PAGE_LINES) that hold lines [first, first + count). */
export function pagesOf(first: number, count: number): readonly number[] {
  const pages: number[] = [];
  if (count <= 0) return pages;
  for (let page = Math.floor(first / PAGE_LINES); page * PAGE_LINES < first + count; page++) pages.push(page);
  return pages;
}

/**
 * The few pages of a log that are near the view. A page is whole once it has all its lines; the last one of a
 * growing log is asked for again when the log has grown.
 */
export class LogPages {
  readonly #pages = new Map<number, readonly string[]>();
  readonly #most: number;

  constructor(most = 40) {
    this.#most = most;
  }

  line(index: number): string | undefined {
    return this.#pages.get(Math.floor(index / PAGE_LINES))?.[index % PAGE_LINES];
  }

  /** Takes an answer that begins at a page's first line; keeps the newest pages only. */
  put(first: number, lines: readonly string[]): void {
    for (let at = 0; at < lines.length; at += PAGE_LINES) {
      const page = Math.floor((first + at) / PAGE_LINES);
      this.#pages.delete(page);
      this.#pages.set(page, lines.slice(at, at + PAGE_LINES));
    }
    for (const page of this.#pages.keys()) {
      if (this.#pages.size <= this.#most) break;
      this.#pages.delete(page);
    }
  }

  /** The pages of [first, first + count) that miss lines the log already has. */
  missing(first: number, count: number, total: number): readonly number[] {
    return pagesOf(first, Math.min(count, total - first)).filter((page) => {
      const has = this.#pages.get(page)?.length ?? 0;
      return has < Math.min(PAGE_LINES, total - page * PAGE_LINES);
    });
  }

  clear(): void {
    this.#pages.clear();
  }
}
