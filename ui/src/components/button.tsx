import LoaderCircle from 'lucide-solid/icons/loader-circle'
import { type JSX, Show, splitProps } from 'solid-js'
import { createHold } from '../api/writes.tsx'
import { Glyph } from './glyph.tsx'
import type { Icon } from './icon.ts'

const looks = {
  primary: 'bg-accent text-on-accent hover:bg-accent-hover border-transparent',
  secondary: 'bg-surface text-text border-control hover:bg-surface-2 active:bg-surface-3',
  quiet: 'text-text-2 border-transparent hover:bg-surface-2 active:bg-surface-3',
  'quiet-danger': 'text-danger border-transparent hover:bg-surface-2 active:bg-surface-3',
  danger: 'bg-danger-solid text-on-danger border-transparent hover:opacity-90',
} as const

export type ButtonLook = keyof typeof looks

/** The classes of a button, for links and menu triggers that look like one. */
export const buttonClass = (look: ButtonLook): string =>
  `control inline-flex shrink-0 items-center justify-center gap-2 rounded-md border px-3 font-medium select-none transition-colors duration-120 disabled:opacity-50 disabled:cursor-not-allowed aria-disabled:opacity-50 ${looks[look]}`

type ButtonProps = JSX.ButtonHTMLAttributes<HTMLButtonElement> & {
  readonly look?: ButtonLook
  /** Shows a spinner instead of the icon and refuses clicks; the width stays. */
  readonly busy?: boolean
  readonly icon?: Icon
  /** Whether it waits while the server is away; else what sends a form or is `busy` at times does. */
  readonly writes?: boolean
}

export function Button(props: ButtonProps) {
  const [own, rest] = splitProps(props, [
    'look',
    'busy',
    'icon',
    'class',
    'children',
    'disabled',
    'type',
    'onClick',
    'title',
    'writes',
  ])
  const held = createHold(() => own.writes ?? (own.type === 'submit' || 'busy' in props))
  return (
    <button
      {...rest}
      type={own.type ?? 'button'}
      disabled={own.disabled}
      // Not `disabled`: that would take the focus away.
      aria-disabled={own.busy || held() !== undefined || undefined}
      title={held() ?? own.title}
      onClick={(event) => {
        if (own.busy || held()) event.preventDefault()
        else if (typeof own.onClick === 'function') own.onClick(event)
      }}
      aria-busy={own.busy}
      class={`${buttonClass(own.look ?? 'secondary')} ${own.class ?? ''}`}
    >
      <Show when={own.busy} fallback={<ButtonIcon icon={own.icon} />}>
        <LoaderCircle size={16} strokeWidth={1.75} class="turning" aria-hidden="true" />
      </Show>
      {own.children}
    </button>
  )
}

function ButtonIcon(props: { icon: Icon | undefined }) {
  return <Show when={props.icon}>{(icon) => <Glyph icon={icon()} size={16} />}</Show>
}

type IconButtonProps = JSX.ButtonHTMLAttributes<HTMLButtonElement> & { readonly icon: Icon; readonly label: string }

export function IconButton(props: IconButtonProps) {
  const [own, rest] = splitProps(props, ['icon', 'label', 'class', 'type', 'onClick'])
  const held = createHold(() => false)
  return (
    <button
      {...rest}
      type={own.type ?? 'button'}
      aria-label={own.label}
      title={held() ?? own.label}
      aria-disabled={held() ? true : undefined}
      onClick={(event) => {
        if (!held() && typeof own.onClick === 'function') own.onClick(event)
      }}
      class={`control-square inline-flex shrink-0 items-center justify-center rounded-md text-text-2 transition-colors duration-120 hover:bg-surface-2 hover:text-text active:bg-surface-3 disabled:opacity-50 aria-disabled:opacity-50 ${own.class ?? ''}`}
    >
      <Glyph icon={own.icon} size={16} />
    </button>
  )
}
