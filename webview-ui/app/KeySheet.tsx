import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { KEY_SHEET } from '../model/grid.ts';
import { IconButton } from '../ui/index.tsx';

/** Every key of the page, from the one list the page itself obeys. */
export function KeySheet({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      class="sheet"
      ref={dialog}
      aria-labelledby="sheet-title"
      onClose={onClose}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <div class="sheet-head">
        <h2 id="sheet-title">Keys</h2>
        <IconButton icon="close" label="Close" onPress={() => dialog.current?.close()} />
      </div>
      <dl>
        {KEY_SHEET.map(({ keys, does }) => (
          <div key={does}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </dialog>
  );
}
