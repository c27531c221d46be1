import { eq } from 'drizzle-orm'
import type { Engine } from './engine/engine.ts'
import type { SettingsStore } from './store.ts'

export function createSettingsStore(engine: Engine): SettingsStore {
  const { settings } = engine.tables
  return {
    all: async () => {
      const rows = await engine.read((db) => db.select().from(settings))
      return Object.fromEntries(rows.map(({ name, value }) => [name, value]))
    },
    write: async (entries) => {
      const changes = Object.entries(entries)
      if (changes.length === 0) return
      await engine.atomic(
        (db) =>
          changes.map(([name, value]) =>
            value === null
              ? db.delete(settings).where(eq(settings.name, name))
              : db.upsert(settings, { name, value }, { target: settings.name, set: { value } }),
          ),
        { durable: true },
      )
    },
  }
}
