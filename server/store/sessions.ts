import { and, desc, eq, lt, ne, or } from 'drizzle-orm'
import type { Engine } from './engine/engine.ts'
import type { SessionStore } from './store.ts'

export function createSessionStore(engine: Engine): SessionStore {
  const { sessions } = engine.tables
  return {
    create: async (session) => {
      await engine.atomic((db) => [db.insert(sessions).values(session)])
    },
    find: async (hash) => {
      const rows = await engine.read((db) => db.select().from(sessions).where(eq(sessions.hash, hash)))
      return rows[0]
    },
    list: async () => engine.read((db) => db.select().from(sessions).orderBy(desc(sessions.lastSeenAt), sessions.hash)),
    touch: async (hash, at) => {
      await engine.atomic((db) => [db.update(sessions).set({ lastSeenAt: at }).where(eq(sessions.hash, hash))])
    },
    remove: async (hash) => {
      await engine.atomic((db) => [db.delete(sessions).where(eq(sessions.hash, hash))], { durable: true })
    },
    removeAll: async ({ subject, exceptHash } = {}) => {
      const wanted = and(
        subject === undefined ? undefined : eq(sessions.subject, subject),
        exceptHash === undefined ? undefined : ne(sessions.hash, exceptHash),
      )
      await engine.atomic((db) => [db.delete(sessions).where(wanted)], { durable: true })
    },
    prune: async ({ lastSeen, created }) => {
      const gone = or(lt(sessions.lastSeenAt, lastSeen), lt(sessions.createdAt, created))
      await engine.atomic((db) => [db.delete(sessions).where(gone)])
    },
  }
}
