import { eq } from 'drizzle-orm'
import type { Engine } from './engine/sqlite.ts'
import type { SettingsStore } from './store.ts'
import { settings } from './tables/sqlite.ts'

export function createSettingsStore(engine: Engine): SettingsStore {
  return {
    all: async () => {
      const rows = await engine.read((db) => db.select().from(settings).all())
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
              : db
                  .insert(settings)
                  .values({ name, value })
                  .onConflictDoUpdate({ target: settings.name, set: { value } }),
          ),
        { durable: true },
      )
    },
  }
}
