/** Every command of ours; package.json and the table of commands are held against this list. */
export const COMMAND_NAMES = [
  'setUp',
  'generateIdeas',
  'addIdea',
  'editIdea',
  'implementIdea',
  'continueByHand',
  'reviewIdea',
  'acceptHunk',
  'rejectHunk',
  'acceptFile',
  'rejectFile',
  'approve',
  'rejectIdea',
  'restoreIdea',
  'undoReview',
  'nextHunk',
  'previousHunk',
  'runOnGpu',
  'runBaseline',
  'newBase',
  'replicateRun',
  'cancelRun',
  'openLog',
  'nextRound',
  'startSearch',
  'pauseSearch',
  'stopSearch',
  'openLeaderboard',
  'applyToBranch',
  'exportResults',
  'addBox',
  'checkBoxes',
  'setApiKey',
  'cleanUp',
  'refresh',
  'openReviewFile',
  'showOutput',
] as const;
export type CommandName = (typeof COMMAND_NAMES)[number];

/** The id VS Code knows a command by. */
export function commandId(name: CommandName): string {
  return `research.${name}`;
}
