import type { Leaderboard } from '../../../src/core/research/leaderboard-types.ts';
import type { FromPage, Notice, ToPage } from '../../../src/protocol/messages.ts';

/** What a test puts in the page before it starts. */
export interface Fixture {
  /** Undefined: the host stays silent. */
  readonly board?: Leaderboard | null;
  readonly notice?: Notice;
  readonly at: number;
  /** By run: its log's lines. Runs that are not named have none. */
  readonly logs?: Readonly<Record<string, readonly string[]>>;
  readonly liveLogs?: readonly string[];
  /** By run: y of each metric; x is the index times ten. null is NaN. */
  readonly curves?: Readonly<Record<string, Readonly<Record<string, readonly (number | null)[]>>>>;
  readonly state?: unknown;
  /** Questions of these types are never answered, or refused. */
  readonly silent?: readonly string[];
  readonly refuse?: readonly string[];
}

export interface FakeHost {
  readonly sent: FromPage[];
  readonly violations: string[];
  state: unknown;
  deliver(message: ToPage): void;
  /** Adds lines to a log, or points to a curve, and says that the run grew. */
  grow(run: string, lines: readonly string[], points?: Readonly<Record<string, readonly number[]>>): void;
}

declare global {
  interface Window {
    fixture: Fixture;
    fake: FakeHost;
    acquireVsCodeApi: () => unknown;
  }
}

const fixture = window.fixture;
const logs = new Map(Object.entries(fixture.logs ?? {}).map(([run, lines]) => [run, [...lines]]));
const curves = new Map(
  Object.entries(fixture.curves ?? {}).map(([run, metrics]) => [
    run,
    new Map(Object.entries(metrics).map(([name, y]) => [name, [...y]])),
  ]),
);

function deliver(message: ToPage): void {
  window.postMessage(message, '*');
}

function answer(message: FromPage): void {
  if (fixture.silent?.includes(message.type)) return;
  if ('request' in message && fixture.refuse?.includes(message.type)) {
    deliver({ type: 'failed', request: message.request, message: 'The log file is gone.' });
    return;
  }
  switch (message.type) {
    case 'ready':
    case 'resync': {
      const { board, notice, at } = fixture;
      if (board !== undefined) deliver({ type: 'snapshot', gen: 1, seq: 0, at, board, notice });
      return;
    }
    case 'log': {
      const lines = logs.get(message.run) ?? [];
      const first = message.first < 0 ? Math.max(0, lines.length + message.first) : message.first;
      deliver({
        type: 'log',
        request: message.request,
        run: message.run,
        first,
        lines: lines.slice(first, first + message.count),
        total: lines.length,
        bytes: lines.reduce((sum, line) => sum + line.length + 1, 0),
        live: fixture.liveLogs?.includes(message.run) ?? false,
      });
      return;
    }
    case 'searchLog': {
      const wanted = message.text.toLowerCase();
      const found = (logs.get(message.run) ?? []).flatMap((line, index) =>
        line.toLowerCase().includes(wanted) ? [index] : [],
      );
      deliver({
        type: 'logMatches',
        request: message.request,
        run: message.run,
        lines: found.slice(0, 10_000),
        truncated: found.length > 10_000,
      });
      return;
    }
    case 'metrics': {
      const names = [...(curves.get(message.run)?.keys() ?? [])];
      deliver({ type: 'metrics', request: message.request, run: message.run, names });
      return;
    }
    case 'curve': {
      const y = curves.get(message.run)?.get(message.metric) ?? [];
      deliver({
        type: 'curve',
        request: message.request,
        run: message.run,
        metric: message.metric,
        x: Float64Array.from(y, (_, index) => index * 10),
        y: Float64Array.from(y, (value) => value ?? Number.NaN),
        live: fixture.liveLogs?.includes(message.run) ?? false,
      });
      return;
    }
    case 'command':
    case 'watch':
      return;
  }
}

window.fake = {
  sent: [],
  violations: [],
  state: fixture.state,
  deliver,
  grow(run, lines, points = {}) {
    const log = logs.get(run) ?? [];
    log.push(...lines);
    logs.set(run, log);
    for (const [metric, more] of Object.entries(points))
      curves
        .get(run)
        ?.get(metric)
        ?.push(...more);
    deliver({ type: 'grew', run, logLines: log.length, metrics: Object.keys(points).length > 0 });
  },
};
document.addEventListener('securitypolicyviolation', (event) => {
  window.fake.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});
window.acquireVsCodeApi = () => ({
  postMessage(message: FromPage) {
    window.fake.sent.push(message);
    answer(message);
  },
  getState: () => window.fake.state,
  setState(state: unknown) {
    window.fake.state = structuredClone(state);
  },
});
