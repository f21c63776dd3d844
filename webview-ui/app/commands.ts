import type { PageCommand } from '../../src/protocol/messages.ts';
import type { Page } from './page.ts';

/** The commands as buttons name them: the words of the palette. */
export const COMMAND_LABELS: Readonly<Record<PageCommand, string>> = {
  setUp: 'Set Up This Repository',
  generateIdeas: 'Generate Ideas',
  reviewIdea: 'Review',
  runOnGpu: 'Run on GPU',
  runBaseline: 'Run Baseline',
  replicateRun: 'Replicate Run',
  confirmResult: 'Confirm Result',
  cancelRun: 'Cancel Run',
  openLog: 'Open Log',
  nextRound: 'Next Round',
  applyToBranch: 'Apply to My Branch',
  exportResults: 'Export Results',
  newBase: 'New Base',
};

export function command(page: Page, name: PageCommand): void {
  page.host.send({ type: 'command', command: name });
}
