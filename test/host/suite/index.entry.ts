import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

/** What VS Code calls inside the extension host: runs the files of HOST_TESTS_FILES and writes the counts down. */
export function run(): Promise<void> {
  process.setSourceMapsEnabled(true);
  const grep = process.env.HOST_TESTS_GREP;
  const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, color: false, reporter: 'spec', ...(grep ? { grep } : {}) });
  for (const file of JSON.parse(process.env.HOST_TESTS_FILES ?? '[]')) mocha.addFile(file);
  return new Promise((resolve, reject) => {
    const runner = mocha.run((failures) => {
      const report = process.env.HOST_TESTS_REPORT;
      if (report) writeFileSync(report, JSON.stringify({ stats: runner.stats }));
      if (failures === 0) resolve();
      else reject(new Error(`${failures} failed`));
    });
  });
}
