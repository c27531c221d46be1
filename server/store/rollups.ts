import { and, eq, inArray, lt, notInArray, type SQL } from 'drizzle-orm'
import type { Engine } from './engine/sqlite.ts'
import { dayMs, hourMs } from './periods.ts'
import { createRollUp } from './roll-up.ts'
import { createStatisticsStore, hoursSince, keptMs } from './statistics.ts'
import type { RollupStore } from './store.ts'
import { latencyRollups, requestRollups, visitors } from './tables/sqlite.ts'

/** The sums of the request log: how they come about, what they tell, how long they are kept. */
export function createRollupStore(
  engine: Engine,
  now: () => number,
  sleep: (ms: number) => Promise<void>,
): RollupStore {
  return {
    ...createRollUp(engine, sleep),
    ...createStatisticsStore(engine, now, sleep),
    prune: async () => {
      const { grain, start, kind } = requestRollups
      const old = (kept: number, length: number): SQL | undefined =>
        and(eq(grain, length), lt(start, hoursSince(now(), kept)))
      await engine.atomic((db) => [
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
      await engine.atomic((db) => [db.delete(requestRollups), db.delete(latencyRollups), db.delete(visitors)])
    },
  }
}
