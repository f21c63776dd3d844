export * from './crashes.ts';
export * from './funnel.ts';
export * from './guardrails.ts';
export * from './outcomes.ts';
export * from './parents.ts';
export * from './results.ts';
export * from './rounds.ts';
export * from './schedule.ts';
