import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { buildProgram } from '../../../src/cli/main.ts';

describe('the terminal command', () => {
  const program = buildProgram(new AbortController().signal);
  const page = fs.readFileSync(path.join(process.cwd(), 'docs/terminal.md'), 'utf8');

  it('has every command on its page, and no command is there that it has not', () => {
    const rows = [...page.matchAll(/^\| `([a-z-]+)[^`]*` +\|/gm)].map((match) => match[1]);
    assert.deepEqual(rows.toSorted(), program.commands.map((command) => command.name()).toSorted());
  });

  for (const command of program.commands) {
    it(`${command.name()} --help describes every option and argument, and the global ones`, () => {
      const help = command.helpInformation();
      assert.match(help, /Global Options:[\s\S]*--json[\s\S]*--yes/);
      assert.match(help, new RegExp(`^Usage: research-copilot ${command.name()}`));
      for (const option of command.options) assert.ok(option.description, option.flags);
      for (const argument of command.registeredArguments) assert.ok(argument.description, argument.name());
      assert.ok(!help.includes('default: false'));
    });
  }
});
