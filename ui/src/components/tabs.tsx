import { Tabs as Base } from '@kobalte/core/tabs'
import { createMemo, createSignal, For, type JSX, untrack } from 'solid-js'

export type Tab = { readonly value: string; readonly text: string; readonly content: () => JSX.Element }

type TabsProps = {
  readonly label: string
  readonly tabs: readonly Tab[]
  /** Which one is shown, where somebody else keeps that: the address. */
  readonly value?: string | undefined
  readonly onChange?: (value: string) => void
  /** Made when it is looked at, and not before: each asks for what it shows. */
  readonly late?: boolean
}

export function Tabs(props: TabsProps) {
  const [seen, setSeen] = createSignal<ReadonlySet<string>>(new Set())
  // By name: the list is another one with each word of it that changes, and what was typed in a tab must outlive that.
  const names = createMemo(() => props.tabs.map(({ value }) => value))
  const named = (name: string): Tab | undefined => props.tabs.find(({ value }) => value === name)
  return (
    <Base
      {...(props.value === undefined ? {} : { value: props.value })}
      onChange={(value) => {
        setSeen(new Set([...seen(), value]))
        props.onChange?.(value)
      }}
      class="flex flex-col gap-4"
    >
      <Base.List aria-label={props.label} class="flex flex-wrap gap-1 border-border border-b">
        <For each={names()}>
          {(name) => (
            <Base.Trigger
              value={name}
              class="control -mb-px border-transparent border-b-2 px-3 text-text-2 hover:text-text data-selected:border-accent data-selected:font-medium data-selected:text-text"
            >
              {named(name)?.text}
            </Base.Trigger>
          )}
        </For>
      </Base.List>
      <For each={names()}>
        {(name) => (
          // Kept while another one is looked at: a sign-in may be waiting in it.
          <Base.Content
            forceMount={!props.late && (name === names()[0] || seen().has(name))}
            value={name}
            class="not-data-selected:hidden flex flex-col gap-4"
          >
            {untrack(() => named(name)?.content())}
          </Base.Content>
        )}
      </For>
    </Base>
  )
}
