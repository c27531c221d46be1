import { type Effects, randomText } from '../lib/effects.ts'
import type { OpenCall, UnwrittenUsage, UsageBatch, UsageBook } from './ledger.ts'
import { plus, type Used } from './limits.ts'

export type UsageWriter = {
  readonly add: (subject: string, periods: readonly string[], used: Used) => void
  readonly open: (call: OpenCall) => void
  readonly close: (id: string) => void
  /** What was added is written soon: at once, unless something was written a moment ago. */
  readonly nudge: () => void
  readonly flush: () => Promise<void>
  /** Whether the call is noted as open, or will be. */
  readonly holds: (id: string) => boolean
  readonly unwritten: () => number
  /** Number of the last batch that was written. */
  readonly written: () => number
  /** What is not written itself. */
  readonly rest: () => UnwrittenUsage
}

/** Between two writes while calls end one after another; one that ends alone is written before its caller hears the end. */
const pauseMs = 10
/** A call that ends within this time is never noted as open. */
const openAfterMs = 50
const retryMs = 1_000

type Pending = {
  readonly add: Map<string, { subject: string; period: string; used: Used }>
  readonly open: Map<string, OpenCall>
  readonly close: Set<string>
}
const batchOf = ({ add, open, close }: Pending): UsageBatch => ({
  add: [...add.values()],
  open: [...open.values()],
  close: [...close],
})
const nobody = (): Pending => ({ add: new Map(), open: new Map(), close: new Set() })

/**
 * Gathers what was used between two writes: one row for each subject and period, however many calls there were. What could not
 * be written is kept and tried again; it grows with the number of subjects only.
 */
export function createUsageWriter(
  write: UsageBook['write'],
  effects: Pick<Effects, 'now' | 'after'>,
  onFailure: (error: unknown) => void,
): UsageWriter {
  const epoch = randomText(16)
  let number = 0
  let written = 0
  let underWay: UsageBatch | undefined
  let pending = nobody()
  let writing: Promise<void> | undefined
  let writtenAt = Number.NEGATIVE_INFINITY
  let planned: { readonly at: number; readonly cancel: () => void } | undefined
  /** Noted as open in the store, or about to be. */
  const kept = new Set<string>()

  const addTo = ({ add }: Pending, subject: string, period: string, used: Used): void => {
    const key = `${subject}\n${period}`
    const row = add.get(key)
    if (row === undefined) add.set(key, { subject, period, used })
    else row.used = plus(row.used, used)
  }

  /** Begins to write; on SQLite it is done when this returns. */
  const writeNow = (): Promise<void> => {
    planned?.cancel()
    planned = undefined
    const now = effects.now()
    const batch = { ...pending, open: new Map<string, OpenCall>() }
    for (const [id, call] of pending.open) {
      if (now - call.at < openAfterMs && now >= call.at) break // and all later ones
      batch.open.set(id, call)
      pending.open.delete(id)
    }
    if (batch.add.size + batch.open.size + batch.close.size === 0) {
      planOpen()
      return Promise.resolve()
    }
    pending = { ...nobody(), open: pending.open }
    planOpen()
    writtenAt = now
    for (const id of batch.open.keys()) kept.add(id)
    for (const id of batch.close) kept.delete(id)
    const mine = ++number
    underWay = batchOf(batch)
    return write(underWay, { epoch, number: mine }).then(
      () => {
        written = mine
        underWay = undefined
      },
      (error: unknown) => {
        underWay = undefined
        for (const { subject, period, used } of batch.add.values()) addTo(pending, subject, period, used)
        for (const id of batch.close) pending.close.add(id)
        for (const [id, call] of batch.open) {
          kept.delete(id)
          // Closed meanwhile: there is nothing to note or to remove.
          if (!pending.close.delete(id)) pending.open.set(id, call)
        }
        plan(retryMs)
        onFailure(error)
      },
    )
  }
  /** The oldest call that is not noted yet will be, if it lasts. */
  const planOpen = (): void => {
    const [oldest] = pending.open.values()
    if (oldest !== undefined) plan(Math.max(1, oldest.at + openAfterMs - effects.now()))
  }
  const start = (): void => {
    writing ??= writeNow().finally(() => {
      writing = undefined
      if (planned !== undefined) return
      if (pending.add.size + pending.close.size > 0) plan(pauseMs)
      else planOpen() // its time may have come while this was written
    })
  }
  const plan = (ms: number): void => {
    const at = effects.now() + ms
    if (planned !== undefined && planned.at <= at) return
    planned?.cancel()
    const begin = (): void => {
      planned = undefined // a write that is under way plans the next one itself
      start()
    }
    planned = { at, cancel: effects.after(ms, begin) }
  }

  return {
    add: (subject, periods, used) => {
      for (const period of periods) addTo(pending, subject, period, used)
    },
    open: (call) => {
      pending.open.set(call.id, call)
      if (planned === undefined) plan(openAfterMs)
    },
    close: (id) => {
      if (pending.open.delete(id)) return
      if (kept.has(id)) pending.close.add(id)
    },
    nudge: () => {
      const sinceMs = effects.now() - writtenAt
      if (writing === undefined && (sinceMs >= pauseMs || sinceMs < 0)) start()
      else plan(pauseMs)
    },
    flush: async () => {
      await writing
      await writeNow()
    },
    holds: (id) => kept.has(id) || pending.open.has(id),
    unwritten: () => pending.add.size + pending.open.size + pending.close.size + sizeOf(underWay),
    written: () => written,
    rest: () => ({
      mark: { epoch, number },
      ...(underWay === undefined ? {} : { underWay }),
      pending: batchOf(pending),
    }),
  }
}

const sizeOf = (batch: UsageBatch | undefined): number =>
  batch === undefined ? 0 : batch.add.length + batch.open.length + batch.close.length
