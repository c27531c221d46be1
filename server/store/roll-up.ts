import { type AnyColumn, asc, gt, type SQL, sql } from 'drizzle-orm'
import type { Engine, Tables } from './engine/engine.ts'
import { dayMs, hourMs } from './periods.ts'
import {
  bucketOf,
  plus,
  type RollupKind,
  type Summand,
  type Sums,
  subjectKinds,
  subjectOf,
  sumNames,
  sumsOf,
} from './request-sums.ts'

/** Requests of one step: enough that sums of one hour meet, few enough not to hold up live streams. */
const stepRows = 500
/** Details of single subjects by the day only: the hours at the ends of a period are few enough to be read row by row. */
const detailed: ReadonlySet<string> = new Set([
  `all ${hourMs}`,
  ...['all', 'key', 'user', 'account'].map((kind) => `${kind} ${dayMs}`),
])
const timed: ReadonlySet<RollupKind> = new Set(['all', 'model'])
const kinds = ['all', ...subjectKinds] as const

export const summandColumns = ({ requests }: Tables) => ({
  seq: requests.seq,
  at: requests.at,
  keyId: requests.keyId,
  userId: requests.userId,
  accountId: requests.accountId,
  peer: requests.peer,
  upstreamModel: requests.upstreamModel,
  dialect: requests.dialect,
  status: requests.status,
  errorKind: requests.errorKind,
  durationMs: requests.durationMs,
  firstTokenMs: requests.firstTokenMs,
  inputTokens: requests.inputTokens,
  outputTokens: requests.outputTokens,
  cacheReadTokens: requests.cacheReadTokens,
  credits: requests.credits,
  inputMicroUsd: requests.inputMicroUsd,
  outputMicroUsd: requests.outputMicroUsd,
})

export type RollUp = {
  /** Adds requests that are not in the sums yet; at most `most`. False: there are more. */
  readonly catchUp: (most?: number) => Promise<boolean>
}

/**
 * Adds the rows of the request log up, in the order they were written, and remembers how far it has come in the same
 * transaction: whatever ends this process, no row is left out and none counts twice.
 */
export function createRollUp(engine: Engine, sleep: (ms: number) => Promise<void>): RollUp {
  const { latencyRollups, requestRollups, requests, rollupMarks, visitors } = engine.tables
  const { greatest, inserted, least } = engine.expressions
  const added = (column: AnyColumn): SQL => sql`${column} + ${inserted(column)}`
  const { grain, kind, detail, start, subject, model, dialect, status, outcome } = requestRollups
  const cellKey = [grain, kind, detail, start, subject, model, dialect, status, outcome]
  const addedSums = Object.fromEntries(sumNames.map((name) => [name, added(requestRollups[name])]))
  const latencyKey = [
    latencyRollups.kind,
    latencyRollups.subject,
    latencyRollups.measure,
    latencyRollups.grain,
    latencyRollups.start,
    latencyRollups.bucket,
  ]
  const addedLatencies = { requests: added(latencyRollups.requests) }
  const joinedVisits = {
    firstAt: least(visitors.firstAt, inserted(visitors.firstAt)),
    lastAt: greatest(visitors.lastAt, inserted(visitors.lastAt)),
    requests: added(visitors.requests),
    failures: added(visitors.failures),
  }
  let running: Promise<unknown> = Promise.resolve()

  const step = async (): Promise<number> => {
    const marks = await engine.read((db) => db.select().from(rollupMarks))
    const rows: readonly Summand[] = await engine.read((db) =>
      db
        .select(summandColumns(engine.tables))
        .from(requests)
        .where(gt(requests.seq, marks[0]?.seq ?? 0))
        .orderBy(asc(requests.seq))
        .limit(stepRows),
    )
    const last = rows.at(-1)
    if (last === undefined) return 0
    const sums = cellsOf(rows)
    const latencies = latenciesOf(rows)
    const visits = visitsOf(rows)
    await engine.atomic((db) => [
      db.upsert(requestRollups, sums, { target: cellKey, set: addedSums }),
      db.upsert(latencyRollups, latencies, { target: latencyKey, set: addedLatencies }),
      db.upsert(visitors, visits, { target: [visitors.ip, visitors.userId], set: joinedVisits }),
      db.upsert(rollupMarks, { id: 1, seq: last.seq }, { target: rollupMarks.id, set: { seq: last.seq } }),
    ])
    return rows.length
  }

  return {
    catchUp: (most = Number.POSITIVE_INFINITY) => {
      const work = running.then(async () => {
        for (let done = 0; done < most; await sleep(1)) {
          const rows = await step()
          done += rows
          if (rows < stepRows) return true
        }
        return false
      })
      running = work.catch(() => undefined)
      return work
    },
  }
}

