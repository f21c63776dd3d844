export * from './compare.ts';
export * from './config.ts';
export * from './duration.ts';
export * from './environment.ts';
export * from './human-error.ts';
export * from './ids.ts';
export * from './records.ts';
export * from './states.ts';
