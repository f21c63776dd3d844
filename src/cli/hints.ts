/** What to do next, in the terminal's words, for errors whose message is the same in the editor. By their code. */
const HINTS: Readonly<Record<string, string>> = {
  'no-candidate': '"research-copilot ideas --list" and "research-copilot leaderboard" show what there is.',
  'no-idea': '"research-copilot ideas --list" shows the ideas there are.',
  'no-run': '"research-copilot status" lists the runs.',
  'no-base': '"research-copilot ideas" or "research-copilot baseline" begins.',
  'no-environment': '"research-copilot init" proposes one.',
  'not-approved': '"research-copilot approve" approves a candidate.',
  'no-search': '"research-copilot status" shows what is going on.',
};

/** An error's message with what to do next, unless it says so already. */
export function withHint(message: string, code: string): string {
  const hint = HINTS[code];
  return hint === undefined || message.includes('research-copilot') ? message : `${message} ${hint}`;
}
