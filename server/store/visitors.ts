import { and, desc, eq, gte, inArray, lt, type SQL, sql } from 'drizzle-orm'
import type { Engine, Tables } from './engine/engine.ts'
import { dayMs, hourMs } from './periods.ts'
import type { Visitor, VisitorStore } from './store.ts'

export function createVisitorStore(engine: Engine, now: () => number): VisitorStore {
  const { requestRollups, requests, visitors } = engine.tables
  const { unindexed } = engine.expressions
  /** Requests since a time by address, from the rows themselves. */
  const countRows = async (from: number, to: number, more?: SQL): Promise<ReadonlyMap<string, number>> => {
    const rows = await engine.read((db) =>
      db
        .select({ ip: requests.peer, count: sql<number>`count(*)`.mapWith(Number) })
        .from(requests)
        .where(and(gte(requests.at, from), lt(requests.at, to), more))
        .groupBy(unindexed(requests.peer)),
    )
    return new Map(rows.map(({ ip, count }) => [ip, count]))
  }
  /** Of these addresses in whole hours. */
  const countHours = async (ips: readonly string[], from: number): Promise<ReadonlyMap<string, number>> => {
    const rows = await engine.read((db) =>
      db
        .select({ ip: requestRollups.subject, count: sql<number>`sum(${requestRollups.requests})`.mapWith(Number) })
        .from(requestRollups)
        .where(
          and(
            eq(requestRollups.grain, hourMs),
            eq(requestRollups.kind, 'ip'),
            gte(requestRollups.start, from),
            inArray(requestRollups.subject, [...ips]),
          ),
        )
        .groupBy(requestRollups.subject),
    )
    return new Map(rows.map(({ ip, count }) => [ip, count]))
  }

  return {
    list: async (limit) => {
      const newest = await engine.read((db) =>
        db
          .select()
          .from(visitors)
          .orderBy(desc(visitors.lastAt))
          .limit(limit * 4),
      )
      const ips = [...new Set(newest.map(({ ip }) => ip))].slice(0, limit)
      if (ips.length === 0) return []
      const rows = await engine.read((db) => db.select().from(visitors).where(inArray(visitors.ip, ips)))
      const at = now()
      const firstHour = Math.ceil((at - dayMs) / hourMs) * hourMs
      const [hour, hours, edge] = await Promise.all([
        countRows(at - hourMs, at + 1),
        countHours(ips, firstHour),
        countRows(at - dayMs, firstHour),
      ])
      const byIp = Map.groupBy(rows, ({ ip }) => ip)
      return ips.map((ip) => {
        const day = (hours.get(ip) ?? 0) + (edge.get(ip) ?? 0)
        return visitorOf(ip, byIp.get(ip) ?? [], day, hour.get(ip) ?? 0)
      })
    },
    ofUser: async (userId) => {
      const rows = await engine.read((db) =>
        db.select().from(visitors).where(eq(visitors.userId, userId)).orderBy(desc(visitors.lastAt)),
      )
      const at = now()
      const own = eq(requests.userId, userId)
      const [hour, day] = await Promise.all([countRows(at - hourMs, at + 1, own), countRows(at - dayMs, at + 1, own)])
      return rows.map((row) => visitorOf(row.ip, [row], day.get(row.ip) ?? 0, hour.get(row.ip) ?? 0))
    },
    prune: async (before, most) => {
      const { lastAt } = visitors
      const last = await engine.read((db) =>
        db
          .select({ lastAt })
          .from(visitors)
          .orderBy(desc(lastAt))
          .limit(1)
          .offset(most - 1),
      )
      await engine.atomic((db) => [db.delete(visitors).where(lt(lastAt, Math.max(before, last[0]?.lastAt ?? 0)))])
    },
  }
}

type Row = Tables['visitors']['$inferSelect']

function visitorOf(ip: string, rows: readonly Row[], requestsDay: number, requestsHour: number): Visitor {
  const sum = (pick: (row: Row) => number): number => rows.reduce((total, row) => total + pick(row), 0)
  const last = rows.filter(({ userId }) => userId !== '').toSorted((a, b) => b.lastAt - a.lastAt)[0]
  return {
    ip,
    firstAt: Math.min(...rows.map(({ firstAt }) => firstAt)),
    lastAt: Math.max(...rows.map(({ lastAt }) => lastAt)),
    requests: sum((row) => row.requests),
    failures: sum((row) => row.failures),
    requestsDay,
    requestsHour,
    ...(last === undefined ? {} : { lastUserId: last.userId }),
  }
}
