import { eq } from 'drizzle-orm'
import type { Vault } from '../vault/vault.ts'
import type { Engine } from './engine/engine.ts'
import type { SealedSettingsStore } from './store.ts'

type Deps = { readonly engine: Engine; readonly vault: Vault; readonly now: () => number }

const contextOf = (name: string): string => `setting ${name}`

export function createSealedSettingsStore({ engine, vault, now }: Deps): SealedSettingsStore {
  const { sealedSettings } = engine.tables
  return {
    shown: async () => {
      const { name, shown } = sealedSettings
      const rows = await engine.read((db) => db.select({ name, shown }).from(sealedSettings))
      return Object.fromEntries(rows.map((row) => [row.name, row.shown]))
    },
    read: async (name) => {
      const rows = await engine.read((db) => db.select().from(sealedSettings).where(eq(sealedSettings.name, name)))
      const opened = rows[0] && vault.unseal(rows[0].sealed, contextOf(name))
      return opened?.ok ? opened.value : undefined
    },
    write: async (name, entry) => {
      const row = entry && {
        sealed: Buffer.from(vault.seal(entry.value, contextOf(name))),
        shown: entry.shown,
        updatedAt: now(),
      }
      await engine.atomic(
        (db) => [
          row === null
            ? db.delete(sealedSettings).where(eq(sealedSettings.name, name))
            : db.upsert(sealedSettings, { name, ...row }, { target: sealedSettings.name, set: row }),
        ],
        { durable: true },
      )
    },
  }
}
