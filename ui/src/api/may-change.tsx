import { useQuery } from '@tanstack/solid-query'
import { type Accessor, type JSX, Show } from 'solid-js'
import { dataOf, queries } from './queries.ts'

/** Whether who is signed in may change things. A viewer only looks: the server refuses it too, this keeps it from being offered. */
export function createMayChange(): Accessor<boolean> {
  const session = useQuery(() => queries.session())
  return () => dataOf(session)?.user?.role !== 'viewer'
}

/** What is offered to those only who may change things. */
export function MayChange(props: { children: JSX.Element }) {
  const mayChange = createMayChange()
  return <Show when={mayChange()}>{props.children}</Show>
}
