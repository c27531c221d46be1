import type { Periods } from '../lib/calendar.ts'
import type { Shortage } from './limit-fault.ts'
import {
  type LimitName,
  type Limits,
  limitNames,
  minus,
  nothing,
  plus,
  type Standing,
  type Subject,
  type Used,
} from './limits.ts'
import { createWindow, type Window } from './window.ts'

/** What is known of one subject in this process. */
export type SubjectState = {
  day: string
  month: string
  ofDay: Used
  ofMonth: Used
  /** Of calls under way, taken out of every limit until they end. */
  reserved: Used
  inFlight: number
  window: Window | undefined
  /** Which share of which limit somebody has been told of. */
  told?: Map<LimitName, { readonly of: string; readonly percent: number }>
}

const minuteMs = 60_000

export const newState = ({ day, month }: Periods, ofDay = nothing, ofMonth = nothing): SubjectState => ({
  day,
  month,
  ofDay,
  ofMonth,
  reserved: nothing,
  inFlight: 0,
  window: undefined,
})

/** A new day or month begins at nothing; what is reserved stays. */
export function turnPage(state: SubjectState, { day, month }: Periods): void {
  if (state.day !== day) {
    state.day = day
    state.ofDay = nothing
  }
  if (state.month !== month) {
    state.month = month
    state.ofMonth = nothing
  }
}

export const isIdle = ({ inFlight }: SubjectState): boolean => inFlight === 0

/** How much of `used` counts against one limit. */
const shares: Readonly<Record<LimitName, (used: Used) => number>> = {
  requestsPerMinute: () => 0, // counted by the window
  requestsPerDay: ({ requests }) => requests,
  tokensPerDay: ({ inputTokens, outputTokens }) => inputTokens + outputTokens,
  tokensPerMonth: ({ inputTokens, outputTokens }) => inputTokens + outputTokens,
  microUsdPerMonth: ({ inputMicroUsd, outputMicroUsd }) => inputMicroUsd + outputMicroUsd,
  creditsPerMonth: ({ credits }) => credits,
  concurrency: () => 0, // counted by `inFlight`
}
export const shareOf = (limit: LimitName, used: Used): number => shares[limit](used)

const ofMonths: readonly LimitName[] = ['tokensPerMonth', 'microUsdPerMonth', 'creditsPerMonth']
export const isOfMonth = (limit: LimitName): boolean => ofMonths.includes(limit)
/** What a call may use of these is known only once it has been read. */
export const meteredLimits = ['tokensPerDay', 'tokensPerMonth', 'microUsdPerMonth', 'creditsPerMonth'] as const
export type MeteredLimit = (typeof meteredLimits)[number]
export const hasMetered = ({ limits }: Subject): boolean => meteredLimits.some((name) => limits[name] !== undefined)
export const hasLimits = ({ limits }: Subject): boolean => limitNames.some((name) => limits[name] !== undefined)

/** How each of a subject's limits stands, or those of these names. */
export function standingsOf(
  { kind, id, limits }: Subject,
  state: SubjectState,
  periods: Periods,
  now: number,
  names: readonly LimitName[] = limitNames,
): readonly Standing[] {
  const subject = { kind, id }
  const standings: Standing[] = []
  for (const limit of names) {
    const max = limits[limit]
    if (max !== undefined) standings.push(standingOf(subject, limit, max, state, periods, now))
  }
  return standings
}

function standingOf(
  subject: Standing['subject'],
  limit: LimitName,
  max: number,
  state: SubjectState,
  periods: Periods,
  now: number,
): Standing {
  if (limit === 'concurrency') return { subject, limit, max, used: state.inFlight, reserved: state.inFlight }
  if (limit === 'requestsPerMinute') {
    const used = state.window?.count(now) ?? 0
    return { subject, limit, max, used, reserved: 0, resetsAt: state.window?.freeAt(now, Math.max(1, used)) ?? now }
  }
  const isMonth = isOfMonth(limit)
  const reserved = shareOf(limit, state.reserved)
  const used = shareOf(limit, isMonth ? state.ofMonth : state.ofDay) + reserved
  return { subject, limit, max, used, reserved, resetsAt: isMonth ? periods.monthEndsAt : periods.dayEndsAt }
}

/** Any call needs more. */
const leastCredits = 1e-9

/** The limits that keep a new call out: those that are full, and those with nothing left at all. */
export function entryShortages(
  subject: Subject,
  state: SubjectState,
  periods: Periods,
  now: number,
): readonly Shortage[] {
  if (!isAnyFull(subject.limits, state, now)) return []
  return standingsOf(subject, state, periods, now).flatMap((standing) => {
    const { limit, max, used, reserved } = standing
    const isCounted = limit === 'concurrency' || limit.startsWith('requests')
    const isFull = isCounted ? used + 1 > max : used - reserved >= max
    if (!isFull) return []
    const freed = limit === 'requestsPerMinute' ? { resetsAt: state.window?.freeAt(now, max) ?? now } : {}
    return [
      {
        standing: { ...standing, ...freed },
        needs: limit === 'creditsPerMonth' ? leastCredits : 1,
        settled: used - reserved,
      },
    ]
  })
}

/** The usual answer is no, and costs nothing. */
function isAnyFull(limits: Limits, { ofDay, ofMonth, reserved, inFlight, window }: SubjectState, now: number): boolean {
  const { requestsPerMinute, requestsPerDay, tokensPerDay, tokensPerMonth, concurrency } = limits
  const { microUsdPerMonth, creditsPerMonth } = limits
  return (
    (concurrency !== undefined && inFlight >= concurrency) ||
    (requestsPerMinute !== undefined && window !== undefined && window.count(now) >= requestsPerMinute) ||
    (requestsPerDay !== undefined && ofDay.requests + reserved.requests >= requestsPerDay) ||
    (tokensPerDay !== undefined && shareOf('tokensPerDay', ofDay) >= tokensPerDay) ||
    (tokensPerMonth !== undefined && shareOf('tokensPerMonth', ofMonth) >= tokensPerMonth) ||
    (microUsdPerMonth !== undefined && shareOf('microUsdPerMonth', ofMonth) >= microUsdPerMonth) ||
    (creditsPerMonth !== undefined && ofMonth.credits >= creditsPerMonth)
  )
}

/** What is used of a limit of a day or a month, without what is only reserved. */
export const usedForGood = (limit: LimitName, { ofDay, ofMonth }: SubjectState): number =>
  shareOf(limit, isOfMonth(limit) ? ofMonth : ofDay)

/** What is used of a metered limit, and reserved of it. */
export const usedOfMetered = (limit: MeteredLimit, { ofDay, ofMonth, reserved }: SubjectState): number =>
  shareOf(limit, limit === 'tokensPerDay' ? ofDay : ofMonth) + shareOf(limit, reserved)

/** Counts a call that was let in. */
export function enterCall(state: SubjectState, { limits }: Subject, now: number): void {
  state.inFlight++
  state.reserved = plus(state.reserved, { ...nothing, requests: 1 })
  if (limits.requestsPerMinute === undefined) return
  state.window ??= createWindow(minuteMs)
  state.window.add(now)
}

/** A call has ended: what it had reserved is free again, what it used is used. */
export function leaveCall(state: SubjectState, reserved: Used, used: Used | undefined): void {
  state.inFlight--
  // Nothing under way: what fractions have added up to is gone as well.
  state.reserved = state.inFlight === 0 ? nothing : minus(state.reserved, reserved)
  if (used === undefined) return
  state.ofDay = plus(state.ofDay, used)
  state.ofMonth = plus(state.ofMonth, used)
}
