import type { JSX, RefObject } from 'preact';
import { useRef } from 'preact/hooks';

/** The bar between table and detail: drag it, or move it with the arrows. `split` is the detail's share. */
export function Splitter(props: {
  readonly beside: boolean;
  readonly split: number;
  readonly area: RefObject<HTMLElement | null>;
  readonly onMove: (split: number) => void;
}): JSX.Element {
  const { beside, split, area, onMove } = props;
  const dragging = useRef(false);
  const follow = (event: PointerEvent) => {
    const box = area.current?.getBoundingClientRect();
    if (!dragging.current || !box) return;
    onMove(beside ? (box.right - event.clientX) / box.width : (box.bottom - event.clientY) / box.height);
  };
  const onKey = (event: KeyboardEvent) => {
    const grow = beside ? 'ArrowLeft' : 'ArrowUp';
    const shrink = beside ? 'ArrowRight' : 'ArrowDown';
    const to = { [grow]: split + 0.03, [shrink]: split - 0.03, Home: 0.85, End: 0.15 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    onMove(to);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule cannot be dragged
    <div
      class="splitter"
      role="separator"
      tabIndex={0}
      aria-label="Resize the detail"
      aria-orientation={beside ? 'vertical' : 'horizontal'}
      aria-valuemin={15}
      aria-valuemax={85}
      aria-valuenow={Math.round(split * 100)}
      onKeyDown={onKey}
      onPointerDown={(event) => {
        dragging.current = true;
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={follow}
      onPointerUp={() => {
        dragging.current = false;
      }}
      onDblClick={() => onMove(0.42)}
    />
  );
}
