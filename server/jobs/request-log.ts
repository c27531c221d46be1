import type { Effects } from '../lib/effects.ts'
import { StoreFault } from '../store/engine/fault.ts'
import type { RequestRecord } from '../store/request-record.ts'

export type RequestLog = {
  /** Never waits; when the store cannot keep up, the oldest unwritten rows are dropped and counted. */
  readonly add: (record: RequestRecord) => void
  /** Writes what is waiting; a clean stop calls it after the last request. */
  readonly flush: () => Promise<void>
  /** What is not written yet. */
  readonly unwritten: () => readonly RequestRecord[]
  readonly stats: () => { readonly waiting: number; readonly dropped: number; readonly written: number }
}

export const mostUnwritten = 10_000
const batchSize = 200
const pauseMs = 500
/** Until the next try when the store took nothing at all. */
const retryMs = 5_000

/**
 * Gathers finished requests and writes them in batches, one batch at a time. Only rows wait here: what was used has been
 * counted before they come, so nothing but the row is lost when one is dropped.
 */
export function createRequestLog(
  append: (rows: readonly RequestRecord[]) => Promise<void>,
  effects: Pick<Effects, 'after'>,
  onFailure: (error: unknown) => void,
): RequestLog {
  let waiting: RequestRecord[] = []
  let dropped = 0
  let written = 0
  let underWay: readonly RequestRecord[] = []
  let writing: Promise<void> | undefined
  let planned = false

  const cut = (): void => {
    for (; waiting.length > mostUnwritten; dropped++) waiting.shift()
  }
  /** A row that cannot be written, ever, must not take its batch with it. */
  const writeSingly = async (rows: readonly RequestRecord[]): Promise<void> => {
    for (const row of rows) {
      await append([row]).then(
        () => {
          written++
        },
        (error: unknown) => {
          dropped++
          onFailure(error)
        },
      )
    }
  }
  /** True when going on makes sense; else the store takes nothing at the moment. */
  const writeBatch = async (): Promise<boolean> => {
    const rows = waiting.slice(0, batchSize)
    waiting = waiting.slice(rows.length)
    underWay = rows
    try {
      await append(rows)
      written += rows.length
    } catch (error) {
      if (error instanceof StoreFault && error.kind === 'conflict') await writeSingly(rows)
      else {
        onFailure(error)
        waiting = [...rows, ...waiting]
        cut()
        return false
      }
    } finally {
      underWay = []
    }
    return true
  }
  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      if (await writeBatch()) continue
      plan(retryMs)
      return
    }
  }
  const flush = async (): Promise<void> => {
    while (writing !== undefined) await writing
    if (waiting.length === 0) return
    writing = write().finally(() => {
      writing = undefined
    })
    await writing
  }
  const plan = (ms: number): void => {
    if (planned) return
    planned = true
    effects.after(ms, () => {
      planned = false
      void flush()
    })
  }
  return {
    add: (record) => {
      waiting.push(record)
      cut()
      plan(pauseMs)
    },
    flush,
    unwritten: () => [...underWay, ...waiting],
    stats: () => ({ waiting: underWay.length + waiting.length, dropped, written }),
  }
}
