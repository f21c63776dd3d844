import type { MetricPoint } from '../domain/index.ts';
import { type Context, type Implementation, notFound } from './context.ts';
import { checkLease } from './lease.ts';
import { toMetricPoint } from './rows.ts';
import type { Value } from './sql.ts';

function nameId({ sql }: Context, name: string): number {
  const known = sql.get('SELECT id FROM metric_name WHERE name = ?', name);
  return known ? Number(known.id) : sql.insert('metric_name', { name });
}

/** Writes points of a run, given by its row; `file` is that of `run_file`, undefined for the log. */
function insert(context: Context, run: Value, points: readonly MetricPoint[], file?: Value): void {
  const { sql } = context;
  const names = new Map<string, number>();
  for (const { name } of points) {
    if (names.has(name)) continue;
    const id = nameId(context, name);
    names.set(name, id);
    sql.run('INSERT OR IGNORE INTO run_metric (run, name) VALUES (?, ?)', run, id);
    if (file !== undefined) sql.run('UPDATE run_metric SET filed = 1 WHERE run = ? AND name = ?', run, id);
  }
  for (const point of points) {
    sql.run(
      'INSERT INTO metric (run, name, step, value, state, file) VALUES (?, ?, ?, ?, ?, ?)',
      run,
      names.get(point.name),
      point.step,
      Number.isFinite(point.value) ? point.value : null,
      point.state,
      file,
    );
  }
}

/** Only what counts of a run's points: a name that a file gives is read from files. */
const COUNTS = `(metric.file IS NOT NULL) =
  (SELECT filed FROM run_metric WHERE run_metric.run = metric.run AND run_metric.name = metric.name)`;

export const metricMethods: Implementation<
  'addMetrics' | 'runFiles' | 'addFileMetrics' | 'metrics' | 'metricNames' | 'sparks'
> = {
  addMetrics(context, lease, runId, points, fromByte, toByte) {
    checkLease(context, lease);
    const { sql } = context;
    const run = sql.get('SELECT row, log_bytes FROM run WHERE id = ?', runId);
    if (!run) throw notFound(`run ${runId}`);
    if (toByte < fromByte) throw new Error(`a log cannot shrink from byte ${fromByte} to ${toByte}`);
    if (run.log_bytes !== fromByte) return false;
    insert(context, run.row, points);
    sql.update('run', 'row', run.row, { log_bytes: toByte });
    if (points.length > 0) context.changed('metric', runId);
    if (toByte > fromByte) context.changed('run', runId);
    return true;
  },

  runFiles: ({ sql }, runId) =>
    sql
      .all(
        'SELECT path, bytes, state FROM run_file WHERE run = (SELECT row FROM run WHERE id = ?) ORDER BY path',
        runId,
      )
      .map((row) => ({ path: String(row.path), bytes: Number(row.bytes), state: String(row.state) })),

  addFileMetrics(context, lease, runId, points, file) {
    checkLease(context, lease);
    const { sql } = context;
    const run = sql.get('SELECT row FROM run WHERE id = ?', runId);
    if (!run) throw notFound(`run ${runId}`);
    const known = sql.get('SELECT id, bytes FROM run_file WHERE run = ? AND path = ?', run.row, file.path);
    const id = known ? Number(known.id) : sql.insert('run_file', { run: run.row, path: file.path });
    if (file.fresh) {
      sql.run('DELETE FROM metric WHERE file = ?', id);
      sql.run(
        `UPDATE run_metric SET filed = 0 WHERE run = ?1 AND NOT EXISTS
          (SELECT 1 FROM metric WHERE metric.run = ?1 AND metric.name = run_metric.name AND metric.file IS NOT NULL)`,
        run.row,
      );
    } else if (Number(known?.bytes ?? 0) !== file.from) return false;
    insert(context, run.row, points, id);
    sql.update('run_file', 'id', id, { bytes: file.to, state: file.state });
    if (points.length > 0) {
      context.changed('metric', runId);
      context.changed('run', runId);
    }
    return true;
  },

  metrics({ sql }, runId, options = {}) {
    const names = options.names && JSON.stringify(options.names);
    return sql
      .all(
        `SELECT metric.id, metric_name.name, step, value, metric.state
         FROM metric JOIN metric_name ON metric_name.id = metric.name
         WHERE metric.run = (SELECT row FROM run WHERE id = ?1) AND metric.id > ?2 AND ${COUNTS}
           AND (?3 IS NULL OR metric.name IN
             (SELECT id FROM metric_name WHERE name IN (SELECT value FROM json_each(?3))))
         ORDER BY metric.id`,
        runId,
        options.after ?? 0,
        names,
      )
      .map(toMetricPoint);
  },

  metricNames: ({ sql }, base) =>
    sql
      .all(
        `SELECT DISTINCT metric_name.name FROM run_metric
         JOIN metric_name ON metric_name.id = run_metric.name JOIN run ON run.row = run_metric.run
         WHERE run.base = ? ORDER BY metric_name.name`,
        base,
      )
      .map((row) => String(row.name)),

  sparks({ sql }, runs, metric, count) {
    const rows = sql.all(
      `WITH point AS (
         SELECT run.id AS run, metric.id AS at, value,
           row_number() OVER (PARTITION BY metric.run ORDER BY metric.id) AS place,
           count(*) OVER (PARTITION BY metric.run) AS many
         FROM metric JOIN run ON run.row = metric.run
         WHERE run.id IN (SELECT value FROM json_each(?1))
           AND metric.name = (SELECT id FROM metric_name WHERE name = ?2) AND metric.state = 'ok' AND ${COUNTS})
       SELECT run, value FROM point WHERE (many - place) % ((many + ?3 - 1) / ?3) = 0 ORDER BY at`,
      JSON.stringify(runs),
      metric,
      Math.max(1, Math.floor(count)),
    );
    const sparks: Record<string, number[]> = Object.fromEntries(runs.map((run) => [run, []]));
    for (const row of rows) sparks[String(row.run)]?.push(Number(row.value));
    return sparks;
  },
};
