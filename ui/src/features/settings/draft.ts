import { useMutation, useQuery, useQueryClient } from '@tanstack/solid-query'
import { type Accessor, createMemo, createSignal } from 'solid-js'
import type { SettingField } from '../../../../server/admin/contract/settings.ts'
import { care, careQueries, type Tagged } from '../../api/care.ts'
import { ApiError } from '../../api/client.ts'
import { dataOf } from '../../api/queries.ts'
import { isSetting, placeOf, type SettingName } from './registry.ts'
import {
  type Conflict,
  conflictsOf,
  type Edits,
  type Fault,
  faultOf,
  updateOf,
  type Value,
  type Values,
  withEdit,
} from './settings-draft.ts'

export type Draft = {
  readonly ready: Accessor<boolean>
  readonly error: Accessor<unknown>
  readonly retry: () => void
  readonly fields: Accessor<readonly SettingField[]>
  readonly field: (name: SettingName) => SettingField | undefined
  /** As it is saved. */
  readonly saved: (name: SettingName) => Value | undefined
  /** As it will be. */
  readonly value: (name: SettingName) => Value | undefined
  readonly isEdited: (name: SettingName) => boolean
  readonly set: (name: SettingName, value: Value) => void
  readonly count: Accessor<number>
  readonly discard: () => void
  readonly save: () => void
  readonly busy: Accessor<boolean>
  readonly fault: (name: SettingName) => Fault | undefined
  /** Why nothing was saved. */
  readonly failure: Accessor<unknown>
  readonly conflicts: Accessor<readonly Conflict[]>
  /** Mine stays, or the other one holds. */
  readonly decide: (keepMine: ReadonlySet<string>) => void
  readonly cancelConflict: () => void
}

type Snapshot = Tagged<Values>

/** Of what is cached the next answer is laid over it: what the edits were made upon must stay as it was. */
const copied = <S extends Snapshot | undefined>(snapshot: S): S =>
  snapshot && (JSON.parse(JSON.stringify(snapshot)) as S)

/** Changes of the settings until they are saved together. Another's changes meanwhile are taken over, and asked about where they cross mine. */
export function createDraft(onSaved: () => void, onWrong: () => void): Draft {
  const client = useQueryClient()
  const tagged = useQuery(() => careQueries.settings())
  const table = useQuery(() => careQueries.settingsFields())
  const [edits, setEdits] = createSignal<Edits>({})
  /** What the edits were made upon. */
  const [base, setBase] = createSignal<Snapshot>()
  const [tried, setTried] = createSignal(false)
  const [conflicts, setConflicts] = createSignal<readonly Conflict[]>([])
  /** What they crossed. Until somebody decides nothing is built upon it: saved again, they cross again. */
  let crossed: Snapshot | undefined
  const latest = (): Snapshot | undefined => {
    const data = dataOf(tagged)
    return data && { value: data.value as unknown as Values, tag: data.tag }
  }
  const fields = createMemo(() => dataOf(table)?.fields ?? [])
  const field = (name: SettingName): SettingField | undefined => fields().find((one) => one.name === name)
  const below = (): Values => base()?.value ?? latest()?.value ?? {}
  const scaleOf = (name: string): number => (isSetting(name) ? (placeOf(name).scale ?? 1) : 1)
  const faultIn = (name: string, value: Value): Fault | undefined => {
    const found = fields().find((one) => one.name === name)
    return found && faultOf(found, value, scaleOf(name))
  }
  const drop = (): void => {
    setEdits({})
    setBase(undefined)
    setTried(false)
    setConflicts([])
    save.reset()
  }

  const save = useMutation(() => ({
    mutationFn: async ({ edits, upon }: { readonly edits: Edits; readonly upon: Snapshot }) => {
      try {
        await care.saveSettings(updateOf(edits, fields()), upon.tag)
      } catch (failure) {
        if (!(failure instanceof ApiError && failure.code === 'CHANGED_MEANWHILE')) throw failure
        const now = copied(
          (await client.fetchQuery({ ...careQueries.settings(), staleTime: 0 })) as unknown as Snapshot,
        )
        const crossing = conflictsOf(edits, upon.value, now.value)
        if (crossing.length > 0) {
          crossed = now
          setConflicts(crossing)
          return false
        }
        // They changed something else: both hold.
        setBase(now)
        await care.saveSettings(updateOf(edits, fields()), now.tag)
      }
      return true
    },
    onSuccess: async (done: boolean) => {
      if (!done) return
      drop()
      await client.invalidateQueries({ queryKey: ['settings'] })
      await client.invalidateQueries({ queryKey: ['session'] })
      onSaved()
    },
    onError: onWrong,
  }))
  const send = (): void => {
    const upon = base() ?? copied(latest())
    if (!upon || save.isPending || Object.keys(edits()).length === 0) return
    setTried(true)
    if (Object.entries(edits()).some(([name, value]) => faultIn(name, value))) onWrong()
    else save.mutate({ edits: edits(), upon })
  }
  return {
    ready: () => latest() !== undefined && fields().length > 0,
    error: () => tagged.error ?? table.error,
    retry: () => {
      void tagged.refetch()
      void table.refetch()
    },
    fields,
    field,
    saved: (name) => below()[name],
    value: (name) => edits()[name] ?? below()[name],
    isEdited: (name) => Object.hasOwn(edits(), name),
    set: (name, value) => {
      if (base() === undefined) setBase(copied(latest()))
      save.reset()
      const next = withEdit(edits(), below(), name, value)
      setEdits(next)
      if (Object.keys(next).length === 0) setBase(undefined)
    },
    count: () => Object.keys(edits()).length,
    discard: drop,
    save: send,
    busy: () => save.isPending,
    fault: (name) => {
      const value = edits()[name]
      // A number that cannot be read is said at once, what is out of range on saving.
      return value === undefined || !tried() ? undefined : faultIn(name, value)
    },
    failure: () => save.error,
    conflicts,
    decide: (keepMine) => {
      const kept = Object.entries(edits()).filter(
        ([name]) => keepMine.has(name) || !conflicts().some((conflict) => conflict.name === name),
      )
      setEdits(Object.fromEntries(kept))
      setBase(crossed)
      setConflicts([])
      if (kept.length === 0) {
        drop()
        onSaved()
      } else send()
    },
    cancelConflict: () => setConflicts([]),
  }
}
