import { openResearch } from '../../../src/core/research.ts';
import { agreeingHost } from '../../support/research.ts';

/** A window of its own: opens the research of the folder named and drives until it is killed. Prints `open` first. */
const [folder = '.', holder = 'window'] = process.argv.slice(2);
const host = agreeingHost({ log: (level, text) => process.stderr.write(`${holder} ${level}: ${text}\n`) });
void openResearch({ folder, host, holder }).then((research) => {
  process.stdout.write('open\n');
  setInterval(() => {}, 60_000);
  process.once('SIGTERM', () => void research.close().then(() => process.exit(0)));
});
