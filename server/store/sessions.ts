import { eq, lt, ne } from 'drizzle-orm'
import type { Engine } from './engine/sqlite.ts'
import type { SessionStore } from './store.ts'
import { sessions } from './tables/sqlite.ts'

export function createSessionStore(engine: Engine): SessionStore {
  return {
    create: async (session) => {
      await engine.atomic((db) => [db.insert(sessions).values(session)])
    },
    find: async (hash) => {
      const rows = await engine.read((db) => db.select().from(sessions).where(eq(sessions.hash, hash)).all())
      return rows[0]
    },
    touch: async (hash, at) => {
      await engine.atomic((db) => [db.update(sessions).set({ lastSeenAt: at }).where(eq(sessions.hash, hash))])
    },
    remove: async (hash) => {
      await engine.atomic((db) => [db.delete(sessions).where(eq(sessions.hash, hash))], { durable: true })
    },
    removeAll: async (exceptHash) => {
      await engine.atomic(
        (db) => [
          exceptHash === undefined ? db.delete(sessions) : db.delete(sessions).where(ne(sessions.hash, exceptHash)),
        ],
        { durable: true },
      )
    },
    prune: async (lastSeenBefore) => {
      await engine.atomic((db) => [db.delete(sessions).where(lt(sessions.lastSeenAt, lastSeenBefore))])
    },
  }
}
