import { readdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import Mocha from 'mocha';

/** The files the runner named, or those of the first scenario when a person starts the suite with F5. */
function files(): string[] {
  const named = process.env.HOST_TESTS_FILES;
  if (named) return JSON.parse(named);
  const folder = path.dirname(__dirname);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => path.join(folder, name));
}

/** What VS Code calls inside the extension host: runs the files and writes the counts down. */
export function run(): Promise<void> {
  process.setSourceMapsEnabled(true);
  const grep = process.env.HOST_TESTS_GREP;
  const mocha = new Mocha({ ui: 'bdd', timeout: 300_000, color: false, reporter: 'spec', ...(grep ? { grep } : {}) });
  for (const file of files()) mocha.addFile(file);
  return new Promise((resolve, reject) => {
    const runner = mocha.run((failures) => {
      const report = process.env.HOST_TESTS_REPORT;
      if (report) writeFileSync(report, JSON.stringify({ stats: runner.stats }));
      if (failures === 0) resolve();
      else reject(new Error(`${failures} failed`));
    });
  });
}
