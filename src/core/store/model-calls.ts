import type { ModelCall } from '../domain/index.ts';
import { type Context, type Implementation, notFound } from './context.ts';
import { toCallHead, toModelCall } from './rows.ts';

/** All but the texts, which the worker need not carry over for a list. */
const HEAD = `id, key, purpose, server, model, params, usage, cost, latency_ms, state, error, base, round, idea, created_at,
  (SELECT coalesce(sum(length(value ->> 'content')), 0) FROM json_each(messages)) AS prompt_length,
  length(answer) AS answer_length`;

function find({ sql }: Context, id: number): ModelCall {
  const row = sql.get('SELECT * FROM model_call WHERE id = ?', id);
  if (!row) throw notFound(`model call ${id}`);
  return toModelCall(row);
}

export const modelCallMethods: Implementation<'openCall' | 'closeCall' | 'calls' | 'call'> = {
  openCall(context, call) {
    const { sql } = context;
    const answered = sql.get(
      "SELECT * FROM model_call WHERE key = ? AND state = 'answered' ORDER BY id DESC LIMIT 1",
      call.key,
    );
    if (answered) return toModelCall(answered);
    // One that asks again is the proof that an earlier asker never heard.
    for (const row of sql.all("SELECT id FROM model_call WHERE key = ? AND state = 'asked'", call.key)) {
      sql.update('model_call', 'id', row.id, { state: 'failed', error: 'interrupted before the answer came' });
      context.changed('model_call', Number(row.id));
    }
    const id = sql.insert('model_call', {
      key: call.key,
      purpose: call.purpose,
      server: call.server,
      model: call.model,
      messages: JSON.stringify(call.messages),
      params: JSON.stringify(call.params),
      state: 'asked',
      base: call.base,
      round: call.round,
      idea: call.idea,
      created_at: context.now,
    });
    context.changed('model_call', id);
    return find(context, id);
  },

  closeCall(context, id, end) {
    // An answer is paid for and stays, also when its asker was given up meanwhile.
    if (find(context, id).state === 'answered') return;
    context.sql.update('model_call', 'id', id, {
      state: end.state,
      answer: end.answer,
      usage: end.usage && JSON.stringify(end.usage),
      cost: end.cost,
      latency_ms: end.latencyMs,
      error: end.error,
    });
    context.changed('model_call', id);
  },

  calls({ sql }, filter = {}) {
    const { base, idea, since } = filter;
    const where = '(?1 IS NULL OR base = ?1) AND (?2 IS NULL OR idea = ?2) AND (?3 IS NULL OR created_at >= ?3)';
    return sql.all(`SELECT ${HEAD} FROM model_call WHERE ${where} ORDER BY id`, base, idea, since).map(toCallHead);
  },

  call({ sql }, id) {
    const row = sql.get('SELECT * FROM model_call WHERE id = ?', id);
    return row && toModelCall(row);
  },
};
