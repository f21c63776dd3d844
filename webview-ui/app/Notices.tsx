import type { JSX } from 'preact';
import type { Notice } from '../../src/protocol/messages.ts';
import { clock } from '../model/format.ts';
import { plain } from '../model/plain.ts';
import { Banner, Button, Icon } from '../ui/index.tsx';
import { COMMAND_LABELS, command } from './commands.ts';
import type { Page } from './page.ts';

const SKELETON = [38, 64, 52, 71, 45, 58, 66, 40];

/** The shape of what is coming; after ten seconds a sentence and a button. */
export function Loading({ page }: { readonly page: Page }): JSX.Element {
  if (page.phase.value === 'late') {
    return (
      <main class="notice-page">
        <Icon name="warning" />
        <h1>The leaderboard has not arrived</h1>
        <p role="alert">
          The extension did not answer within ten seconds. It may still be starting, or it has stopped.
        </p>
        <Button icon="refresh" primary onPress={() => page.start()}>
          Try Again
        </Button>
      </main>
    );
  }
  return (
    <main class="skeleton" aria-busy="true" aria-label="Loading the leaderboard">
      <div class="bone wide" />
      {SKELETON.map((width) => (
        <div class="bone-row" key={width}>
          <div class="bone tiny" />
          <div class="bone" style={{ width: `${width}%` }} />
          <div class="bone short" />
        </div>
      ))}
    </main>
  );
}

const EMPTY: Readonly<Record<Notice['kind'], { readonly icon: string; readonly title: string }>> = {
  'no-environment': { icon: 'beaker', title: 'This repository is not set up yet' },
  'no-base': { icon: 'git-commit', title: 'No base yet' },
  'no-runs': { icon: 'rocket', title: 'Nothing has run yet' },
  error: { icon: 'error', title: 'The leaderboard could not be read' },
  stale: { icon: 'debug-disconnect', title: 'Not connected' },
};

/** A board without rows: why, and the one thing to do about it. */
export function EmptyBoard({ page }: { readonly page: Page }): JSX.Element {
  const notice = page.board.value.notice ?? {
    kind: 'no-runs' as const,
    message: 'Run the baseline to have something to compare with, then let ideas come.',
    action: 'runBaseline' as const,
  };
  const { icon, title } = EMPTY[notice.kind];
  const { action } = notice;
  return (
    <main class="notice-page">
      <Icon name={icon} />
      <h1>{title}</h1>
      <p role={notice.kind === 'error' ? 'alert' : undefined}>
        <bdi>{plain(notice.message, 2000)}</bdi>
      </p>
      {action ? (
        <Button primary onPress={() => command(page, action)}>
          {COMMAND_LABELS[action]}
        </Button>
      ) : null}
      {notice.kind === 'error' || notice.kind === 'stale' ? (
        <Button icon="refresh" onPress={() => page.start()}>
          Try Again
        </Button>
      ) : null}
    </main>
  );
}

/** Above a board that has rows: why what is shown is old or not all. */
export function NoticeBanner({ page }: { readonly page: Page }): JSX.Element | null {
  const { notice, at, waiting } = page.board.value;
  if (!notice) {
    if (!waiting) return null;
    return <Banner tone="info">Something was missed; asking for the whole board again.</Banner>;
  }
  const { action } = notice;
  const tone = notice.kind === 'error' ? 'error' : notice.kind === 'stale' ? 'warning' : 'info';
  return (
    <Banner
      tone={tone}
      action={
        action ? (
          <button type="button" class="link" onClick={() => command(page, action)}>
            {COMMAND_LABELS[action]}
          </button>
        ) : null
      }
    >
      <bdi>{plain(notice.message, 600)}</bdi>
      {notice.kind === 'stale' ? ` Shown as of ${clock(at, page.now())}.` : ''}
    </Banner>
  );
}
