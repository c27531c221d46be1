import { useQuery } from '@tanstack/solid-query'
import { type Accessor, createContext, createMemo, type JSX, type ParentProps, Show, useContext } from 'solid-js'
import { dataOf, queries } from './queries.ts'
import { Writes } from './writes.tsx'

const MayChangeContext = createContext<Accessor<boolean>>()

/** Asks once for all that lies in it: a long list asks in each row. */
export function MayChangeProvider(props: ParentProps) {
  const session = useQuery(() => queries.session())
  const mayChange = createMemo(() => dataOf(session)?.user?.role !== 'viewer')
  return <MayChangeContext.Provider value={mayChange}>{props.children}</MayChangeContext.Provider>
}

/** Whether who is signed in may change things. A viewer only looks: the server refuses it too, this keeps it from being offered. */
export function createMayChange(): Accessor<boolean> {
  const mayChange = useContext(MayChangeContext)
  if (!mayChange) throw new Error('MayChangeProvider is missing')
  return mayChange
}

/** What is offered to those only who may change things. */
export function MayChange(props: { children: JSX.Element }) {
  const mayChange = createMayChange()
  return (
    <Show when={mayChange()}>
      <Writes all>{props.children}</Writes>
    </Show>
  )
}
