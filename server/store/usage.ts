import { and, desc, eq, gte, inArray, like, lt, sql } from 'drizzle-orm'
import type { Used } from '../access/limits.ts'
import type { Db, Engine } from './engine/sqlite.ts'
import { present } from './row.ts'
import type { UsageStore } from './store.ts'
import { openCalls, usageCounters } from './tables/sqlite.ts'

/** Rows of one statement: a statement has a bounded number of values. */
const rowsAtATime = 500

export function createUsageStore(engine: Engine): UsageStore {
  // Made once: building the statement takes longer than running it.
  let upsert: ReturnType<typeof prepareUpsert> | undefined
  return {
    read: async (subject, periods) => {
      const rows = await engine.read((db) =>
        db
          .select()
          .from(usageCounters)
          .where(and(eq(usageCounters.subject, subject), inArray(usageCounters.period, [...periods])))
          .all(),
      )
      return new Map(rows.map((row) => [row.period, usedOf(row)]))
    },
    write: async ({ add, open, close }) => {
      await engine.atomic((db) => [
        ...add.map(({ subject, period, used }) => {
          upsert ??= prepareUpsert(db)
          const statement = upsert
          return { run: () => statement.run({ subject, period, ...used }) }
        }),
        ...parts(open).map((some) =>
          db
            .insert(openCalls)
            .values([...some])
            .onConflictDoNothing(),
        ),
        ...parts(close).map((some) => db.delete(openCalls).where(inArray(openCalls.id, [...some]))),
      ])
    },
    openCalls: async () => {
      const rows = await engine.read((db) => db.select().from(openCalls).all())
      return rows.map(({ userId, ...row }) => ({ ...row, ...present({ userId }) }))
    },
    ofPeriod: async (period, subjects) => {
      const ofPeriod = eq(usageCounters.period, period)
      const rows = await engine.read((db) =>
        db
          .select()
          .from(usageCounters)
          .where(subjects === undefined ? ofPeriod : and(ofPeriod, inArray(usageCounters.subject, [...subjects])))
          .all(),
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
          .orderBy(desc(usageCounters.period))
          .all(),
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

const prepareUpsert = (db: Db) =>
  db
    .insert(usageCounters)
    .values({
      subject: sql.placeholder('subject'),
      period: sql.placeholder('period'),
      requests: sql.placeholder('requests'),
      inputTokens: sql.placeholder('inputTokens'),
      outputTokens: sql.placeholder('outputTokens'),
      inputMicroUsd: sql.placeholder('inputMicroUsd'),
      outputMicroUsd: sql.placeholder('outputMicroUsd'),
      credits: sql.placeholder('credits'),
    })
    .onConflictDoUpdate({ target: [usageCounters.subject, usageCounters.period], set: sum })
    .prepare()

/** Months and the total are shorter. */
const isDay = '____-__-__'

const added = (column: string) => sql.raw(`${column} + excluded.${column}`)
const sum = {
  requests: added('requests'),
  inputTokens: added('input_tokens'),
  outputTokens: added('output_tokens'),
  inputMicroUsd: added('input_micro_usd'),
  outputMicroUsd: added('output_micro_usd'),
  credits: added('credits'),
}

const usedOf = ({
  requests,
  inputTokens,
  outputTokens,
  inputMicroUsd,
  outputMicroUsd,
  credits,
}: typeof usageCounters.$inferSelect): Used => ({
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
