import { whyNoBox } from '../test/support/sshd/box.ts';
import { shipAndLaunch } from './fleet/ship.ts';

const why = whyNoBox();
const work = why === undefined ? shipAndLaunch() : Promise.resolve(console.log(`ship: skipped, ${why}`));
work.catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
