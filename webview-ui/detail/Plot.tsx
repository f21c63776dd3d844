import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { drawable, reduce, type Series, valueAt } from '../model/curve.ts';
import { count, number } from '../model/format.ts';
import { useLatest, useSize } from '../ui/use.ts';

export interface PlotSeries {
  readonly id: string;
  readonly label: string;
  /** Which of LOOKS. */
  readonly look: number;
  readonly raw: Series;
  readonly smoothed: Series;
  readonly shown: boolean;
}

/** Colour and dash together, so that neither is alone. Orange is left out: themes make it a translucent marker. */
export const LOOKS: readonly { readonly color: string; readonly dash: readonly number[] }[] = [
  { color: '--vscode-charts-blue', dash: [] },
  { color: '--vscode-charts-yellow', dash: [6, 3] },
  { color: '--vscode-charts-green', dash: [2, 2] },
  { color: '--vscode-charts-purple', dash: [9, 3, 2, 3] },
  { color: '--vscode-charts-red', dash: [12, 4] },
  { color: '--vscode-foreground', dash: [4, 2] },
];

function themeColor(name: string, fallback: string): string {
  const value = getComputedStyle(document.body).getPropertyValue(name).trim();
  return value === '' ? fallback : value;
}

export interface PlotProps {
  readonly series: readonly PlotSeries[];
  readonly log: boolean;
  readonly smoothed: boolean;
  /** Rises when the theme changed. */
  readonly theme: number;
  readonly label: string;
  readonly decimals: number;
  readonly onCursor: (x: number | undefined) => void;
}

/**
 * A uPlot figure over reduced points: drag to zoom, double press to see all, arrows to walk. What is in view is
 * reduced anew from all points at every zoom.
 */
