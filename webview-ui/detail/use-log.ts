import { useEffect, useRef, useState } from 'preact/hooks';
import type { Page } from '../app/page.ts';
import { LogPages, PAGE_LINES } from '../model/log-window.ts';

export interface LogSource {
  readonly total: number;
  readonly bytes: number;
  readonly live: boolean;
  readonly loading: boolean;
  readonly error: string | undefined;
  /** The line someone asked to see, and a number that rises with each asking. */
  readonly wanted: { readonly line: number; readonly turn: number } | undefined;
  line(index: number): string | undefined;
  /** Says which lines are in view; those missing are asked for. */
  show(first: number, count: number): void;
  reveal(line: number): void;
  retry(): void;
}

/** A run's log as the page sees it: a few pages of lines around the view, and how long the log is. */
export function useLog(page: Page, run: string): LogSource {
  const pages = useRef(new LogPages());
  const inView = useRef({ first: 0, count: PAGE_LINES });
  const asked = useRef(new Map<number, number>());
  const stopped = useRef(false);
  const [facts, setFacts] = useState({ total: 0, bytes: 0, live: true });
  const known = useRef(facts);
  const [loading, setLoading] = useState(true);
  const [error, setError] = useState<string | undefined>(undefined);
  const [, redraw] = useState(0);
  const [wanted, setWanted] = useState<LogSource['wanted']>(undefined);

  const ask = async (number: number) => {
    try {
      const first = number * PAGE_LINES;
      const answer = await page.host.ask<'log'>({ type: 'log', run, first, count: PAGE_LINES });
      if (stopped.current) return;
      pages.current.put(answer.first, answer.lines);
      known.current = { total: answer.total, bytes: answer.bytes, live: answer.live };
      setFacts(known.current);
      setError(undefined);
      setLoading(false);
      redraw((before) => before + 1);
      fill();
    } catch (failure) {
      if (stopped.current) return;
      asked.current.delete(number);
      setLoading(false);
      setError(failure instanceof Error ? failure.message : String(failure));
    }
  };

  /** Asks for the pages in view that lack lines, each once for each length of the log. */
  const fill = () => {
    const { first, count } = inView.current;
    const { total } = known.current;
    for (const number of pages.current.missing(first, count, total)) {
      const length = Math.min(total, (number + 1) * PAGE_LINES);
      if ((asked.current.get(number) ?? -1) >= length) continue;
      asked.current.set(number, length);
      void ask(number);
    }
  };

  useEffect(() => {
    stopped.current = false;
    void ask(0);
    const stop = page.onGrowth((growth) => {
      if (growth.run !== run) return;
      if (known.current.total === 0 && growth.logLines > 0) {
        void ask(0);
        return;
      }
      known.current = { ...known.current, total: Math.max(known.current.total, growth.logLines) };
      setFacts(known.current);
      fill();
    });
    return () => {
      stopped.current = true;
      stop();
    };
  }, [run]);

  return {
    ...facts,
    loading,
    error,
    wanted,
    line: (index) => pages.current.line(index),
    show: (first, count) => {
      inView.current = { first, count };
      fill();
    },
    reveal: (line) => setWanted((before) => ({ line, turn: (before?.turn ?? 0) + 1 })),
    retry: () => {
      asked.current.clear();
      setError(undefined);
      if (known.current.total === 0) {
        setLoading(true);
        void ask(0);
      } else fill();
    },
  };
}

export interface LogSearch {
  readonly text: string;
  readonly matches: { readonly lines: readonly number[]; readonly truncated: boolean } | undefined;
  readonly at: number;
  readonly current: number | undefined;
  readonly error: string | undefined;
  setText(text: string, found?: (line: number | undefined) => void): void;
  /** Goes to the next or previous match and gives its line. */
  step(by: -1 | 1): number | undefined;
}

/** Searching a log: the host reads it, the page walks the lines it names. */
export function useLogSearch(page: Page, run: string, total: number): LogSearch {
  const [text, setText] = useState('');
  const [matches, setMatches] = useState<LogSearch['matches']>(undefined);
  const [at, setAt] = useState(0);
  const [error, setError] = useState<string | undefined>(undefined);
  const turn = useRef(0);
  const timer = useRef(0);
  const again = useRef(0);
  const searched = useRef(0);

  const search = async (wanted: string, found?: (line: number | undefined) => void) => {
    const mine = ++turn.current;
    searched.current = total;
    try {
      const answer = await page.host.ask<'searchLog'>({ type: 'searchLog', run, text: wanted });
      if (mine !== turn.current) return;
      setError(undefined);
      setMatches({ lines: answer.lines, truncated: answer.truncated });
      if (found) {
        setAt(0);
        found(answer.lines[0]);
      }
    } catch (failure) {
      if (mine === turn.current) setError(failure instanceof Error ? failure.message : String(failure));
    }
  };

  useEffect(
    () => () => {
      turn.current += 1;
      window.clearTimeout(timer.current);
    },
    [],
  );
  // A log that grew has more matches; the place among them stays.
  useEffect(() => {
    if (text === '' || matches === undefined || matches.truncated || total === searched.current) return undefined;
    again.current = window.setTimeout(() => void search(text), 500);
    return () => window.clearTimeout(again.current);
  }, [total]);

  return {
    text,
    matches,
    at,
    error,
    current: matches?.lines[at],
    setText: (wanted, found) => {
      setText(wanted);
      window.clearTimeout(timer.current);
      // A search for the old words must not come after this one.
      window.clearTimeout(again.current);
      if (wanted === '') {
        turn.current += 1;
        setMatches(undefined);
        setError(undefined);
      } else timer.current = window.setTimeout(() => void search(wanted, found), 150);
    },
    step: (by) => {
      const lines = matches?.lines ?? [];
      if (lines.length === 0) return undefined;
      const next = (at + by + lines.length) % lines.length;
      setAt(next);
      return lines[next];
    },
  };
}
