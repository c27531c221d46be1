import { type AnyColumn, asc, gt, type SQL, sql } from 'drizzle-orm'
import type { Engine, Tables } from './engine/engine.ts'
import { createCells } from './request-cells.ts'
import { type Summand, sumNames } from './request-sums.ts'

/** Read at a time, without giving way to other work. */
const sliceRows = 500
/** Of one step: the more, the more sums of an hour meet; few enough that writing them does not hold up live streams. */
const usualStepRows = 2_000

export const summandColumns = ({ requests }: Tables) => ({
  seq: requests.seq,
  at: requests.at,
  keyId: requests.keyId,
  userId: requests.userId,
  accountId: requests.accountId,
  peer: requests.peer,
  upstreamModel: requests.upstreamModel,
  dialect: requests.dialect,
  stream: requests.stream,
  status: requests.status,
  errorKind: requests.errorKind,
  durationMs: requests.durationMs,
  // Of a reply that came whole nobody saw the first token.
  firstTokenMs: sql<number | null>`case when ${requests.stream} = 1 then ${requests.firstTokenMs} end`.mapWith(Number),
  inputTokens: requests.inputTokens,
  outputTokens: requests.outputTokens,
  cacheReadTokens: requests.cacheReadTokens,
  credits: requests.credits,
  inputMicroUsd: requests.inputMicroUsd,
  outputMicroUsd: requests.outputMicroUsd,
  session: requests.session,
})

export type RollUp = {
  /** Adds requests that are not in the sums yet; at most `most`. False: there are more. */
  readonly catchUp: (most?: number) => Promise<boolean>
}

/**
 * Adds the rows of the request log up, in the order they were written, and remembers how far it has come in the same
 * transaction: whatever ends this process, no row is left out and none counts twice.
 */
export function createRollUp(
  engine: Engine,
  now: () => number,
  sleep: (ms: number) => Promise<void>,
  stepRows = usualStepRows,
): RollUp {
  const { latencyRollups, requestRollups, requests, rollupMarks, sessionSpans, splitRollups, visitors } = engine.tables
  const { greatest, inserted, least } = engine.expressions
  const added = (column: AnyColumn): SQL => sql`${column} + ${inserted(column)}`
  const sumKey = [requestRollups.grain, requestRollups.kind, requestRollups.start, requestRollups.subject]
  const { kind, subject, grain, start, model, dialect, status, outcome } = splitRollups
  const splitKey = [kind, subject, grain, start, model, dialect, status, outcome]
  const addedSums = Object.fromEntries(sumNames.map((name) => [name, added(requestRollups[name])]))
  const addedSplits = Object.fromEntries(sumNames.map((name) => [name, added(splitRollups[name])]))
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
  const joinedSpans = {
    firstAt: least(sessionSpans.firstAt, inserted(sessionSpans.firstAt)),
    lastAt: greatest(sessionSpans.lastAt, inserted(sessionSpans.lastAt)),
  }
  let running: Promise<unknown> = Promise.resolve()

  const read = (behind: number): Promise<readonly Summand[]> =>
    engine.read((db) =>
      db
        .select(summandColumns(engine.tables))
        .from(requests)
        .where(gt(requests.seq, behind))
        .orderBy(asc(requests.seq))
        .limit(sliceRows),
    )
  /** How many were added; fewer than `most`: there are no more. */
  const step = async (most: number): Promise<number> => {
    const marks = await engine.read((db) => db.select().from(rollupMarks))
    const cells = createCells()
    let seq = marks[0]?.seq ?? 0
    let added = 0
    for (let more = sliceRows; more === sliceRows && added < most; added += more) {
      const rows = await read(seq)
      for (const row of rows) cells.add(row)
      seq = rows.at(-1)?.seq ?? seq
      more = rows.length
      await sleep(0)
    }
    if (added === 0) return 0
    const { sums, splits, latencies, visits, sessions } = cells.read(now())
    await engine.atomic((db) => [
      db.upsert(requestRollups, sums, { target: sumKey, set: addedSums }),
      db.upsert(splitRollups, splits, { target: splitKey, set: addedSplits }),
      db.upsert(latencyRollups, latencies, { target: latencyKey, set: addedLatencies }),
      db.upsert(visitors, visits, { target: [visitors.ip, visitors.userId], set: joinedVisits }),
      db.upsert(sessionSpans, sessions, { target: sessionSpans.session, set: joinedSpans }),
      db.upsert(rollupMarks, { id: 1, seq }, { target: rollupMarks.id, set: { seq } }),
    ])
    return added
  }

  return {
    catchUp: (most = Number.POSITIVE_INFINITY) => {
      const work = running.then(async () => {
        for (let done = 0; done < most; await sleep(1)) {
          const wanted = Math.min(stepRows, most - done)
          const rows = await step(wanted)
          done += rows
          if (rows < wanted) return true
        }
        return false
      })
      running = work.catch(() => undefined)
      return work
    },
  }
}