export function Plot(props: PlotProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const zoom = useRef<readonly [number, number] | undefined>(undefined);
  const size = useSize(place);
  const latest = useLatest(props);
  const [spoken, setSpoken] = useState('');
  const shape = props.series.map((each) => `${each.id}/${each.look}/${each.shown}`).join(' ');
  const ready = size.width > 40 && size.height > 40;

  useLayoutEffect(() => {
    if (!ready || !place.current) return undefined;
    const { series, log, smoothed } = latest.current;
    const shown = series.filter((each) => each.shown);
    const made = new uPlot(
      options(shown, { log, smoothed, ...size, zoom, latest }),
      dataOf(shown, { log, smoothed, zoom: zoom.current, width: size.width }),
      place.current,
    );
    plot.current = made;
    return () => {
      plot.current = undefined;
      made.destroy();
    };
  }, [ready, shape, props.log, props.smoothed, props.theme]);

  useLayoutEffect(() => {
    if (ready) plot.current?.setSize(size);
  }, [size.width, size.height]);

  useEffect(() => {
    const shown = props.series.filter((each) => each.shown);
    const data = dataOf(shown, { log: props.log, smoothed: props.smoothed, zoom: zoom.current, width: size.width });
    plot.current?.setData(data, zoom.current === undefined);
    if (zoom.current !== undefined) plot.current?.redraw();
  }, [props.series]);

  const onKey = (event: KeyboardEvent) => {
    const chart = plot.current;
    const xs = chart?.data[0];
    if (!chart || !xs || xs.length === 0) return;
    const at = chart.cursor.idx ?? -1;
    const last = xs.length - 1;
    const leap = Math.max(1, Math.round(xs.length / 20));
    const next = {
      ArrowLeft: at < 0 ? last : at - 1,
      ArrowRight: at < 0 ? 0 : at + 1,
      PageUp: at - leap,
      PageDown: at + leap,
      Home: 0,
      End: last,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const x = xs[Math.max(0, Math.min(last, next))] ?? 0;
    chart.setCursor({ left: chart.valToPos(x, 'x'), top: chart.bbox.height / devicePixelRatio / 2 });
    const values = props.series
      .filter((each) => each.shown)
      .map((each) => `${each.label} ${number(valueAt(each.smoothed, x) ?? Number.NaN, props.decimals)}`);
    setSpoken(`Step ${count(x)}: ${values.join(', ')}`);
  };

  return (
    <figure class="plot-figure">
      <div
        class="plot"
        ref={place}
        role="application"
        aria-label={`${props.label}. Arrow keys read the values.`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrows walk the curve
        tabIndex={0}
        onKeyDown={onKey}
        onBlur={() => {
          plot.current?.setCursor({ left: -10, top: -10 });
          setSpoken('');
        }}
      />
      <figcaption class="unseen" aria-live="polite">
        {spoken}
      </figcaption>
    </figure>
  );
}

interface View {
  readonly log: boolean;
  readonly smoothed: boolean;
  readonly zoom: readonly [number, number] | undefined;
  readonly width: number;
}

/** The points to draw: with smoothing, each seed twice, as measured first so that it lies behind. */
function dataOf(shown: readonly PlotSeries[], view: View): uPlot.AlignedData {
  const tables = shown.flatMap((each) => (view.smoothed ? [each.raw, each.smoothed] : [each.raw]));
  if (tables.length === 0) return [[]];
  const from = view.zoom?.[0] ?? Math.min(...tables.map((each) => each.x[0] ?? 0));
  const to = view.zoom?.[1] ?? Math.max(...tables.map((each) => each.x.at(-1) ?? 0));
  const buckets = Math.max(50, Math.ceil(view.width));
  const reduced = tables.map((each) => reduce(each, from, to, buckets));
  return uPlot.join(
    reduced.map((each): uPlot.AlignedData => [Array.from(each.x), drawable(each.y, view.log)]),
    reduced.map(() => [1, 1]),
  );
}

function options(
  shown: readonly PlotSeries[],
  the: {
    readonly log: boolean;
    readonly smoothed: boolean;
    readonly width: number;
    readonly height: number;
    readonly zoom: { current: readonly [number, number] | undefined };
    readonly latest: { readonly current: PlotProps };
  },
): uPlot.Options {
  const text = themeColor('--vscode-descriptionForeground', '#888');
  const line = themeColor('--vscode-editorWidget-border', 'rgba(128,128,128,.35)');
  const font = `11px ${themeColor('--vscode-font-family', 'sans-serif')}`;
  const axis = { stroke: text, font, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1, size: 4 } };
  const series = shown.flatMap((each): uPlot.Series[] => {
    const look = LOOKS[each.look] ?? LOOKS[0];
    const stroke = themeColor(look?.color ?? '', text);
    const drawn = { stroke, width: 1.5, dash: [...(look?.dash ?? [])], points: { show: each.raw.x.length === 1 } };
    return the.smoothed ? [{ ...drawn, dash: [], alpha: 0.28, width: 1 }, drawn] : [drawn];
  });
  return {
    width: the.width,
    height: the.height,
    legend: { show: false },
    padding: [10, 12, 0, 0],
    scales: { x: { time: false }, y: { distr: the.log ? 3 : 1 } },
    series: [{}, ...series],
    axes: [
      { ...axis, size: 26, gap: 3 },
      { ...axis, size: 52, gap: 4 },
    ],
    cursor: { y: false, points: { size: 6 }, drag: { x: true, y: false } },
    hooks: {
      setCursor: [
        (chart) => {
          const { idx } = chart.cursor;
          the.latest.current.onCursor(idx == null ? undefined : (chart.data[0][idx] ?? undefined));
        },
      ],
      setSelect: [
        (chart) => {
          if (chart.select.width < 2) return;
          const from = chart.posToVal(chart.select.left, 'x');
          const to = chart.posToVal(chart.select.left + chart.select.width, 'x');
          the.zoom.current = [from, to];
          redraw(chart, the, { min: from, max: to });
        },
      ],
      ready: [
        (chart) => {
          chart.over.addEventListener('dblclick', () => {
            the.zoom.current = undefined;
            redraw(chart, the, undefined);
          });
        },
      ],
    },
  };
}

function redraw(
  chart: uPlot,
  the: {
    readonly latest: { readonly current: PlotProps };
    readonly width: number;
    readonly zoom: { current: readonly [number, number] | undefined };
  },
  range: { readonly min: number; readonly max: number } | undefined,
): void {
  const { series, log, smoothed } = the.latest.current;
  const shown = series.filter((each) => each.shown);
  chart.setData(dataOf(shown, { log, smoothed, zoom: the.zoom.current, width: the.width }), range === undefined);
  if (range) chart.setScale('x', range);
}
