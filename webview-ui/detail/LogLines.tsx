import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { count } from '../model/format.ts';
import { scrollTo, viewLog } from '../model/log-window.ts';
import { markMatches, spansOf } from '../model/sgr.ts';
import { useSize } from '../ui/use.ts';
import type { LogSource } from './use-log.ts';

export const LINE = 18;

/** The lines in view. Remote text: text nodes, class names of ours, and colours set as properties. */
export function LogLines(props: {
  readonly log: LogSource;
  readonly follow: boolean;
  readonly search: string;
  readonly current: number | undefined;
  readonly label: string;
  readonly onLeave: () => void;
  readonly onEnd: () => void;
}): JSX.Element {
  const { log, follow, search, current, label } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const size = useSize(scroller);
  const [scroll, setScroll] = useState(0);
  const view = viewLog(scroll, size.height, LINE, log.total);

  useEffect(() => {
    if (size.height > 0) log.show(view.first, view.count);
  }, [view.first, view.count, log.total, size.height]);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (follow && element) element.scrollTop = element.scrollHeight;
  }, [follow, log.total, size.height]);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || !log.wanted || size.height === 0) return;
    element.scrollTop = scrollTo(log.wanted.line, size.height, LINE, log.total);
  }, [log.wanted?.turn]);

  const gutter = String(Math.max(1, log.total)).length;
  const numbers = [...Array(view.count).keys()].map((offset) => view.first + offset);
  return (
    <section
      class="log-lines"
      ref={scroller}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrows scroll it
      tabIndex={0}
      onScroll={(event) => {
        const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
        const atEnd = scrollTop + clientHeight >= scrollHeight - LINE;
        if (scrollTop < scroll && !atEnd && follow) props.onLeave();
        else if (atEnd && !follow && scrollTop > scroll) props.onEnd();
        setScroll(scrollTop);
      }}
    >
      <div class="log-space" style={{ height: `${view.height}px` }}>
        <div class="log-window" style={{ transform: `translateY(${view.top}px)` }}>
          {numbers.map((index) => {
            const line = log.line(index);
            return (
              <div key={index} class={`log-line${index === current ? ' current' : ''}`} data-line={index}>
                <span class="log-number" style={{ minWidth: `${gutter + 1}ch` }} aria-hidden="true">
                  {count(index + 1).replaceAll(',', '')}
                </span>
                <span class="log-text">
                  {line === undefined ? <span class="log-wait">…</span> : <Line text={line} search={search} />}
                </span>
              </div>
            );
          })}
        </div>
      </div>
    </section>
  );
}

function Line({ text, search }: { readonly text: string; readonly search: string }): JSX.Element {
  const spans = markMatches(spansOf(text), search);
  return (
    <>
      {spans.map((span, index) => {
        const props = {
          key: index,
          class: span.classes.join(' ') || undefined,
          style: span.color || span.background ? { color: span.color, background: span.background } : undefined,
        };
        return span.hit ? <mark {...props}>{span.text}</mark> : <span {...props}>{span.text}</span>;
      })}
    </>
  );
}
