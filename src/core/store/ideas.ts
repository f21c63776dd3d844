import type { Idea, IdeaId, Parent } from '../domain/index.ts';
import { type Context, type Implementation, notFound } from './context.ts';
import { toIdea, toParent } from './rows.ts';
import type { Row } from './sql.ts';

function withParents(context: Context, rows: readonly Row[]): Idea[] {
  const parents = new Map<number, Parent[]>();
  // One idea is the common question; asking for all parents of the file would be the slow one.
  const only = rows.length === 1 ? rows[0]?.id : undefined;
  const found =
    only === undefined
      ? context.sql.all('SELECT * FROM parent ORDER BY idea, place')
      : context.sql.all('SELECT * FROM parent WHERE idea = ? ORDER BY place', only);
  for (const row of found) {
    const idea = Number(row.idea);
    parents.set(idea, [...(parents.get(idea) ?? []), toParent(row)]);
  }
  return rows.map((row) => toIdea(row, parents.get(Number(row.id)) ?? []));
}

function find(context: Context, id: IdeaId): Idea {
  const row = context.sql.get('SELECT * FROM idea WHERE id = ?', id);
  const [idea] = withParents(context, row ? [row] : []);
  if (!idea) throw notFound(`idea #${id}`);
  return idea;
}

function set(context: Context, id: IdeaId, columns: Parameters<Context['sql']['update']>[3]): void {
  find(context, id);
  context.sql.update('idea', 'id', id, columns);
  context.changed('idea', id);
}

export const ideaMethods: Implementation<
  'addIdea' | 'editIdea' | 'dropIdea' | 'rejectIdea' | 'restoreIdea' | 'pinIdea' | 'ideas' | 'idea'
> = {
  addIdea(context, idea) {
    const { sql } = context;
    if (!sql.get('SELECT 1 FROM base WHERE id = ?', idea.base)) throw notFound(`base ${idea.base}`);
    const id = sql.insert('idea', {
      base: idea.base,
      round: idea.round,
      lane: idea.lane,
      move: idea.move,
      title: idea.title,
      hypothesis: idea.hypothesis,
      details: idea.details,
      expected: idea.expected,
      risk: idea.risk,
      edits: JSON.stringify(idea.edits),
      created_at: context.now,
    });
    idea.parents.forEach((parent, place) => {
      const row = sql.get('SELECT base FROM candidate WHERE id = ?', parent.candidate);
      if (!row) throw notFound(`candidate #${parent.candidate}`);
      if (row.base !== idea.base)
        throw new Error(`candidate ${parent.candidate} is no parent within base ${idea.base}`);
      sql.insert('parent', { idea: id, place, candidate: parent.candidate, role: parent.role });
    });
    context.changed('idea', id);
    return find(context, id);
  },

  editIdea(context, id, { title, hypothesis, details, expected, risk }) {
    const words = Object.entries({ title, hypothesis, details, expected, risk });
    set(context, id, Object.fromEntries(words.filter(([, value]) => value !== undefined)));
    return find(context, id);
  },

  dropIdea: (context, id, reason) => set(context, id, { dropped: reason }),
  rejectIdea: (context, id, reason) => set(context, id, { dropped: reason, rejection: reason }),
  restoreIdea: (context, id) => set(context, id, { dropped: null, rejection: null }),
  pinIdea: (context, id, pinned) => set(context, id, { pinned }),

  ideas(context, base) {
    const rows =
      base === undefined
        ? context.sql.all('SELECT * FROM idea ORDER BY id')
        : context.sql.all('SELECT * FROM idea WHERE base = ? ORDER BY id', base);
    return withParents(context, rows);
  },

  idea(context, id) {
    const row = context.sql.get('SELECT * FROM idea WHERE id = ?', id);
    return withParents(context, row ? [row] : [])[0];
  },
};
