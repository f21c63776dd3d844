// Mocha's spec reporter for people; the counts, and what failed in which file, as JSON for scripts/test.ts.
const { writeFileSync } = require('node:fs');
const { reporters } = require('mocha');

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const failed = [];
    runner.on('fail', (test) => failed.push({ title: test.fullTitle(), file: test.file }));
    runner.once('end', () => {
      writeFileSync(options.reporterOptions.output, JSON.stringify({ stats: runner.stats, failed }));
    });
  }
};
