import type { Context, Implementation } from './context.ts';
import { checkLease } from './lease.ts';

/** The row of the whole queue: no box can have this name. */
const ALL = '*';

function set(context: Context, name: string, columns: Readonly<Record<string, boolean>>): void {
  if (!context.sql.get('SELECT name FROM box_state WHERE name = ?', name)) context.sql.insert('box_state', { name });
  context.sql.update('box_state', 'name', name, columns);
  context.changed('box_state', name);
}

export const scheduleMethods: Implementation<'schedule' | 'setQueuePaused' | 'setBoxState'> = {
  schedule({ sql }) {
    const rows = sql.all('SELECT * FROM box_state ORDER BY name');
    return {
      paused: rows.some((row) => row.name === ALL && row.paused === 1),
      boxes: rows
        .filter((row) => row.name !== ALL)
        .map((row) => ({ name: String(row.name), drained: row.drained === 1, givenUp: row.given_up === 1 })),
    };
  },

  setQueuePaused(context, lease, paused) {
    checkLease(context, lease);
    set(context, ALL, { paused });
  },

  setBoxState(context, lease, name, { drained, givenUp }) {
    checkLease(context, lease);
    set(context, name, { drained, given_up: givenUp });
  },
};
