import ArrowDown from 'lucide-solid/icons/arrow-down'
import ArrowUp from 'lucide-solid/icons/arrow-up'
import { createEffect, createMemo, createSignal, For, type JSX, Show, Suspense } from 'solid-js'
import { useI18n } from '../i18n/i18n.tsx'
import { later } from '../lib/later.tsx'
import { createMediaQuery, phoneQuery } from '../lib/media.ts'
import { createRowKeys } from './row-keys.ts'
import { nameOfSort, nextSort, type Sort, sorted, sortNamed } from './table-order.ts'

const VirtualRows = later(() => import('./virtual-rows.tsx'))

export type Column<Item> = {
  readonly text: string
  readonly class?: string
  /** Makes the column one to sort by. */
  readonly value?: (item: Item) => string | number
  /** What the order by it is called in the address. */
  readonly name?: string
}

/** Which rows are chosen, by id; absent: none can be. */
export type Selection<Item> = {
  readonly chosen: ReadonlySet<string>
  readonly onChange: (chosen: ReadonlySet<string>) => void
  readonly label: (item: Item) => string
}

type DataTableProps<Item> = {
  /** Reconciled by id (api/queries.ts): a row lives as long as its item does, and what did not change is not touched. */
  readonly items: readonly Item[]
  readonly columns: readonly Column<Item>[]
  /** Heading of the last column, for screen readers; absent: there is no such column. */
  readonly actions?: string
  /** What a click beside everything else in the row does; the row has a link that does the same. */
  readonly onRow?: (item: Item) => void
  /** The `td`s of a row: one for each column, and one for the actions. */
  readonly cells: (item: Item) => JSX.Element
  /** What a `li` holds on a phone. */
  readonly card: (item: Item) => JSX.Element
  /** All rows are as high as each other and the columns say how wide they are: a long list costs less to lay out. */
  readonly fixed?: boolean
  /** Many columns: less room between them. The cells say so themselves. */
  readonly tight?: boolean
  /** What is switched off stands back. */
  readonly faded?: (item: Item) => boolean
  readonly selection?: Selection<Item> | undefined
  /** The order as the address has it: `name`, or `-name` for the largest first. Without `onOrder` the table keeps its own. */
  readonly order?: string | undefined
  readonly onOrder?: (order: string | undefined) => void
  /** What the page is about: the keys of a list reach it from everywhere on the page. */
  readonly main?: boolean
  /** Told in which order they are shown. */
  readonly onShown?: (items: readonly Item[]) => void
}

/** From here on only the rows in view are in the page. */
export const virtualFrom = 60

// A row that is gone to does not stop under the bars at the top or at the bottom.
const rowClass = 'h-11 scroll-mt-24 scroll-mb-4 border-border border-b last:border-b-0 hover:bg-surface-2'
const cardClass = 'mb-2 flex scroll-mt-24 scroll-mb-24 flex-col gap-3 rounded-lg border border-border bg-surface p-3'