type Cell = Tables['requestRollups']['$inferInsert']

function cellsOf(rows: readonly Summand[]): readonly Cell[] {
  const cells = new Map<string, { readonly key: Omit<Cell, keyof Sums>; sums: Sums }>()
  for (const row of rows) {
    const sums = sumsOf(row)
    for (const kind of kinds) {
      const subject = subjectOf(row, kind)
      if (subject === null) continue
      for (const grain of [hourMs, dayMs]) {
        const start = row.at - (row.at % grain)
        const whole = { grain, kind, detail: false, start, subject, model: '', dialect: '', status: 0, outcome: '' }
        add(whole)
        if (!detailed.has(`${kind} ${grain}`)) continue
        const parts = { model: row.upstreamModel ?? '', dialect: row.dialect, status: row.status }
        add({ ...whole, ...parts, detail: true, outcome: row.errorKind ?? 'ok' })
      }
    }
    function add(key: Omit<Cell, keyof Sums>): void {
      const name = Object.values(key).join('\0')
      const cell = cells.get(name)
      if (cell === undefined) cells.set(name, { key, sums })
      else cell.sums = plus(cell.sums, sums)
    }
  }
  return [...cells.values()].map(({ key, sums }) => ({ ...key, ...sums }))
}

type Latency = Tables['latencyRollups']['$inferInsert']

function latenciesOf(rows: readonly Summand[]): readonly Latency[] {
  const cells = new Map<string, { readonly key: Omit<Latency, 'requests'>; requests: number }>()
  for (const row of rows) {
    for (const [measure, ms] of [
      ['total', row.durationMs],
      ['first', row.firstTokenMs],
    ] as const) {
      if (ms === null) continue
      const bucket = bucketOf(ms)
      for (const kind of kinds) {
        const subject = timed.has(kind) ? subjectOf(row, kind) : null
        if (subject === null) continue
        for (const grain of [hourMs, dayMs]) {
          const key = { kind, subject, measure, grain, start: row.at - (row.at % grain), bucket }
          const name = Object.values(key).join('\0')
          const cell = cells.get(name)
          if (cell === undefined) cells.set(name, { key, requests: 1 })
          else cell.requests++
        }
      }
    }
  }
  return [...cells.values()].map(({ key, requests: count }) => ({ ...key, requests: count }))
}

type Visit = Tables['visitors']['$inferInsert']

function visitsOf(rows: readonly Summand[]): readonly Visit[] {
  const visits = new Map<string, Visit>()
  for (const { peer: ip, userId, at, errorKind } of rows) {
    const name = `${ip}\0${userId ?? ''}`
    const visit = visits.get(name) ?? { ip, userId: userId ?? '', firstAt: at, lastAt: at, requests: 0, failures: 0 }
    visits.set(name, {
      ...visit,
      firstAt: Math.min(visit.firstAt, at),
      lastAt: Math.max(visit.lastAt, at),
      requests: visit.requests + 1,
      failures: visit.failures + (errorKind === null ? 0 : 1),
    })
  }
  return [...visits.values()]
}
