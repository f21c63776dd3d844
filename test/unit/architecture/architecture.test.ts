import * as assert from 'node:assert/strict';
import { checkFile, roomOf } from '../../../scripts/architecture/check.ts';
import { ROOMS } from '../../../scripts/architecture/rooms.ts';
import { checkTree } from '../../../scripts/architecture/tree.ts';

/** The one message for a line of code planted in a file, or a failure when there is not exactly one. */
function planted(file: string, code: string): string {
  const violations = checkFile(file, `const first = 1;\n${code}\n`);
  assert.equal(violations.length, 1, `${code} in ${file}: ${JSON.stringify(violations)}`);
  assert.equal(violations[0]?.line, 2);
  return violations[0]?.message ?? '';
}

function clean(file: string, code: string): void {
  assert.deepEqual(checkFile(file, code), []);
}

describe('the architecture check', () => {
  it('passes the real tree', async () => {
    const { files, violations } = await checkTree(process.cwd());
    assert.ok(files > 20);
    assert.deepEqual(violations, []);
  });

  it('knows no two rooms for one file, and only rooms that exist', () => {
    const names = ROOMS.map((room) => room.name);
    assert.equal(new Set(names).size, names.length);
    for (const room of ROOMS) {
      for (const used of [...room.uses, ...(room.usesTypesOf ?? [])]) assert.ok(names.includes(used), used);
      for (const face of room.faces === 'any' ? [] : room.faces) assert.equal(roomOf(face)?.name, room.name);
    }
  });

  it('lets no room lean on one above it, whether directly or in a circle', () => {
    const above = new Map(ROOMS.map((room) => [room.name, [...room.uses, ...(room.usesTypesOf ?? [])]]));
    const walk = (name: string, path: readonly string[]): void => {
      assert.ok(!path.includes(name), [...path, name].join(' -> '));
      for (const used of above.get(name) ?? []) walk(used, [...path, name]);
    };
    for (const room of ROOMS) walk(room.name, []);
  });

  describe('sees every way to name a module', () => {
    const ways: Readonly<Record<string, string>> = {
      'a static import': "import { scheduler } from '../scheduler/index.ts';",
      'an import for its effect': "import '../scheduler/index.ts';",
      'a type import': "import type { Scheduler } from '../scheduler/index.ts';",
      'an inline type import': "import { type Scheduler } from '../scheduler/index.ts';",
      're-export of names': "export { scheduler } from '../scheduler/index.ts';",
      're-export of all': "export * from '../scheduler/index.ts';",
      're-export of types': "export type * from '../scheduler/index.ts';",
      'a dynamic import': "export const load = () => import('../scheduler/index.ts');",
      'a dynamic import in backticks': 'export const load = () => import(`../scheduler/index.ts`);',
      'an import() type': "export type S = import('../scheduler/index.ts').Scheduler;",
      'a typeof import() type': "export type S = typeof import('../scheduler/index.ts');",
      require: "export const s = require('../scheduler/index.ts');",
      'require.resolve': "export const s = require.resolve('../scheduler/index.ts');",
      'an import equals': "import s = require('../scheduler/index.ts');",
    };
    for (const [name, code] of Object.entries(ways)) {
      it(name, () => {
        assert.match(planted('src/core/git/repository.ts', code), /git may not import scheduler/);
      });
    }

    it('but not what only looks like one in a string or a comment', () => {
      clean(
        'src/core/git/repository.ts',
        "// import '../scheduler/index.ts'\nexport const s = \"import '../scheduler'\";",
      );
    });

    it('and refuses a specifier it cannot read', () => {
      assert.match(planted('src/core/git/a.ts', 'export const f = (m: string) => import(m);'), /computed/);
      assert.match(planted('src/core/git/a.ts', "export const f = (m: string) => require('./' + m);"), /computed/);
    });
  });

  describe('keeps the doors', () => {
    it('reaching into another room fails, its face is fine', () => {
      const inside = "import { open } from '../store/schema.ts';";
      assert.match(planted('src/core/research.ts', "import { open } from './store/schema.ts';"), /reaches into store/);
      assert.match(planted('src/core/scheduler/drive.ts', inside), /reaches into store/);
      clean('src/core/scheduler/drive.ts', "import { open } from '../store/index.ts';\nimport { a } from './a.ts';");
    });

    it('the entry of a bundle may be loaded lazily, and only lazily, and not from below', () => {
      clean('src/core/research.ts', "export const llm = () => import('./models/client.ts');");
      clean('src/core/research.ts', "export type Llm = typeof import('./models/client.ts');");
      assert.match(planted('src/core/research.ts', "import { a } from './models/client.ts';"), /reaches into models/);
      assert.match(
        planted('src/core/git/a.ts', "export const a = () => import('../models/client.ts');"),
        /may not import/,
      );
    });

    it('leaf rooms do not know each other', () => {
      assert.match(planted('src/core/metrics/lines.ts', "import type { Store } from '../store/index.ts';"), /downward/);
    });

    it('research is known by its two faces', () => {
      clean(
        'src/cli.ts',
        "import type { Research } from './core/research/types.ts';\nimport { open } from './core/research.ts';",
      );
      assert.match(planted('src/cli.ts', "import { a } from './core/research/parts.ts';"), /reaches into research/);
    });

    it('core never imports vscode or a door above it', () => {
      assert.match(planted('src/core/research.ts', "import * as vscode from 'vscode';"), /belongs to vscode/);
      assert.match(planted('src/core/research.ts', "import type { Uri } from 'vscode';"), /belongs to vscode/);
      assert.match(planted('src/core/research.ts', "import { a } from '../vscode/a.ts';"), /may not import vscode/);
      assert.match(planted('src/core/research.ts', "import { a } from '../cli.ts';"), /may not import cli/);
    });

    it('the page and the protocol take types of the core, and no code', () => {
      const type = "import type { Run } from '../core/domain/index.ts';";
      const value = "import { isLive } from '../core/domain/index.ts';";
      clean('src/protocol/messages.ts', type);
      assert.match(planted('src/protocol/messages.ts', value), /only types of domain/);
      clean(
        'webview-ui/main.tsx',
        "import type { Run } from '../src/core/domain/index.ts';\nexport const a = <b>{1}</b>;",
      );
      assert.match(
        planted('webview-ui/main.tsx', "import { isLive } from '../src/core/domain/index.ts';"),
        /only types/,
      );
      assert.match(planted('webview-ui/main.tsx', "import { a } from '../src/vscode/a.ts';"), /may not import vscode/);
    });

    it('heavy packages stay in their room', () => {
      assert.match(planted('src/core/research.ts', "import OpenAI from 'openai';"), /belongs to models/);
      assert.match(planted('src/vscode/a.ts', "import { h } from 'preact/hooks';"), /belongs to webview/);
      clean('src/core/models/openai.ts', "import OpenAI from 'openai';");
    });

    it('a file in no room is found', () => {
      assert.match(checkFile('src/helpers.ts', '')[0]?.message ?? '', /belongs to no room/);
      assert.match(
        planted('src/core/git/a.ts', "import { a } from '../../../test/support/a.ts';"),
        /belongs to no room/,
      );
    });
  });

  describe('keeps time, chance, disk and processes in system/', () => {
    const powers: Readonly<Record<string, string>> = {
      'Date.now': 'export const t = Date.now();',
      'Date.now, handed on': 'export const now = Date.now;',
      "Date['now']": "export const t = Date['now']();",
      'new Date()': 'export const t = new Date();',
      'Date()': 'export const t = Date();',
      'performance.now': 'export const t = performance.now();',
      'Math.random': 'export const r = Math.random();',
      'crypto.randomUUID': 'export const r = globalThis.crypto.randomUUID();',
      randomBytes: "import { randomBytes } from 'node:crypto';",
      setTimeout: 'setTimeout(() => {}, 1);',
      'globalThis.setTimeout': 'globalThis.setTimeout(() => {}, 1);',
      setInterval: 'export const f = setInterval;',
      'node:timers/promises': "import { setTimeout as sleep } from 'node:timers/promises';",
      'node:fs': "import { readFileSync } from 'node:fs';",
      'node:fs/promises': "import * as disk from 'node:fs/promises';",
      'fs without its prefix': "export const fs = require('fs');",
      'node:child_process': "export const load = () => import('node:child_process');",
      'node:worker_threads': "import { Worker } from 'node:worker_threads';",
      'node:sqlite': "import { DatabaseSync } from 'node:sqlite';",
    };
    for (const [name, code] of Object.entries(powers)) {
      it(`${name} elsewhere is refused`, () => {
        assert.match(planted('src/core/search/policy.ts', code), /search may not (use|import)/);
      });
    }

    it('what looks alike is let through', () => {
      clean(
        'src/core/search/policy.ts',
        `import { createHash } from 'node:crypto';
         import type { Stats } from 'node:fs';
         export const day = (ms: number) => new Date(ms).toISOString();
         export const wait = (clock: { setTimeout(ms: number): void; now(): number }) => clock.setTimeout(clock.now());
         export const table = { setInterval: 1, random: createHash };
         export type S = Stats;`,
      );
    });

    it('system/ may, and the page and the editor side may use timers', () => {
      clean(
        'src/core/system/clock.ts',
        "import * as fs from 'node:fs';\nexport const t = Date.now();\nsetTimeout(() => {}, t);",
      );
      clean('src/vscode/panel.ts', 'setTimeout(() => {}, 1);');
      clean('webview-ui/main.tsx', 'export const t = performance.now();');
      assert.match(planted('src/vscode/panel.ts', "import * as fs from 'node:fs';"), /system\/files/);
      clean('src/core/store/worker.ts', "import { parentPort } from 'node:worker_threads';");
    });
  });
});