/** A table with a head that stays in view, or cards on a phone. */
export function DataTable<Item extends { readonly id: string }>(props: DataTableProps<Item>) {
  const { t, format } = useI18n()
  const phone = createMediaQuery(phoneQuery)
  const [own, setOwn] = createSignal<Sort>()
  const sort = (): Sort | undefined => (props.onOrder ? sortNamed(props.order, props.columns) : own())
  const setSort = (next: Sort | undefined): void => {
    if (props.onOrder) props.onOrder(nameOfSort(next, props.columns))
    else setOwn(next)
  }
  const items = createMemo(() => sorted(props.items, props.columns, sort(), format().compare))
  // Asked for by a key alone: there may be ten thousand.
  const ids = (): readonly string[] => items().map(({ id }) => id)
  createEffect(() => props.onShown?.(items()))
  let list: HTMLElement | undefined
  createRowKeys({ container: () => list, ids, isMain: () => props.main ?? false, selection: () => props.selection })
  const choose = (ids: readonly string[], on: boolean): void => {
    const chosen = new Set(props.selection?.chosen)
    for (const id of ids) {
      if (on) chosen.add(id)
      else chosen.delete(id)
    }
    props.selection?.onChange(chosen)
  }
  const all = (): readonly string[] => props.items.map(({ id }) => id)
  const clicked = (event: MouseEvent, item: Item): void => {
    const own = event.target instanceof Element && event.target.closest('a, button, input, label, select')
    // Marking a text is no click either.
    if (!own && getSelection()?.isCollapsed !== false) props.onRow?.(item)
  }
  const direction = (index: number) => (sort()?.column === index ? sort()?.direction : undefined)
  const Row = (row: { item: Item; index?: number; measure?: (element: HTMLElement) => void }) => (
    <tr
      ref={(element) => row.measure?.(element)}
      data-row={row.item.id}
      data-index={row.index}
      aria-rowindex={row.index === undefined ? undefined : row.index + 2}
      class={rowClass}
      classList={{ 'text-text-3': props.faded?.(row.item) ?? false, 'cursor-pointer': props.onRow !== undefined }}
      onClick={(event) => clicked(event, row.item)}
    >
      <Show when={props.selection}>
        {(selection) => (
          <td class="w-10 pl-3">
            <input
              type="checkbox"
              aria-label={selection().label(row.item)}
              checked={selection().chosen.has(row.item.id)}
              onChange={(event) => choose([row.item.id], event.currentTarget.checked)}
              class="block size-4 accent-accent"
            />
          </td>
        )}
      </Show>
      {props.cells(row.item)}
    </tr>
  )
  const Card = (card: { item: Item; index?: number; measure?: (element: HTMLElement) => void }) => (
    <li
      ref={(element) => card.measure?.(element)}
      data-row={card.item.id}
      data-index={card.index}
      class={cardClass}
      classList={{ 'text-text-3': props.faded?.(card.item) ?? false }}
    >
      <Show when={props.selection} fallback={props.card(card.item)}>
        {(selection) => (
          <div class="flex gap-2">
            <label class="-mt-2 -ml-2 inline-flex size-11 shrink-0 items-center justify-center">
              <input
                type="checkbox"
                aria-label={selection().label(card.item)}
                checked={selection().chosen.has(card.item.id)}
                onChange={(event) => choose([card.item.id], event.currentTarget.checked)}
                class="size-4 accent-accent"
              />
            </label>
            <div class="flex min-w-0 grow flex-col gap-3">{props.card(card.item)}</div>
          </div>
        )}
      </Show>
    </li>
  )
  return (
    <Show
      when={phone()}
      fallback={
        <div ref={(element) => (list = element)} class="rounded-lg border border-border bg-surface">
          <table
            class="w-full text-13"
            classList={{ 'table-fixed': props.fixed ?? false }}
            aria-rowcount={items().length > virtualFrom ? items().length + 1 : undefined}
          >
            <thead class="sticky top-13 z-10">
              <tr class="text-left text-12 text-text-2">
                <Show when={props.selection}>
                  {(selection) => (
                    <th class="w-10 rounded-tl-lg border-border border-b bg-surface-2 pl-3">
                      <input
                        type="checkbox"
                        aria-label={t('table.selectAll')}
                        checked={props.items.length > 0 && all().every((id) => selection().chosen.has(id))}
                        onChange={(event) => choose(all(), event.currentTarget.checked)}
                        class="block size-4 accent-accent"
                      />
                    </th>
                  )}
                </Show>
                <For each={props.columns}>
                  {(column, index) => (
                    <th
                      aria-sort={direction(index())}
                      class={`whitespace-nowrap border-border border-b bg-surface-2 font-medium first:rounded-tl-lg last:rounded-tr-lg ${props.tight ? 'px-2 first:pl-3 last:pr-3' : 'px-3'} ${column.class ?? ''}`}
                    >
                      <Show
                        when={column.value}
                        fallback={<span class="inline-flex min-h-8 items-center">{column.text}</span>}
                      >
                        <button
                          type="button"
                          class="-mx-1 inline-flex min-h-8 items-center gap-1 rounded-md px-1 hover:text-text"
                          onClick={() => setSort(nextSort(sort(), index()))}
                        >
                          {column.text}
                          <Show when={direction(index()) === 'ascending'}>
                            <ArrowUp size={14} strokeWidth={1.75} aria-hidden="true" />
                          </Show>
                          <Show when={direction(index()) === 'descending'}>
                            <ArrowDown size={14} strokeWidth={1.75} aria-hidden="true" />
                          </Show>
                        </button>
                      </Show>
                    </th>
                  )}
                </For>
                <Show when={props.actions}>
                  <th class="rounded-tr-lg border-border border-b bg-surface-2 px-3">
                    <span class="sr-only">{props.actions}</span>
                  </th>
                </Show>
              </tr>
            </thead>
            <tbody>
              <Show
                when={items().length > virtualFrom}
                fallback={<For each={items()}>{(item) => <Row item={item} />}</For>}
              >
                <Suspense>
                  <VirtualRows
                    items={items()}
                    height={44}
                    gap={(height) => (
                      <tr>
                        {/* One cell: more than are shown would be a column of their own. */}
                        <td class="p-0" style={{ height: `${height()}px` }} />
                      </tr>
                    )}
                    row={(item, index, measure) => (
                      <Row item={item as Item} index={index()} {...(props.fixed ? {} : { measure })} />
                    )}
                  />
                </Suspense>
              </Show>
            </tbody>
          </table>
        </div>
      }
    >
      <ul ref={(element) => (list = element)} class="flex flex-col">
        <Show when={items().length > virtualFrom} fallback={<For each={items()}>{(item) => <Card item={item} />}</For>}>
          <Suspense>
            <VirtualRows
              items={items()}
              height={170}
              gap={(height) => <li style={{ height: `${height()}px` }} />}
              row={(item, index, measure) => <Card item={item as Item} index={index()} measure={measure} />}
            />
          </Suspense>
        </Show>
      </ul>
    </Show>
  )
}
