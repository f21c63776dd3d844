export { baselineClasses, measure } from './measured.ts';
export { type Outlook, outlooks } from './outlook.ts';
export { inOrder, place } from './place.ts';
export { Room } from './room.ts';
export * from './types.ts';
export { whyAllWait, whyWaiting } from './why.ts';
