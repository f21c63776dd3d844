import * as vscode from 'vscode';
import type { ApprovalPolicy, ModelSettings } from '../core/domain/index.ts';
import type { ResearchHost } from '../core/research.ts';
import type { Disposable } from '../core/system/index.ts';
import type { SettingKey } from './setting-keys.ts';

function read<T>(key: SettingKey, fallback: T): T {
  return vscode.workspace.getConfiguration('research').get<T>(key) ?? fallback;
}

function count(key: SettingKey, fallback: number): number {
  const value = read<unknown>(key, fallback);
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 ? value : fallback;
}

/** Undefined where it is 0 or no number: as config.yaml says. */
function amount(key: SettingKey): number | undefined {
  const value = read<unknown>(key, 0);
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined;
}

/** The settings as they are now, typed. */
export const settings = {
  get provider(): 'openai' | 'vscode' {
    return read<string>('model.provider', 'openai') === 'vscode' ? 'vscode' : 'openai';
  },
  get vendor(): string {
    return read('model.vendor', '').trim();
  },
  get baseUrl(): string {
    return read('model.baseUrl', '').trim();
  },
  get implementerBaseUrl(): string {
    return read('model.implementerBaseUrl', '').trim();
  },
  /** Undefined: as config.yaml says. */
  get api(): ModelSettings['api'] {
    const value = read<string>('model.api', '');
    return value === 'auto' || value === 'chat' || value === 'responses' ? value : undefined;
  },
  get ideator(): string {
    return read('model.ideator', '').trim();
  },
  get implementer(): string {
    return read('model.implementer', '').trim();
  },
  get budgets(): NonNullable<ModelSettings['budgets']> {
    const [round, day, total] = (['PerRound', 'PerDay', 'Total'] as const).map((span) => amount(`model.budget${span}`));
    return {
      ...(round === undefined ? {} : { round }),
      ...(day === undefined ? {} : { day }),
      ...(total === undefined ? {} : { total }),
    };
  },
  get ideasPerRound(): number {
    return count('ideasPerRound', 6);
  },
  get seedsPerCandidate(): number {
    return count('seedsPerCandidate', 1);
  },
  get baselineSeeds(): number {
    return count('baselineSeeds', 3);
  },
  get searchRounds(): number {
    return count('search.rounds', 2);
  },
  get approve(): ApprovalPolicy {
    const value = read<string>('search.approve', 'ask');
    return value === 'all' || value === 'policy' ? value : 'ask';
  },
};

/** What overrides `implementer` of `config.yaml`: only what a person set. */
export function implementerSettings(): ReturnType<NonNullable<ResearchHost['implementerSettings']>> {
  const [crashFixes, smokeRuns] = [
    read<string>('implementer.crashFixes', ''),
    read<string>('implementer.smokeRuns', ''),
  ];
  return {
    ...(crashFixes === 'off' || crashFixes === 'once' || crashFixes === 'twice' ? { crash_fixes: crashFixes } : {}),
    ...(smokeRuns === 'off' || smokeRuns === 'unattended' || smokeRuns === 'always' ? { smoke_runs: smokeRuns } : {}),
  };
}

/** What overrides `config.yaml`: only what a person set. */
export function modelSettings(): ModelSettings {
  return {
    ...(settings.baseUrl === '' ? {} : { base_url: settings.baseUrl }),
    ...(settings.ideator === '' ? {} : { ideator: settings.ideator }),
    ...(settings.implementerBaseUrl === '' ? {} : { implementer_base_url: settings.implementerBaseUrl }),
    ...(settings.api === undefined ? {} : { api: settings.api }),
    ...(settings.implementer === '' ? {} : { implementer: settings.implementer }),
    budgets: settings.budgets,
  };
}

/** Calls back when a setting whose key starts with `prefix` changed. */
export function onDidChangeSettings(prefix: SettingKey | 'model', listener: () => void): Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(`research.${prefix}`)) listener();
  });
}
