import * as fs from 'node:fs/promises';
import type { Shipment } from '../../../src/core/workers/types.ts';
import { LocalBox } from '../../support/local-box.ts';

/**
 * Another program that hands a run over: the folder of the box and a shipment as JSON. Prints the outcome and stays
 * until it is killed.
 */
async function main(): Promise<void> {
  const [folder = '', file = '', slots = '1'] = process.argv.slice(2);
  const shipment: Shipment = {
    ...JSON.parse(await fs.readFile(file, 'utf8')),
    pack: () => Promise.reject(new Error('the box has the commit')),
  };
  const worker = new LocalBox(folder).worker({ slots: Number(slots) });
  console.log(`outcome ${await worker.submit(shipment)}`);
  setInterval(() => {}, 1000);
}

main().catch((error: unknown) => {
  console.log(`failed ${(error as Error).message}`);
  process.exit(1);
});
