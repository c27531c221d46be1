import type { Effects } from '../lib/effects.ts'
import type { RequestRecord } from '../store/store.ts'

export type RequestLog = {
  /** Never waits; when the store cannot keep up, the oldest unwritten rows are dropped and counted. */
  readonly add: (record: RequestRecord) => void
  /** Writes what is waiting; a clean stop calls it after the last request. */
  readonly flush: () => Promise<void>
  readonly stats: () => { readonly waiting: number; readonly dropped: number }
}

const maxWaiting = 10_000
const batchSize = 200
const pauseMs = 500

/** Gathers finished requests and writes them in batches, one batch at a time. */
export function createRequestLog(
  append: (rows: readonly RequestRecord[]) => Promise<void>,
  effects: Pick<Effects, 'after'>,
  onFailure: (error: unknown) => void,
): RequestLog {
  let waiting: RequestRecord[] = []
  let dropped = 0
  let writing: Promise<void> | undefined
  let planned = false

  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const rows = waiting.slice(0, batchSize)
      waiting = waiting.slice(rows.length)
      try {
        await append(rows)
      } catch (error) {
        dropped += rows.length
        onFailure(error)
      }
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
  return {
    add: (record) => {
      waiting.push(record)
      if (waiting.length > maxWaiting) {
        waiting.shift()
        dropped++
      }
      if (planned) return
      planned = true
      effects.after(pauseMs, () => {
        planned = false
        void flush()
      })
    },
    flush,
    stats: () => ({ waiting: waiting.length, dropped }),
  }
}
