import { asc, eq } from 'drizzle-orm'
import { type Scope, scopes } from '../access/role.ts'
import type { Engine, Tables } from './engine/engine.ts'
import { parseColumn, present } from './row.ts'
import type { AdminTokenRecord, AdminTokenStore } from './store.ts'

export function createAdminTokenStore(engine: Engine): AdminTokenStore {
  const { adminTokens } = engine.tables
  return {
    list: async () => {
      const rows = await engine.read((db) =>
        db.select().from(adminTokens).orderBy(asc(adminTokens.createdAt), asc(adminTokens.id)),
      )
      return rows.map(toRecord)
    },
    create: async (token) => {
      const row = { ...token, scopes: JSON.stringify(token.scopes) }
      await engine.atomic((db) => [db.insert(adminTokens).values(row)], { durable: true })
    },
    findByHash: async (hash) => {
      const rows = await engine.read((db) => db.select().from(adminTokens).where(eq(adminTokens.hash, hash)))
      return rows[0] && toRecord(rows[0])
    },
    remove: async (id) => {
      const changes = await engine.atomic((db) => [db.delete(adminTokens).where(eq(adminTokens.id, id))], {
        durable: true,
      })
      return (changes[0] ?? 0) > 0
    },
    touch: async (id, at, peer) => {
      const change = { lastUsedAt: at, lastPeer: peer }
      await engine.atomic((db) => [db.update(adminTokens).set(change).where(eq(adminTokens.id, id))])
    },
  }
}

/** A list that cannot be read is empty: a token must not gain by damage. */
function toRecord({ scopes: column, ...row }: Tables['adminTokens']['$inferSelect']): AdminTokenRecord {
  const { expiresAt, lastUsedAt, lastPeer, ...rest } = row
  const list = parseColumn<unknown>(column)
  const isScope = (word: unknown): word is Scope => scopes.some((scope) => scope === word)
  return {
    ...rest,
    scopes: Array.isArray(list) ? list.filter(isScope) : [],
    ...present({ expiresAt, lastUsedAt, lastPeer }),
  }
}
