import { DropdownMenu } from '@kobalte/core/dropdown-menu'
import Check from 'lucide-solid/icons/check'
import { For, type JSX, onMount, Show } from 'solid-js'
import { spread } from 'solid-js/web'
import { createHold } from '../api/writes.tsx'
import { Glyph } from './glyph.tsx'
import { type MenuChoiceProps, MenuContext, type MenuItemProps } from './menu-parts.ts'
import { overlayRoot } from './overlay-root.ts'

const itemClass =
  'control flex w-full cursor-default items-center gap-2 rounded-md px-2 outline-none data-highlighted:bg-surface-2 data-disabled:opacity-50'

type MenuListProps = {
  /** What opens it: it stays where it is and learns to. */
  readonly button: HTMLButtonElement
  readonly onReady: () => void
  readonly children: JSX.Element
}

export default function MenuList(props: MenuListProps) {
  const Taught = (taught: object) => {
    spread(props.button, taught, false, true)
    return undefined
  }
  onMount(() => props.onReady())
  return (
    <DropdownMenu gutter={4} placement="bottom-end" modal={false}>
      <DropdownMenu.Trigger as={Taught} />
      <DropdownMenu.Portal mount={overlayRoot()}>
        <DropdownMenu.Content class="appear forced-border pointer-events-auto z-50 max-h-[80dvh] min-w-48 overflow-y-auto rounded-lg border border-border bg-surface p-1 shadow-overlay outline-none">
          <MenuContext.Provider value={{ item: Item, choice: Choice, separator: Separator }}>
            {props.children}
          </MenuContext.Provider>
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

function Item(props: MenuItemProps) {
  const held = createHold(() => false)
  return (
    <DropdownMenu.Item
      disabled={held() !== undefined}
      title={held()}
      class={`${itemClass} ${props.danger ? 'text-danger' : ''}`}
      onSelect={() => afterClosing(() => props.onSelect())}
    >
      <Glyph icon={props.icon} size={16} />
      {props.text}
    </DropdownMenu.Item>
  )
}

function Choice(props: MenuChoiceProps<string>) {
  return (
    <DropdownMenu.Group>
      <DropdownMenu.GroupLabel class="px-2 pt-1 text-12 text-text-3">{props.label}</DropdownMenu.GroupLabel>
      <DropdownMenu.RadioGroup value={props.value} onChange={(value) => props.onChange(value)}>
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

function Separator() {
  return <DropdownMenu.Separator class="my-1 border-border border-t" />
}
