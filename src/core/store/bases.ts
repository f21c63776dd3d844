import { type Context, type Implementation, notFound } from './context.ts';
import { checkLease } from './lease.ts';
import { toBase, toRound, toSearch } from './rows.ts';

const CURRENT = 'current-base';

function base({ sql }: Context, id: number) {
  const row = sql.get('SELECT * FROM base WHERE id = ?', id);
  if (!row) throw notFound(`base ${id}`);
  return toBase(row);
}

export const baseMethods: Implementation<
  | 'addBase'
  | 'bases'
  | 'currentBase'
  | 'setCurrentBase'
  | 'addRound'
  | 'setRoundState'
  | 'rounds'
  | 'addSearch'
  | 'setSearchState'
  | 'searches'
> = {
  addBase(context, given) {
    const { sql } = context;
    const known = sql.get(
      'SELECT * FROM base WHERE sha = ? AND environment_hash = ?',
      given.commit,
      given.environmentHash,
    );
    if (known) return toBase(known);
    const id = sql.insert('base', {
      sha: given.commit,
      snapshot: given.snapshot,
      environment_hash: given.environmentHash,
      environment: JSON.stringify(given.environment),
      branch: given.branch,
      created_at: context.now,
    });
    context.changed('base', id);
    return base(context, id);
  },

  bases: ({ sql }) => sql.all('SELECT * FROM base ORDER BY id').map(toBase),

  currentBase({ sql }) {
    const row = sql.get('SELECT base.* FROM base JOIN meta ON meta.key = ? AND base.id = meta.value', CURRENT);
    return row && toBase(row);
  },

  setCurrentBase(context, id) {
    base(context, id);
    context.sql.run('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', CURRENT, String(id));
    context.changed('base', id);
  },

  addRound(context, lease, round) {
    checkLease(context, lease);
    const { sql } = context;
    base(context, round.base);
    const find = () => sql.get('SELECT * FROM round WHERE base = ? AND number = ?', round.base, round.number);
    const known = find();
    if (known) return toRound(known);
    sql.insert('round', {
      base: round.base,
      number: round.number,
      ideator: round.ideator,
      exploit_share: round.exploitShare,
      asked: round.asked,
      state: round.state,
      created_at: context.now,
    });
    context.changed('round', `${round.base}/${round.number}`);
    const row = find();
    if (!row) throw new Error('the round was not written');
    return toRound(row);
  },

  setRoundState(context, lease, baseId, number, state) {
    checkLease(context, lease);
    const set = 'UPDATE round SET state = ? WHERE base = ? AND number = ?';
    if (context.sql.run(set, state, baseId, number).changes === 0) throw notFound(`round ${number} of base ${baseId}`);
    context.changed('round', `${baseId}/${number}`);
  },

  rounds: ({ sql }, baseId) => sql.all('SELECT * FROM round WHERE base = ? ORDER BY number', baseId).map(toRound),

  addSearch(context, search) {
    const { sql } = context;
    base(context, search.base);
    const id = sql.insert('search', {
      base: search.base,
      state: search.state,
      approve: search.approve,
      rounds: search.rounds,
      ideas_per_round: search.ideasPerRound,
      seeds: search.seeds,
      budgets: JSON.stringify(search.budgets),
      boxes: JSON.stringify(search.boxes),
      why: search.why,
      started_at: context.now,
    });
    context.changed('search', id);
    const row = sql.get('SELECT * FROM search WHERE id = ?', id);
    if (!row) throw new Error('the search was not written');
    return toSearch(row);
  },

  setSearchState(context, id, state, why) {
    const set = 'UPDATE search SET state = ?, why = ? WHERE id = ?';
    if (context.sql.run(set, state, why, id).changes === 0) throw notFound(`search ${id}`);
    context.changed('search', id);
  },

  searches: ({ sql }) => sql.all('SELECT * FROM search ORDER BY id').map(toSearch),
};
