import type { ComponentChildren, JSX } from 'preact';
import { Icon } from '../ui/index.tsx';

/** The middle of a pane that has nothing to show, in a sentence, with what to do about it. */
export function Empty(props: {
  readonly icon: string;
  readonly spin?: boolean;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <div class="empty">
      <Icon name={props.icon} spin={props.spin} />
      <div>{props.children}</div>
    </div>
  );
}

/** A failed question, with the way to ask again. */
export function Failed(props: { readonly message: string; readonly onRetry: () => void }): JSX.Element {
  return (
    <div class="empty" role="alert">
      <Icon name="error" />
      <div>
        <p>{props.message}</p>
        <button type="button" class="link" onClick={props.onRetry}>
          Try again
        </button>
      </div>
    </div>
  );
}
