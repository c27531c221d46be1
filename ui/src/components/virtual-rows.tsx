import { createWindowVirtualizer } from '@tanstack/solid-virtual'
import { type Accessor, createMemo, For, type JSX } from 'solid-js'

type Item = { readonly id: string }
type Props = {
  readonly items: readonly Item[]
  /** Of one row, as a first guess. */
  readonly height: number
  /** What stands for the rows above and below the view. */
  readonly gap: (height: Accessor<number>) => JSX.Element
  readonly row: (item: Item, index: Accessor<number>, measure: (element: HTMLElement) => void) => JSX.Element
}

/** The rows in view and some around them, scrolled by the page; a row that stays in view is not made again. */
export default function VirtualRows(props: Props) {
  const virtualizer = createWindowVirtualizer({
    get count() {
      return props.items.length
    },
    estimateSize: () => props.height,
    getItemKey: (index) => props.items[index]?.id ?? index,
    // A jump makes all rows anew, with a switch and a menu each: every one more is 4 ms of it on a slow machine.
    overscan: 2,
  })
  const shown = createMemo(() => virtualizer.getVirtualItems())
  const first = (): number => shown()[0]?.index ?? 0
  const items = createMemo(() => props.items.slice(first(), (shown().at(-1)?.index ?? -1) + 1))
  const above = (): number => shown()[0]?.start ?? 0
  const below = (): number => virtualizer.getTotalSize() - (shown().at(-1)?.end ?? 0)
  const measure = (element: HTMLElement): void => queueMicrotask(() => virtualizer.measureElement(element))
  return (
    <>
      {props.gap(above)}
      <For each={items()}>{(item, index) => props.row(item, () => first() + index(), measure)}</For>
      {props.gap(below)}
    </>
  )
}
