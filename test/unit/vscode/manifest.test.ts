import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { PAGE_COMMANDS } from '../../../src/protocol/messages.ts';
import { COMMAND_NAMES, commandId } from '../../../src/vscode/commands/ids.ts';
import { MACHINE_SETTINGS, SETTING_KEYS } from '../../../src/vscode/setting-keys.ts';

interface Item {
  readonly command: string;
  readonly when?: string;
}

const manifest = JSON.parse(readFileSync(path.resolve('package.json'), 'utf8')) as {
  readonly main: string;
  readonly enabledApiProposals?: unknown;
  readonly activationEvents: readonly string[];
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly category: string; readonly title: string }[];
    readonly menus: Readonly<Record<string, readonly Item[]>>;
    readonly keybindings: readonly Item[];
    readonly views: { readonly research: readonly { readonly id: string }[] };
    readonly viewsWelcome: readonly { readonly view: string; readonly contents: string }[];
    readonly configuration: { readonly properties: Readonly<Record<string, { readonly scope: string }>> };
    readonly walkthroughs: readonly { readonly steps: readonly { readonly description: string }[] }[];
    readonly yamlValidation: readonly { readonly url: string }[];
  };
  readonly capabilities: { readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] } };
};
const { contributes } = manifest;

/** The menus that an extension may use without proposed API, as far as we might want them. */
const STABLE_MENUS = new Set([
  'commandPalette',
  'editor/title',
  'editor/title/run',
  'editor/context',
  'editor/lineNumber/context',
  'scm/change/title',
  'scm/title',
  'scm/resourceState/context',
  'scm/resourceGroup/context',
  'scm/resourceFolder/context',
  'comments/commentThread/title',
  'comments/commentThread/context',
  'comments/comment/title',
  'view/title',
  'view/item/context',
  'webview/context',
]);

describe('package.json says what the code does', () => {
  it('names exactly the commands of the table, all in one category', () => {
    assert.deepEqual(contributes.commands.map((one) => one.command).sort(), COMMAND_NAMES.map(commandId).sort());
    assert.deepEqual([...new Set(contributes.commands.map((one) => one.category))], ['Research Copilot']);
  });

  it('names exactly the settings that are read', () => {
    const keys = Object.keys(contributes.configuration.properties).sort();
    assert.deepEqual(keys, SETTING_KEYS.map((key) => `research.${key}`).sort());
  });

  it('lets no workspace choose a server, a model or who approves', () => {
    for (const key of MACHINE_SETTINGS) {
      assert.equal(contributes.configuration.properties[`research.${key}`]?.scope, 'machine', key);
    }
    const restricted = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
    assert.deepEqual([...restricted].sort(), SETTING_KEYS.map((key) => `research.${key}`).sort());
  });

  it('uses stable menus only and proposes no API', () => {
    assert.deepEqual(
      Object.keys(contributes.menus).filter((menu) => !STABLE_MENUS.has(menu)),
      [],
    );
    assert.equal(manifest.enabledApiProposals, undefined);
  });

  it('hangs every menu item, key, welcome text and page button on a command that exists', () => {
    const known = new Set(contributes.commands.map((one) => one.command));
    const used = [...Object.values(contributes.menus).flat(), ...contributes.keybindings].map((item) => item.command);
    const texts = [
      ...contributes.viewsWelcome.map((welcome) => welcome.contents),
      ...contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps.map((step) => step.description)),
    ];
    const linked = texts.flatMap((text) =>
      [...text.matchAll(/command:(research\.\w+)/g)].map((match) => match[1] ?? ''),
    );
    const page = PAGE_COMMANDS.map((name) => `research.${name}`);
    assert.deepEqual(
      [...used, ...linked, ...page].filter((command) => !known.has(command)),
      [],
    );
  });

  it('has a welcome text for each reason that a view is empty', () => {
    const views = contributes.views.research.map((view) => view.id);
    assert.deepEqual([...new Set(contributes.viewsWelcome.map((welcome) => welcome.view))].sort(), [...views].sort());
    const whens = JSON.stringify(contributes.viewsWelcome);
    for (const reason of ['no-folder', 'untrusted', 'no-git', 'no-repository', 'no-commits', 'missing', 'broken']) {
      assert.ok(whens.includes(`'${reason}'`), reason);
    }
  });

  it('wakes for a described repository and for its panel, and for nothing else by itself', () => {
    assert.deepEqual(manifest.activationEvents, [
      'workspaceContains:research.yaml',
      'onWebviewPanel:research.leaderboard',
    ]);
  });
});
