import { asc, eq } from 'drizzle-orm'
import type { Engine, Tables } from './engine/engine.ts'
import { present } from './row.ts'
import type { ModelMappingRecord, ModelMappingStore } from './store.ts'

type Deps = { readonly engine: Engine; readonly now: () => number }

export function createModelMappingStore({ engine, now }: Deps): ModelMappingStore {
  const { modelMappings } = engine.tables
  return {
    list: async () => {
      const rows = await engine.read((db) =>
        db.select().from(modelMappings).orderBy(asc(modelMappings.createdAt), asc(modelMappings.id)),
      )
      return rows.map(toRecord)
    },
    create: async (mapping) => {
      const row = { ...mapping, keyId: mapping.keyId ?? null }
      await engine.atomic((db) => [db.insert(modelMappings).values(row)], { durable: true })
    },
    update: async (id, { name, target, keyId }) => {
      const set = { ...present({ name, target }), ...(keyId === undefined ? {} : { keyId }), updatedAt: now() }
      const changes = await engine.atomic((db) => [db.update(modelMappings).set(set).where(eq(modelMappings.id, id))], {
        durable: true,
      })
      return (changes[0] ?? 0) > 0
    },
    remove: async (id) => {
      const changes = await engine.atomic((db) => [db.delete(modelMappings).where(eq(modelMappings.id, id))], {
        durable: true,
      })
      return (changes[0] ?? 0) > 0
    },
  }
}

const toRecord = ({ keyId, ...row }: Tables['modelMappings']['$inferSelect']): ModelMappingRecord => ({
  ...row,
  ...present({ keyId }),
})
