import type { Ledger } from '../access/ledger.ts'
import type { RequestLog } from '../jobs/request-log.ts'
import type { Effects } from '../lib/effects.ts'
import type { Logger } from '../observe/log.ts'
import type { Unwritten, UnwrittenKeeper } from '../store/unwritten.ts'

type Deps = {
  readonly keeper: UnwrittenKeeper
  readonly ledger: Pick<Ledger, 'unwritten' | 'stats'>
  readonly requestLog: Pick<RequestLog, 'unwritten' | 'stats'>
  /** False: the database is known to be away. */
  readonly isUp: () => boolean
  readonly effects: Pick<Effects, 'after'>
  readonly log: Logger
}

const everyMs = 500
/** So many looks without anything being written, and a database that says nothing is taken for away. */
const patience = 4

/** Keeps on disk what waits for a database that is away, and drops it once the database has it. Gives what ends the watch. */
export function watchUnwritten({ keeper, ledger, requestLog, isUp, effects, log }: Deps) {
  let written = ''
  let still = 0
  let failed = false
  /** What was kept last; absent: the database has it. */
  let kept: { readonly batch: number; readonly requests: ReadonlySet<unknown> } | undefined
  let cancel = (): void => {}

  const left = (): Unwritten => ({ usage: ledger.unwritten(), requests: requestLog.unwritten() })
  const look = (): void => {
    const [counters, rows] = [ledger.stats(), requestLog.stats()]
    const now = `${counters.written} ${rows.written}`
    still = now === written ? still + 1 : 0
    written = now
    const waits = counters.unwritten + rows.waiting > 0
    if (waits && (!isUp() || still >= patience)) {
      const all = left()
      keeper.keep(all)
      kept = { batch: all.usage.mark.number, requests: new Set(all.requests) }
    } else if (kept !== undefined && isUp()) {
      const { batch, requests } = kept
      const hasCounters = counters.written > batch || counters.unwritten === 0
      if (!hasCounters || requestLog.unwritten().some((row) => requests.has(row))) return
      kept = undefined
      keeper.clear()
    }
  }
  const again = (): void => {
    cancel = effects.after(everyMs, () => {
      try {
        look()
        failed = false
      } catch (error) {
        // Once: a data folder that cannot be written either will not be told of twice a second.
        if (!failed) log.error('unwritten.failed', { cause: String(error) })
        failed = true
      }
      again()
    })
  }
  again()
  return {
    left,
    stop: (): void => cancel(),
  }
}
