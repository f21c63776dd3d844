import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-option/index.js';
import '@vscode-elements/elements/dist/vscode-single-select/index.js';
import '@vscode-elements/elements/dist/vscode-textfield/index.js';
import { type ComponentChildren, createElement, type JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/*
 * The page's controls. The elements of @vscode-elements are used only here, so that another library, or our own,
 * can take their place.
 */

export function Icon({ name, spin }: { readonly name: string; readonly spin?: boolean | undefined }): JSX.Element {
  return <span class={`codicon codicon-${name}${spin ? ' codicon-modifier-spin' : ''}`} aria-hidden="true" />;
}

export function Button(props: {
  readonly children: ComponentChildren;
  readonly icon?: string;
  readonly primary?: boolean;
  readonly disabled?: boolean;
  readonly title?: string;
  readonly onPress: () => void;
}): JSX.Element {
  return createElement(
    'vscode-button',
    {
      secondary: !props.primary,
      disabled: props.disabled ?? false,
      title: props.title,
      class: 'button',
      onClick: props.onPress,
    } as Record<string, unknown>,
    props.icon === undefined ? null : <Icon name={props.icon} />,
    <span>{props.children}</span>,
  );
}

/** A square button with an icon and a name that is shown on hover and read aloud. */
export function IconButton(props: {
  readonly icon: string;
  readonly label: string;
  readonly pressed?: boolean;
  readonly expanded?: boolean;
  readonly disabled?: boolean;
  readonly onPress: () => void;
}): JSX.Element {
  return (
    <button
      type="button"
      class={`icon-button${props.pressed || props.expanded ? ' on' : ''}`}
      title={props.label}
      aria-label={props.label}
      aria-pressed={props.pressed}
      aria-expanded={props.expanded}
      disabled={props.disabled}
      onClick={props.onPress}
    >
      <Icon name={props.icon} />
    </button>
  );
}

export function TextField(props: {
  readonly label: string;
  readonly value: string;
  readonly placeholder?: string;
  readonly icon?: string;
  readonly invalid?: boolean;
  readonly class?: string;
  readonly onInput: (value: string) => void;
  readonly onKey?: (event: KeyboardEvent) => void;
  readonly children?: ComponentChildren;
}): JSX.Element {
  return createElement(
    'vscode-textfield',
    {
      label: props.label,
      value: props.value,
      placeholder: props.placeholder,
      invalid: props.invalid ?? false,
      class: `textfield ${props.class ?? ''}`,
      onInput: (event: Event) => props.onInput((event.currentTarget as HTMLInputElement).value),
      onKeyDown: props.onKey,
    } as Record<string, unknown>,
    props.icon === undefined ? null : (
      <span slot="content-before" class={`codicon codicon-${props.icon}`} aria-hidden="true" />
    ),
    props.children,
    // The element's input is square: without something at its end it would cover the frame's round corners.
    <span slot="content-after" class="field-end" />,
  );
}

export interface Option<T extends string> {
  readonly value: T;
  readonly label: string;
}

export function Select<T extends string>(props: {
  readonly label: string;
  readonly value: T;
  readonly options: readonly Option<T>[];
  readonly class?: string;
  readonly onPick: (value: T) => void;
}): JSX.Element {
  return createElement(
    'vscode-single-select',
    {
      label: props.label,
      class: `select ${props.class ?? ''}`,
      // The element reads its options once they are there; a new list is a new element.
      key: props.options.map((option) => `${option.value}=${option.label}`).join('\n'),
      value: props.value,
      onChange: (event: Event) => props.onPick((event.currentTarget as HTMLSelectElement).value as T),
    } as Record<string, unknown>,
    props.options.map((option) =>
      createElement(
        'vscode-option',
        { value: option.value, selected: option.value === props.value } as Record<string, unknown>,
        option.label,
      ),
    ),
  );
}

/** Tabs by the ARIA pattern: arrows move and choose, one tab stop. */
export function Tabs<T extends string>(props: {
  readonly label: string;
  readonly tabs: readonly { readonly id: T; readonly label: string; readonly badge?: string }[];
  readonly value: T;
  readonly onPick: (id: T) => void;
}): JSX.Element {
  const list = useRef<HTMLDivElement>(null);
  const onKey = (event: KeyboardEvent) => {
    const at = props.tabs.findIndex((tab) => tab.id === props.value);
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -at, End: props.tabs.length - 1 - at }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = props.tabs[(at + step + props.tabs.length) % props.tabs.length];
    if (!next) return;
    props.onPick(next.id);
    list.current?.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={props.label} ref={list} onKeyDown={onKey}>
      {props.tabs.map((tab) => (
        <button
          key={tab.id}
          type="button"
          role="tab"
          id={`tab-${tab.id}`}
          aria-controls={`panel-${tab.id}`}
          aria-selected={tab.id === props.value}
          tabIndex={tab.id === props.value ? 0 : -1}
          class={`tab${tab.id === props.value ? ' active' : ''}`}
          onClick={() => props.onPick(tab.id)}
        >
          {tab.label}
          {tab.badge ? <span class="badge">{tab.badge}</span> : null}
        </button>
      ))}
    </div>
  );
}

/** A panel that floats at its button; Escape and a press elsewhere close it. */
export function Popover(props: {
  readonly label: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    box.current?.focus();
    const outside = (event: PointerEvent) => {
      const anchor = box.current?.parentElement;
      if (anchor && !event.composedPath().includes(anchor)) props.onClose();
    };
    document.addEventListener('pointerdown', outside);
    return () => {
      document.removeEventListener('pointerdown', outside);
      if (before instanceof HTMLElement && box.current?.contains(document.activeElement)) before.focus();
    };
  }, []);
  return (
    <div
      class="popover"
      role="dialog"
      aria-label={props.label}
      tabIndex={-1}
      ref={box}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        props.onClose();
      }}
    >
      {props.children}
    </div>
  );
}

export function Banner(props: {
  readonly tone: 'info' | 'warning' | 'error';
  readonly children: ComponentChildren;
  readonly action?: ComponentChildren;
}): JSX.Element {
  const icon = { info: 'info', warning: 'warning', error: 'error' }[props.tone];
  return (
    <div class={`banner ${props.tone}`} role={props.tone === 'error' ? 'alert' : 'status'}>
      <Icon name={icon} />
      <span class="banner-words">{props.children}</span>
      {props.action}
    </div>
  );
}
