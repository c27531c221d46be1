import { useQuery } from '@tanstack/solid-query'
import { type Accessor, createMemo } from 'solid-js'
import { dataOf, queries } from '../../api/queries.ts'
import { userQueries } from '../../api/users.ts'
import type { Option } from '../../components/combobox.tsx'
import { chosenIn, type Scope, type ScopeName } from './scope.ts'

export type ScopeOptions = {
  readonly of: Accessor<Readonly<Record<ScopeName, readonly Option[]>>>
  /** What an id is called; the id itself while that is not known. */
  readonly nameOf: (kind: ScopeName, id: string) => string
}

/** What can be chosen, read once somebody chooses, and names once an id stands in the address. */
export function createScopeOptions(scope: () => Scope, open: () => boolean): ScopeOptions {
  const wanted = (): boolean => open() || chosenIn(scope()).some((name) => name !== 'model')
  const users = useQuery(() => ({ ...userQueries.list(), enabled: wanted() }))
  const keys = useQuery(() => ({ ...queries.keys(), enabled: wanted() }))
  const accounts = useQuery(() => ({ ...queries.everyAccount(), enabled: wanted() }))
  const models = useQuery(() => ({ ...queries.models(), enabled: open() }))
  const of = createMemo(() => ({
    user: (dataOf(users) ?? []).map(({ id, name }) => ({ value: id, text: name })),
    key: (dataOf(keys)?.keys ?? []).map(({ id, name, prefix, last4 }) => ({
      value: id,
      text: name,
      hint: `${prefix}…${last4}`,
    })),
    account: (dataOf(accounts) ?? []).map(({ id, label, email }) => ({
      value: id,
      text: label || email || id,
      hint: `#${id.slice(-6)}`,
    })),
    model: (dataOf(models)?.models ?? []).map(({ id }) => ({ value: id, text: id })),
  }))
  return { of, nameOf: (kind, id) => of()[kind].find(({ value }) => value === id)?.text ?? id }
}
