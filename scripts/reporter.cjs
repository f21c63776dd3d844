// Mocha's spec reporter for people, and the counts as JSON for scripts/test.ts.
const { writeFileSync } = require('node:fs');
const { reporters } = require('mocha');

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      writeFileSync(options.reporterOptions.output, JSON.stringify({ stats: runner.stats }));
    });
  }
};
