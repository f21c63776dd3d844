import { schedule } from './fleet/schedule.ts';

schedule();
