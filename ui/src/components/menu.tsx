import { DropdownMenu } from '@kobalte/core/dropdown-menu'
import Check from 'lucide-solid/icons/check'
import { For, type JSX, Show } from 'solid-js'
import { Dynamic } from 'solid-js/web'
import type { Icon } from './button.tsx'
import { overlayRoot } from './overlay-root.ts'

const itemClass =
  'control flex w-full cursor-default items-center gap-2 rounded-md px-2 outline-none data-highlighted:bg-surface-2 data-disabled:opacity-50'

type MenuProps = {
  readonly label: string
  readonly trigger: JSX.Element
  readonly triggerClass: string
  readonly children: JSX.Element
}

export function Menu(props: MenuProps) {
  return (
    <DropdownMenu gutter={4} placement="bottom-end" modal={false}>
      <DropdownMenu.Trigger class={props.triggerClass} aria-label={props.label} title={props.label}>
        {props.trigger}
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal mount={overlayRoot()}>
        <DropdownMenu.Content class="appear forced-border pointer-events-auto z-50 max-h-[80dvh] min-w-48 overflow-y-auto rounded-lg border border-border bg-surface p-1 shadow-overlay outline-none">
          {props.children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu>
  )
}

/** A closing menu gives the focus back last of all, and would take it from the dialog that its item opened before. */
function afterClosing(run: () => void): void {
  const look = (): void => {
    if (document.querySelector('[role="menu"]')) requestAnimationFrame(look)
    else setTimeout(run)
  }
  requestAnimationFrame(look)
}

export function MenuItem(props: { icon: Icon; text: string; danger?: boolean; onSelect: () => void }) {
  return (
    <DropdownMenu.Item
      class={`${itemClass} ${props.danger ? 'text-danger' : ''}`}
      onSelect={() => afterClosing(() => props.onSelect())}
    >
      <Dynamic component={props.icon} size={16} strokeWidth={1.75} aria-hidden="true" />
      {props.text}
    </DropdownMenu.Item>
  )
}

/** A line that is no choice. */
export function MenuNote(props: { text: string }) {
  return <p class="wrap-anywhere max-w-64 px-2 py-1 text-12 text-text-2">{props.text}</p>
}

export function MenuSeparator() {
  return <DropdownMenu.Separator class="my-1 border-border border-t" />
}

type MenuChoiceProps<Value extends string> = {
  readonly label: string
  readonly value: Value
  readonly options: readonly { readonly value: Value; readonly text: string; readonly lang?: string }[]
  readonly onChange: (value: Value) => void
}

/** One of several, with a tick at the current one. */
export function MenuChoice<Value extends string>(props: MenuChoiceProps<Value>) {
  return (
    <DropdownMenu.Group>
      <DropdownMenu.GroupLabel class="px-2 pt-1 text-12 text-text-3">{props.label}</DropdownMenu.GroupLabel>
      <DropdownMenu.RadioGroup value={props.value} onChange={(value) => props.onChange(value as Value)}>
        <For each={props.options}>
          {(option) => (
            <DropdownMenu.RadioItem value={option.value} class={itemClass} lang={option.lang}>
              <span class="inline-flex size-4 items-center justify-center">
                <Show when={option.value === props.value}>
                  <Check size={16} strokeWidth={1.75} aria-hidden="true" />
                </Show>
              </span>
              {option.text}
            </DropdownMenu.RadioItem>
          )}
        </For>
      </DropdownMenu.RadioGroup>
    </DropdownMenu.Group>
  )
}
