import type { DeletedKind, DeletedRecord, DeletedStore, Restored } from '../../server/store/store.ts'

/** How things of one kind leave the maps they are in, and come back. */
export type Shelf = {
  readonly holds: (id: string) => boolean
  /** Takes it out; what is given back puts it where it was. */
  readonly take: (id: string) => () => Restored
  readonly secretOf?: (id: string) => string | undefined
}

/** What was deleted, in memory. */
export function memoryDeleted(shelves: Readonly<Record<DeletedKind, Shelf>>): DeletedStore {
  type Item = DeletedRecord & { readonly putBack: ReturnType<Shelf['take']>; readonly secret: string | undefined }
  const items = new Map<string, Item>()
  const find = (kind: DeletedKind, id: string): Item | undefined =>
    items.get(id)?.kind === kind ? items.get(id) : undefined
  return {
    list: async (kind, most) => {
      const all = [...items.values()].filter((item) => kind === undefined || item.kind === kind).toReversed()
      const shown = all.map(({ id, kind, name, deletedAt }) => ({ id, kind, name, deletedAt }))
      return { items: shown.slice(0, most), total: all.length }
    },
    take: async (kind, id, { name, at }) => {
      const shelf = shelves[kind]
      if (!shelf.holds(id)) return false
      const secret = shelf.secretOf?.(id)
      items.set(id, { id, kind, name, deletedAt: at, putBack: shelf.take(id), secret })
      return true
    },
    has: async (kind, id) => find(kind, id) !== undefined,
    secretOf: async (kind, id) => find(kind, id)?.secret,
    restore: async (kind, id) => {
      const restored = find(kind, id)?.putBack() ?? 'unknown'
      if (restored === 'restored') items.delete(id)
      return restored
    },
    purge: async (id) => items.delete(id),
    prune: async (before) => {
      const due = [...items.values()].filter(({ deletedAt }) => deletedAt < before)
      for (const { id } of due) items.delete(id)
      return due.length
    },
  }
}
