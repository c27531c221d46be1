import { type Quota, remainingCredits, spentCredits } from '../conversation/quota.ts'

/** What an account had spent of what it may spend, in credits, at `at` epoch ms. Kept when it is another than the last. */
export type QuotaReading = { readonly at: number; readonly used: number; readonly limit: number }

export type Burn = {
  readonly perHour: number
  /** Over which the rate was taken. */
  readonly window: '24h' | '7d'
}

const hourMs = 3_600_000
const windows = [
  ['24h', 24 * hourMs],
  ['7d', 7 * 24 * hourMs],
] as const
export const longestWindowMs = 7 * 24 * hourMs
/** Fewer readings, or a shorter time, say nothing about a rate. */
const fewestReadings = 3
const shortestMs = 0.5 * hourMs

/** The reading to keep for a quota. */
export function readingOf(quota: Quota): QuotaReading {
  const used = spentCredits(quota)
  return { at: quota.readAt, used, limit: used + remainingCredits(quota) }
}

/**
 * Credits per hour: the slope between the ends of the last 24 hours, or where these hold fewer than three readings, of the
 * last 7 days. Stretches in which the used amount fell (a reset, a bonus that ran out) count neither in credits nor in time. A
 * gap counts evenly: what was spent in it was spent some time in it. `readings` oldest first; undefined: unknown.
 */
export function burnOf(readings: readonly QuotaReading[], quota: Quota): Burn | undefined {
  // Unchanged figures are not kept, so the latest reading of all is the quota itself.
  const now = readingOf(quota)
  const points = [...readings.filter(({ at }) => at < now.at), now]
  for (const [window, lengthMs] of windows) {
    const from = now.at - lengthMs
    if (readings.filter(({ at }) => at >= from && at <= now.at).length < fewestReadings) continue
    const { credits, ms } = spentSince(points, from)
    if (ms >= shortestMs) return { perHour: (credits / ms) * hourMs, window }
  }
  return undefined
}

function spentSince(points: readonly QuotaReading[], from: number): { readonly credits: number; readonly ms: number } {
  let credits = 0
  let ms = 0
  for (let index = 1; index < points.length; index++) {
    const [before, after] = [points[index - 1], points[index]]
    if (before === undefined || after === undefined || after.at <= from) continue
    const spent = after.used - before.used
    if (spent < 0) continue
    const share = (after.at - Math.max(before.at, from)) / (after.at - before.at)
    credits += spent * share
    ms += (after.at - before.at) * share
  }
  return { credits, ms }
}

/**
 * When the account has spent everything at this rate, epoch ms; undefined when it does not, or its reset comes first. A time
 * that lies behind the caller's now says that it should have happened since the last reading.
 */
export function runsOutAt(quota: Quota, burn: Burn | undefined): number | undefined {
  return poolRunsOutAt([{ quota, ...(burn === undefined ? {} : { burn }) }])
}

/**
 * The same for accounts that share the work: they spend together what all of them have left, and a reset gives back what its
 * account has spent until now. Beyond the last known reset nothing is foretold.
 */
export function poolRunsOutAt(
  accounts: readonly { readonly quota: Quota; readonly burn?: Burn }[],
): number | undefined {
  const perMs = accounts.reduce((sum, { burn }) => sum + (burn?.perHour ?? 0), 0) / hourMs
  if (!(perMs > 0)) return undefined
  let at = Math.max(...accounts.map(({ quota }) => quota.readAt))
  let left = accounts.reduce((sum, { quota }) => sum + remainingCredits(quota), 0)
  const resets = accounts
    .flatMap(({ quota }) => (quota.resetsAt === undefined ? [] : [{ at: quota.resetsAt, back: spentCredits(quota) }]))
    .filter((reset) => reset.at > at)
    .toSorted((a, b) => a.at - b.at)
  for (const reset of resets) {
    const emptyAt = at + left / perMs
    if (emptyAt <= reset.at) return Math.round(emptyAt)
    left += reset.back - (reset.at - at) * perMs
    at = reset.at
  }
  return resets.length > 0 ? undefined : Math.round(at + left / perMs)
}
