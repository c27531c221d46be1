import { and, asc, desc, eq, inArray, lt, notInArray, type SQL, sql } from 'drizzle-orm'
import type { Db, Engine, Statement } from './engine/engine.ts'
import { dayMs, hourMs, hoursSince, keptMs } from './periods.ts'
import { createRollUp } from './roll-up.ts'
import { createStatisticsStore } from './statistics.ts'
import type { RollupStore } from './store.ts'

const splitKinds = ['all', 'key', 'user', 'account'] as const

const busiest = 200

/** The sums of the request log: how they come about, what they tell, how long they are kept. */
export function createRollupStore(
  engine: Engine,
  now: () => number,
  sleep: (ms: number) => Promise<void>,
): RollupStore {
  const { latencyRollups, requestRollups, requests, sessionSpans, splitRollups, visitors } = engine.tables
  const addressesOf = (time: SQL): SQL | undefined =>
    and(eq(requestRollups.grain, dayMs), eq(requestRollups.kind, 'ip'), time)
  /** Of each day that is over for a while only the busiest addresses stay: lists have no room for the others. */
  const trimAddresses = async (): Promise<void> => {
    const until = hoursSince(now(), 2 * dayMs)
    const days = await engine.read((db) =>
      db
        .select({ start: requestRollups.start })
        .from(requestRollups)
        .where(addressesOf(lt(requestRollups.start, until)))
        .groupBy(requestRollups.start)
        .having(sql`count(*) > ${busiest}`),
    )
    for (const { start } of days) {
      const ofDay = addressesOf(eq(requestRollups.start, start))
      const kept = await engine.read((db) =>
        db
          .select({ subject: requestRollups.subject })
          .from(requestRollups)
          .where(ofDay)
          .orderBy(desc(requestRollups.requests))
          .limit(busiest),
      )
      const subjects = kept.map(({ subject }) => subject)
      await engine.atomic((db) => [
        db.delete(requestRollups).where(and(ofDay, notInArray(requestRollups.subject, subjects))),
      ])
    }
  }

  /** Where no row of a session is kept any longer there is nothing to look for. */
  const trimSessions = async (): Promise<void> => {
    const { at } = requests
    const [oldest] = await engine.read((db) => db.select({ at }).from(requests).orderBy(asc(at)).limit(1))
    await engine.atomic((db) => [
      db.delete(sessionSpans).where(oldest === undefined ? undefined : lt(sessionSpans.lastAt, oldest.at)),
    ])
  }

  return {
    ...createRollUp(engine, now, sleep),
    ...createStatisticsStore(engine, now, sleep),
    prune: async () => {
      const { grain, start, kind } = requestRollups
      const old = (kept: number, length: number): SQL | undefined =>
        and(eq(grain, length), lt(start, hoursSince(now(), kept)))
      await trimAddresses()
      await trimSessions()
      // Their table is in the order of subjects: those of the sums that go now are looked for one by one.
      const oldSplits = (db: Db, kept: number, length: number): readonly Statement[] =>
        splitKinds.map((of) => {
          const subjects = db
            .selectDistinct({ subject: requestRollups.subject })
            .from(requestRollups)
            .where(and(eq(kind, of), old(kept, length)))
          return db
            .delete(splitRollups)
            .where(
              and(
                eq(splitRollups.kind, of),
                inArray(splitRollups.subject, subjects),
                eq(splitRollups.grain, length),
                lt(splitRollups.start, hoursSince(now(), kept)),
              ),
            )
        })
      await engine.atomic((db) => [
        ...oldSplits(db, keptMs.hours, hourMs),
        ...oldSplits(db, keptMs.days, dayMs),
        db.delete(requestRollups).where(and(old(keptMs.manyHours, hourMs), inArray(kind, ['ip']))),
        db.delete(requestRollups).where(and(old(keptMs.hours, hourMs), notInArray(kind, ['ip']))),
        db.delete(requestRollups).where(old(keptMs.days, dayMs)),
        db
          .delete(latencyRollups)
          .where(and(eq(latencyRollups.grain, hourMs), lt(latencyRollups.start, hoursSince(now(), keptMs.manyHours)))),
        db
          .delete(latencyRollups)
          .where(and(eq(latencyRollups.grain, dayMs), lt(latencyRollups.start, hoursSince(now(), keptMs.days)))),
      ])
    },
    clear: async () => {
      const all = [requestRollups, splitRollups, latencyRollups, visitors, sessionSpans]
      await engine.atomic((db) => all.map((table) => db.delete(table)))
    },
  }
}
