import { createContext, type JSX } from 'solid-js'
import type { Icon } from './icon.ts'

export type MenuItemProps = {
  readonly icon: Icon
  readonly text: string
  readonly danger?: boolean
  readonly onSelect: () => void
}
export type MenuChoiceProps<Value extends string> = {
  readonly label: string
  readonly value: Value
  readonly options: readonly { readonly value: Value; readonly text: string; readonly lang?: string }[]
  readonly onChange: (value: Value) => void
}
/** What an open menu makes of what stands in it. */
export type MenuParts = {
  readonly item: (props: MenuItemProps) => JSX.Element
  readonly choice: (props: MenuChoiceProps<string>) => JSX.Element
  readonly separator: () => JSX.Element
}

export const MenuContext = createContext<MenuParts>()
