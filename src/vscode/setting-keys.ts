/** Every setting of ours; a test holds package.json against this list. */
export const SETTING_KEYS = [
  'model.provider',
  'model.vendor',
  'model.baseUrl',
  'model.implementerBaseUrl',
  'model.api',
  'model.ideator',
  'model.implementer',
  'model.budgetPerRound',
  'model.budgetPerDay',
  'model.budgetTotal',
  'implementer.crashFixes',
  'implementer.smokeRuns',
  'ideasPerRound',
  'seedsPerCandidate',
  'baselineSeeds',
  'search.rounds',
  'search.approve',
] as const;
export type SettingKey = (typeof SETTING_KEYS)[number];

/** Settings that name a server, a model or who approves: never taken from a workspace. */
export const MACHINE_SETTINGS: readonly SettingKey[] = [
  'model.provider',
  'model.vendor',
  'model.baseUrl',
  'model.implementerBaseUrl',
  'model.api',
  'model.ideator',
  'model.implementer',
  'model.budgetPerRound',
  'model.budgetPerDay',
  'model.budgetTotal',
  'implementer.crashFixes',
  'implementer.smokeRuns',
  'search.approve',
];
