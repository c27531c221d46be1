import { createSignal, type JSX, Show, Suspense, useContext } from 'solid-js'
import { later } from '../lib/later.tsx'
import { type MenuChoiceProps, MenuContext, type MenuItemProps, type MenuParts } from './menu-parts.ts'

const MenuList = later(() => import('./menu-list.tsx'))

type MenuProps = {
  readonly label: string
  readonly trigger: JSX.Element
  readonly triggerClass: string
  readonly children: JSX.Element
}

/** What was done to the button before its menu could listen. */
const presses = ['pointerdown', 'click', 'keydown'] as const
const opening: readonly string[] = ['Enter', ' ', 'ArrowDown', 'ArrowUp']

/**
 * A button, until a pointer or the focus comes to it: what a menu is made of is loaded and made only then, for each row of a list has one.
 * A press that comes before is said again once there is somebody to hear it.
 */
export function Menu(props: MenuProps) {
  const [wanted, setWanted] = createSignal(false)
  let early: Event[] | undefined = []
  const want = (): void => {
    setWanted(true)
  }
  const note = (event: Event): void => {
    if (early === undefined) return
    if (event instanceof KeyboardEvent) {
      if (!opening.includes(event.key)) return
      event.preventDefault()
    }
    early.push(event)
    want()
  }
  const button = (
    <button
      type="button"
      aria-haspopup="true"
      aria-expanded="false"
      class={props.triggerClass}
      aria-label={props.label}
      title={props.label}
      ref={(element) => {
        element.addEventListener('pointerenter', want, { once: true })
        element.addEventListener('focus', want, { once: true })
        for (const name of presses) element.addEventListener(name, note)
      }}
    >
      {props.trigger}
    </button>
  ) as HTMLButtonElement
  const listen = (): void => {
    const missed = early ?? []
    early = undefined
    for (const event of missed) button.dispatchEvent(repeated(event))
  }
  return (
    <>
      {button}
      <Show when={wanted()}>
        <Suspense>
          <MenuList button={button} onReady={listen}>
            {props.children}
          </MenuList>
        </Suspense>
      </Show>
    </>
  )
}

function repeated(event: Event): Event {
  if (event instanceof KeyboardEvent) return new KeyboardEvent(event.type, event)
  return event instanceof PointerEvent ? new PointerEvent(event.type, event) : new MouseEvent(event.type, event)
}

function useParts(): MenuParts {
  const parts = useContext(MenuContext)
  if (!parts) throw new Error('outside of a menu')
  return parts
}

export const MenuItem = (props: MenuItemProps): JSX.Element => useParts().item(props)

/** One of several, with a tick at the current one. */
export const MenuChoice = <Value extends string>(props: MenuChoiceProps<Value>): JSX.Element =>
  useParts().choice(props as unknown as MenuChoiceProps<string>)

export const MenuSeparator = (): JSX.Element => useParts().separator()

/** A line that is no choice. */
export function MenuNote(props: { text: string }) {
  return <p class="wrap-anywhere max-w-64 px-2 py-1 text-12 text-text-2">{props.text}</p>
}
