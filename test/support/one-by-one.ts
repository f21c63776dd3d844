import { afterEach, beforeEach } from 'mocha';

/**
 * For a suite whose tests go on from one another: once one failed, those behind it are skipped. Mocha's own `bail` would
 * skip the whole suite where any other suite has failed before it.
 */
export function oneByOne(): void {
  let failed = false;
  beforeEach(function () {
    if (failed) this.skip();
  });
  afterEach(function () {
    failed ||= this.currentTest?.state === 'failed';
  });
}
