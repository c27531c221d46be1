import { type AnyColumn, and, desc, eq, gte, inArray, like, lt, type SQL, sql } from 'drizzle-orm'
import type { Used } from '../access/limits.ts'
import type { Engine, Tables } from './engine/engine.ts'
import { present } from './row.ts'
import type { UsageStore } from './store.ts'

/** Values of one statement are bounded. */
const rowsAtATime = 500

export function createUsageStore(engine: Engine): UsageStore {
  const { openCalls, usageCounters, usageMarks } = engine.tables
  const added = (column: AnyColumn): SQL => sql`${column} + ${engine.expressions.inserted(column)}`
  const conflict = {
    target: [usageCounters.subject, usageCounters.period],
    set: {
      requests: added(usageCounters.requests),
      inputTokens: added(usageCounters.inputTokens),
      outputTokens: added(usageCounters.outputTokens),
      inputMicroUsd: added(usageCounters.inputMicroUsd),
      outputMicroUsd: added(usageCounters.outputMicroUsd),
      credits: added(usageCounters.credits),
    },
  }
  /** Noted already, and not gone yet because the earlier note could not be answered: it says the same. */
  const noted = { target: openCalls.id, set: { at: engine.expressions.inserted(openCalls.at) } }
  const { inserted } = engine.expressions
  const moved = {
    target: usageMarks.id,
    set: { epoch: inserted(usageMarks.epoch), number: inserted(usageMarks.number) },
  }
  return {
    read: async (subject, periods) => {
      const rows = await engine.read((db) =>
        db
          .select()
          .from(usageCounters)
          .where(and(eq(usageCounters.subject, subject), inArray(usageCounters.period, [...periods]))),
      )
      return new Map(rows.map((row) => [row.period, usedOf(row)]))
    },
    write: async ({ add, open, close }, mark) => {
      await engine.atomic((db) => [
        db.upsert(
          usageCounters,
          add.map(({ used, ...of }) => ({ ...of, ...used })),
          conflict,
        ),
        db.upsert(
          openCalls,
          open.map(({ userId = null, ...call }) => ({ ...call, userId })),
          noted,
        ),
        ...parts(close).map((some) => db.delete(openCalls).where(inArray(openCalls.id, [...some]))),
        ...(mark === undefined ? [] : [db.upsert(usageMarks, [{ id: 1, ...mark }], moved)]),
      ])
    },
    openCalls: async () => {
      const rows = await engine.read((db) => db.select().from(openCalls))
      return rows.map(({ userId, ...row }) => ({ ...row, ...present({ userId }) }))
    },
    mark: async () => {
      const rows = await engine.read((db) => db.select().from(usageMarks))
      return rows[0] && { epoch: rows[0].epoch, number: rows[0].number }
    },
    ofPeriod: async (period, subjects) => {
      const ofPeriod = eq(usageCounters.period, period)
      const rows = await engine.read((db) =>
        db
          .select()
          .from(usageCounters)
          .where(subjects === undefined ? ofPeriod : and(ofPeriod, inArray(usageCounters.subject, [...subjects]))),
      )
      return new Map(rows.map((row) => [row.subject, usedOf(row)]))
    },
    days: async (subject, from) => {
      const rows = await engine.read((db) =>
        db
          .select()
          .from(usageCounters)
          .where(
            and(eq(usageCounters.subject, subject), gte(usageCounters.period, from), like(usageCounters.period, isDay)),
          )
          .orderBy(desc(usageCounters.period)),
      )
      return rows.map((row) => ({ day: row.period, used: usedOf(row) }))
    },
    pruneDays: async (before) => {
      await engine.atomic((db) => [
        db.delete(usageCounters).where(and(like(usageCounters.period, isDay), lt(usageCounters.period, before))),
      ])
    },
  }
}

/** Months and the total are shorter. */
const isDay = '____-__-__'

const usedOf = ({
  requests,
  inputTokens,
  outputTokens,
  inputMicroUsd,
  outputMicroUsd,
  credits,
}: Tables['usageCounters']['$inferSelect']): Used => ({
  requests,
  inputTokens,
  outputTokens,
  inputMicroUsd,
  outputMicroUsd,
  credits,
})

function parts<T>(list: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / rowsAtATime) }, (_, part) =>
    list.slice(part * rowsAtATime, (part + 1) * rowsAtATime),
  )
}
