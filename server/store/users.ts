import { desc, eq, inArray, or } from 'drizzle-orm'
import type { Engine, Tables } from './engine/engine.ts'
import { keyRow } from './keys.ts'
import { limitChange, limitsOf, listChange, listColumn, readList, withoutLimits } from './limit-columns.ts'
import { present } from './row.ts'
import type { UserRecord, UserStore } from './store.ts'

type Deps = { readonly engine: Engine; readonly now: () => number }

export function createUserStore({ engine, now }: Deps): UserStore {
  const { apiKeys, usageCounters, users } = engine.tables
  const get = async (id: string): Promise<UserRecord | undefined> => {
    const rows = await engine.read((db) => db.select().from(users).where(eq(users.id, id)))
    return rows[0] === undefined ? undefined : toRecord(rows[0])
  }
  return {
    get,
    list: async () => {
      const rows = await engine.read((db) => db.select().from(users).orderBy(desc(users.createdAt), desc(users.id)))
      return rows.map(toRecord)
    },
    create: async (entries) => {
      await engine.atomic(
        (db) =>
          entries.flatMap(({ user, key }) => [
            db.insert(users).values(userRow(user)),
            db.insert(apiKeys).values(keyRow(key)),
          ]),
        { durable: true },
      )
    },
    update: async (id, { accountIds, models, limits, ...change }) => {
      const columns = {
        ...change,
        ...listChange('accountIds', accountIds),
        ...listChange('models', models),
        ...limitChange(limits),
      }
      if (Object.keys(columns).length > 0) {
        const set = { ...columns, updatedAt: now() }
        await engine.atomic((db) => [db.update(users).set(set).where(eq(users.id, id))], { durable: true })
      }
      return get(id)
    },
    remove: async (id) => {
      const changes = await engine.atomic(
        (db) => {
          const own = db.select({ id: apiKeys.id }).from(apiKeys).where(eq(apiKeys.userId, id))
          return [
            db.delete(usageCounters).where(or(eq(usageCounters.subject, id), inArray(usageCounters.subject, own))),
            db.delete(apiKeys).where(eq(apiKeys.userId, id)),
            db.delete(users).where(eq(users.id, id)),
          ]
        },
        { durable: true },
      )
      return (changes[2] ?? 0) > 0
    },
  }
}

const userRow = ({ accountIds, models, limits, ...row }: UserRecord): Tables['users']['$inferInsert'] => ({
  ...row,
  ...limits,
  accountIds: listColumn(accountIds),
  models: listColumn(models),
})

function toRecord(row: Tables['users']['$inferSelect']): UserRecord {
  const { email, notes, expiresAt, models, accountIds, ...rest } = withoutLimits(row)
  return {
    ...rest,
    ...present({ email, notes, expiresAt, limits: limitsOf(row) }),
    ...present({ models: readList(models), accountIds: readList(accountIds) }),
  }
}
