import { desc, eq, lt, lte } from 'drizzle-orm'
import type { Vault } from '../vault/vault.ts'
import type { Engine } from './engine/engine.ts'
import { parseColumn } from './row.ts'
import type { CaptureStore, Content } from './store.ts'

type CaptureDeps = { readonly engine: Engine; readonly vault: Vault; readonly now: () => number }

export function createCaptureStore({ engine, vault, now }: CaptureDeps): CaptureStore {
  const { captureRules, captures } = engine.tables
  const contextOf = (requestId: string): string => `capture/${requestId}`
  return {
    rules: () => engine.read((db) => db.select().from(captureRules)),
    saveRule: async (rule) => {
      await engine.atomic((db) => [db.upsert(captureRules, rule, { target: captureRules.keyId, set: rule })], {
        durable: true,
      })
    },
    removeRule: async (keyId) => {
      const changes = await engine.atomic(
        (db) => [
          db.delete(captureRules).where(eq(captureRules.keyId, keyId)),
          db.delete(captures).where(eq(captures.keyId, keyId)),
        ],
        { durable: true },
      )
      return (changes[0] ?? 0) > 0
    },
    save: async ({ requestId, keyId, expiresAt }, content) => {
      const text = JSON.stringify(content)
      const sealed = Buffer.from(vault.seal(text, contextOf(requestId)))
      const row = { requestId, keyId, at: now(), expiresAt, bytes: sealed.length, sealed }
      await engine.atomic((db) => [db.insert(captures).values(row)])
    },
    find: async (requestId) => {
      const rows = await engine.read((db) => db.select().from(captures).where(eq(captures.requestId, requestId)))
      const row = rows[0]
      if (row === undefined || row.expiresAt <= now()) return undefined
      const opened = vault.unseal(row.sealed, contextOf(requestId))
      return opened.ok ? parseColumn<Content>(opened.value) : undefined
    },
    prune: async (most) => {
      const rows = await engine.read((db) =>
        db.select({ at: captures.at }).from(captures).orderBy(desc(captures.at)).limit(1).offset(most),
      )
      await engine.atomic((db) => [
        db.delete(captures).where(lte(captures.expiresAt, now())),
        db.delete(captures).where(lt(captures.at, (rows[0]?.at ?? -1) + 1)),
      ])
    },
  }
}
