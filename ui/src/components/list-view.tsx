import { For, type JSX, Show } from 'solid-js'
import { createMediaQuery, phoneQuery } from '../lib/media.ts'

export type Column = { readonly text: string; readonly class?: string }

type ListViewProps<Item> = {
  readonly items: readonly Item[]
  readonly columns: readonly Column[]
  /** Heading of the last column, for screen readers. */
  readonly actions: string
  /** A `tr`. */
  readonly row: (item: Item) => JSX.Element
  /** A `li`. */
  readonly card: (item: Item) => JSX.Element
}

/** A table, or cards on a phone. */
export function ListView<Item>(props: ListViewProps<Item>) {
  const phone = createMediaQuery(phoneQuery)
  return (
    <Show
      when={phone()}
      fallback={
        <div class="overflow-x-auto rounded-lg border border-border bg-surface">
          <table class="w-full text-13">
            <thead>
              <tr class="border-border border-b bg-surface-2 text-left text-12 text-text-2">
                <For each={props.columns}>
                  {(column) => (
                    <th class={`whitespace-nowrap px-3 py-2 font-medium ${column.class ?? ''}`}>{column.text}</th>
                  )}
                </For>
                <th class="px-3 py-2">
                  <span class="sr-only">{props.actions}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              <For each={props.items}>{(item) => props.row(item)}</For>
            </tbody>
          </table>
        </div>
      }
    >
      <ul class="flex flex-col gap-2">
        <For each={props.items}>{(item) => props.card(item)}</For>
      </ul>
    </Show>
  )
}
