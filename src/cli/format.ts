import colors from 'picocolors';
import { isEnd, type Summary } from '../core/domain/index.ts';
import type { Leaderboard, LeaderboardRow, ResearchState } from '../core/research/types.ts';

/** Four significant digits, without an exponent for everyday sizes. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-4 || size >= 1e6) ? value.toExponential(3) : String(Number(value.toPrecision(5)));
}

function summary(value: Summary | undefined): string {
  if (!value) return '';
  return value.n > 1
    ? `${formatNumber(value.mean)} ± ${formatNumber(value.std)} (${value.n})`
    : formatNumber(value.mean);
}

function delta(row: LeaderboardRow): string {
  if (row.delta === undefined) return '';
  return `${row.delta > 0 ? '+' : ''}${formatNumber(row.delta)}`;
}

/** Control characters of titles and reasons must not reach a terminal: they come from models and boxes. */
export function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, ' ');
}

/** The leaderboard as aligned columns. */
export function boardLines(board: Leaderboard): readonly string[] {
  const head = ['', 'idea', board.metric, 'Δ', 'status', 'round', 'builds on', 'title'];
  const rows = board.rows.map((row) => [
    row.rank === undefined ? '' : String(row.rank),
    row.candidate === undefined ? '' : `#${row.candidate}`,
    summary(row.objective),
    delta(row),
    row.improved ? `${row.status}, better` : row.status,
    row.round === undefined ? '' : String(row.round),
    row.parents
      .filter((parent) => parent.role !== 'context')
      .map((parent) => `#${parent.candidate}`)
      .join(' '),
    printable(row.title),
  ]);
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((cells) => (cells[column] ?? '').length)));
  const lines = all.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return lines.map((line, index) => {
    if (index === 0) return colors.dim(line);
    return board.rows[index - 1]?.improved ? colors.green(line) : line;
  });
}

export function statusLines(state: ResearchState): readonly string[] {
  const lines = [`${colors.bold(state.root)}`];
  if (state.environment.ok) {
    const { name, objective } = state.environment.value;
    lines.push(`Environment ${printable(name)}: ${objective.goal} ${printable(objective.metric)}`);
  } else if (state.environment.missing) {
    lines.push('There is no research.yaml. "research-copilot init" proposes one.');
  } else {
    lines.push(...state.environment.diagnostics.map((one) => `research.yaml:${one.line}: ${one.message}`));
  }
  if (state.base) {
    const behind = state.behind
      ? colors.yellow(` (behind: the ${state.behind === 'head' ? 'branch moved' : 'environment changed'})`)
      : '';
    lines.push(`Base ${state.base.commit.slice(0, 10)}${behind}`);
  }
  lines.push(`Ideas come from the ${state.ideator.label}`);
  for (const { round, ideas } of state.rounds)
    lines.push(`Round ${round.number}: ${ideas.length} ideas, ${round.state}`);
  const live = state.runs.filter((run) => !isEnd(run.state));
  lines.push(`${live.length} of ${state.runs.length} runs are live`);
  for (const run of live) {
    const last = run.lastMetric ? `${printable(run.lastMetric.name)} ${formatNumber(run.lastMetric.value)}` : '';
    lines.push(
      `  ${[run.id, run.state, run.box ?? '', last, run.reason ?? ''].filter(Boolean).map(printable).join('  ')}`,
    );
  }
  for (const box of state.boxes) {
    const reach = box.unreachableSince
      ? colors.yellow(` unreachable since ${new Date(box.unreachableSince).toISOString()}`)
      : '';
    lines.push(`Box ${box.name} (${box.kind}, ${box.where}): ${box.running} running, ${box.waiting} waiting${reach}`);
  }
  if (!state.driver.here && state.driver.holder && state.driver.pid !== process.pid)
    lines.push(`Driven by ${state.driver.holder} (process ${state.driver.pid})`);
  return lines;
}
