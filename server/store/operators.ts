import { asc, eq } from 'drizzle-orm'
import type { Role } from '../access/role.ts'
import type { Engine, Tables } from './engine/engine.ts'
import { present } from './row.ts'
import { secondFactorName } from './second-factors.ts'
import type { OperatorRecord, OperatorStore } from './store.ts'

const folded = (name: string): string => name.normalize('NFKC').toLowerCase()

export function createOperatorStore(deps: { readonly engine: Engine; readonly now: () => number }): OperatorStore {
  const { engine, now } = deps
  const { adminTokens, operators, sealedSettings, sessions } = engine.tables
  return {
    list: async () => {
      const rows = await engine.read((db) =>
        db.select().from(operators).orderBy(asc(operators.createdAt), asc(operators.id)),
      )
      return rows.map(toRecord)
    },
    get: async (id) => {
      const rows = await engine.read((db) => db.select().from(operators).where(eq(operators.id, id)))
      return rows[0] && toRecord(rows[0])
    },
    findByName: async (name) => {
      const rows = await engine.read((db) =>
        db
          .select()
          .from(operators)
          .where(eq(operators.folded, folded(name))),
      )
      return rows[0] && toRecord(rows[0])
    },
    create: async (operator) => {
      const row = { ...operator, folded: folded(operator.name) }
      await engine.atomic((db) => [db.insert(operators).values(row)], { durable: true })
    },
    update: async (id, patch) => {
      const columns = {
        ...patch,
        ...(patch.name === undefined ? {} : { folded: folded(patch.name) }),
        updatedAt: now(),
      }
      const changes = await engine.atomic((db) => [db.update(operators).set(columns).where(eq(operators.id, id))], {
        durable: true,
      })
      return (changes[0] ?? 0) > 0
    },
    remove: async (id) => {
      const changes = await engine.atomic(
        (db) => [
          db.delete(operators).where(eq(operators.id, id)),
          db.delete(sessions).where(eq(sessions.subject, id)),
          db.delete(adminTokens).where(eq(adminTokens.subject, id)),
          db.delete(sealedSettings).where(eq(sealedSettings.name, secondFactorName(id))),
        ],
        { durable: true },
      )
      return (changes[0] ?? 0) > 0
    },
  }
}

const toRecord = ({ folded: _, lastSignInAt, role, ...row }: Tables['operators']['$inferSelect']): OperatorRecord => ({
  ...row,
  role: role as Role, // the table takes no other
  ...present({ lastSignInAt }),
})
