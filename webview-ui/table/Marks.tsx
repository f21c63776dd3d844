import type { JSX } from 'preact';
import type { LeaderboardRow } from '../../src/core/research/leaderboard-types.ts';
import { doubtOf, doubtText } from '../model/doubt.ts';
import { Icon } from '../ui/index.tsx';

/** A small mark with its words: on hover, and read aloud. */
export function Mark(props: { readonly of: string; readonly icon: string; readonly words: string }): JSX.Element {
  return (
    <span class={`mark ${props.of}`} title={props.words}>
      <Icon name={props.icon} />
      <span class="unseen">{props.words}</span>
    </span>
  );
}

/** In front of a number that does not rank because nobody has confirmed it. */
export function DoubtMark({ row }: { readonly row: LeaderboardRow }): JSX.Element | null {
  const doubt = doubtOf(row);
  if (doubt?.state !== 'unconfirmed') return null;
  return <Mark of="doubt-mark" icon="warning" words={doubtText(doubt)} />;
}

/** Behind a number: who says so (`evaluate` for all that counts, or the runs themselves), and who vouched for it. */
export function TrustMarks({ row }: { readonly row: LeaderboardRow }): JSX.Element | null {
  const counted = row.runs.filter((run) => run.counts && run.value !== undefined);
  if (counted.length === 0) return null;
  const verified = counted.every((run) => run.verified);
  const doubt = doubtOf(row);
  return (
    <>
      {doubt === undefined || doubt.state === 'unconfirmed' ? null : (
        <Mark of="trust" icon={doubt.state === 'confirmed' ? 'thumbsup' : 'warning'} words={doubtText(doubt)} />
      )}
      <SourceMark verified={verified} />
    </>
  );
}

export function SourceMark({ verified }: { readonly verified: boolean }): JSX.Element {
  return (
    <Mark
      of="trust"
      icon={verified ? 'verified' : 'account'}
      words={verified ? 'Verified: evaluate printed it' : 'Self-reported: the run itself printed it'}
    />
  );
}

/** Before the title of what a person wrote. */
export function HandMark(): JSX.Element {
  return <Mark of="hand-mark" icon="edit" words="By hand: a person wrote this patch" />;
}
